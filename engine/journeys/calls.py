"""The journey node: another journey is started, or called and waited for; what is asked, and what the answer does."""

from __future__ import annotations

from dataclasses import replace

from engine.journeys.catalogue import Retry
from engine.journeys.effects import pass_by
from engine.journeys.state import Outcome, Remote
from engine.journeys.steps import Called, Step
from engine.journeys.walk import Walk
from rules.types import Json

OF_THE_MEMBER = frozenset({"once", "live", "cooldown"})
"""Refusals that lie in what the member has done before: re-entry. Nothing is wrong with the journey."""


def begin(walk: Walk, step: Step, called: Called) -> None:
    """Ask for the entry, and wait for the answer: that it was decided, or of a call that the other run has ended."""
    state = walk.state
    known = state.passes.get(step.id)
    if known is not None and known.due:
        pass_by(walk, step, known)
        return
    key = f"{step.id}:{state.visits[step.id]}"
    walk.state = replace(state, phase="acting", effect=key, deadline=None, again=False)
    once = Retry(attempts=1)
    walk.commands.append(Remote(key, called.effect, {"mode": called.mode}, once, state.expires, state.again))


def settle(walk: Walk, step: Step, called: Called, outcome: Outcome) -> None:
    """Take the answer that the run waits for; any other is not its concern any more.

    Whom re-entry refuses goes on through `error` where that is connected, else through `done`: they have been there.
    """
    if walk.state.phase != "acting" or outcome.key != walk.state.effect:
        return
    detail: dict[str, Json] = {"journey": called.journey, "mode": called.mode, "key": outcome.key}
    failure = outcome.failure
    if failure is None:
        walk.log("effect", "done", {**outcome.result, **detail})
        walk.leave("done")
    elif failure.code in OF_THE_MEMBER and "error" not in step.ports:
        walk.log("effect", "done", {**detail, "refused": failure.code})
        walk.leave("done")
    elif "error" in step.ports:
        walk.log("failed", detail={**detail, "code": failure.code, "message": failure.message})
        walk.leave("error")
    else:
        walk.get_stuck("failed", f"{failure.code}: {failure.message}", detail)
