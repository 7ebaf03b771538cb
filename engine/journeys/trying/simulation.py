"""A simulation: a journey is walked by one member, real or made up, on a virtual clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.journeys.document_tests import Happening
from engine.journeys.made_up import PlayedEffect, made_up
from engine.journeys.plan import Plan
from engine.journeys.play import Scene, moments
from engine.journeys.state import EventIn, State
from engine.journeys.trying.evaluations import watched
from engine.journeys.trying.privacy import OPEN, Privacy
from engine.journeys.trying.script import Script
from engine.journeys.trying.tracing import Line, Tracer, resting
from rules.types import Json


@dataclass(frozen=True)
class Simulation:
    """What came of a script. `now` is where the clock stands, `due` when something happens by itself next.

    `state` is None where no event started a run. `effects` show personal data masked, as all lines do.
    """

    begin: datetime
    now: datetime
    trace: tuple[Line, ...]
    effects: tuple[PlayedEffect, ...]
    state: State | None
    due: datetime | None
    waiting_at: Mapping[str, Json] | None

    @property
    def path(self) -> list[str]:
        """Every node entered, `end` nodes included."""
        return [line.node for line in self.trace if line.kind == "entered" and line.node]

    @property
    def ports(self) -> list[tuple[str, str]]:
        """Every (node, port) through which a node was left, in order."""
        return [(line.node, line.port) for line in self.trace if line.kind == "left" and line.node and line.port]

    @property
    def outcome(self) -> str | None:
        return self.state.end.outcome if self.state and self.state.end else None

    def to_json(self) -> dict[str, Any]:
        """The answer of `…/draft/simulate`."""
        return {
            "trace": [line.to_json() for line in self.trace],
            "path": self.path,
            "ports": [{"node": node, "port": port} for node, port in self.ports],
            "effects": [_told(effect) for effect in self.effects],
            "waiting_at": self.waiting_at,
            "outcome": self.outcome,
            "status": self.state.status if self.state else None,
            "begin": self.begin.isoformat(),
            "now": self.now.isoformat(),
            "due": self.due.isoformat() if self.due else None,
        }


def simulate(
    plan: Plan,
    script: Script,
    *,
    member: str | None = None,
    known: Mapping[str, Any] | None = None,
    privacy: Privacy = OPEN,
) -> Simulation:
    """Play a script. `member` is the internal id of a real one, whose facts are `known`; arms and holdout are theirs.

    The facts that the script gives win over those that are known.
    """
    given = script.given
    world = made_up(plan, given, script.when, known)
    tracer = Tracer(plan, privacy)
    seen = watched(plan, tracer.notice)
    scene = Scene(seen, given, world, tracer.heed, tracer.heed_entry, member, limit=1)
    _perform(scene, script, tracer)
    state = scene.player.state if scene.player else None
    effects = tuple(_shown(each, tracer) for each in world.effects)
    rests = resting(plan, state) if state and not state.ended else None
    return Simulation(world.begin, scene.now, tuple(tracer.lines), effects, state, scene.due, rests)


def _perform(scene: Scene, script: Script, tracer: Tracer) -> None:
    """Let happen what the script says, up to where its clock stops."""
    begin, zone = scene.world.begin, scene.plan.zone
    stop = script.stop(begin, zone)
    for at, happenings in moments(scene.plan, begin, script.when):
        if isinstance(stop, datetime) and at > stop:
            break
        scene.pass_until(at)
        happened = [each for happening in happenings for each in _accepted(scene, happening)]
        scene.turn()
        for event, changed in happened:
            tracer.heed_happened(event, changed, scene.player.state if scene.player else None)
    if stop == "end":
        scene.pass_until(None)
    elif stop == "deadline":
        stop = scene.due or scene.now
    if isinstance(stop, datetime):
        scene.pass_until(stop)
        scene.pass_through(stop)


def _accepted(scene: Scene, happening: Happening) -> Iterator[tuple[EventIn, dict[str, Json]]]:
    """The event of a happening, now accepted, with the facts that the journey reads and that it made other."""
    world = scene.world
    before, known = len(world.log), world.known.get("member")
    scene.accept(happening)
    after = world.known.get("member")
    if len(world.log) > before and isinstance(after, dict) and isinstance(known, dict):
        paths = {name: f"member.{name}" for name, value in after.items() if value != known.get(name)}
        yield world.log[-1], {path: after[name] for name, path in paths.items() if path in scene.plan.fields}


def _shown(effect: PlayedEffect, tracer: Tracer) -> PlayedEffect:
    line = next((each for each in tracer.lines if _is_of(each, effect)), None)
    params = line.detail.get("params") if line else None
    if not tracer.privacy.personal or not isinstance(params, dict):
        return effect
    return PlayedEffect(effect.node, effect.activity, params, effect.at, effect.outcome)


def _is_of(line: Line, effect: PlayedEffect) -> bool:
    return line.kind in {"effect", "failed"} and (line.node, line.at) == (effect.node, effect.at)


def _told(effect: PlayedEffect) -> dict[str, Json]:
    outcome = effect.outcome
    return {
        "node": effect.node,
        "activity": effect.activity,
        "params": {**effect.params},
        "at": effect.at.isoformat(),
        "port": None if outcome.failure else outcome.port,
        "failure": {"code": outcome.failure.code, "message": outcome.failure.message} if outcome.failure else None,
    }
