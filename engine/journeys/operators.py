"""What operators may do with a run: retry or skip what is stuck, or end it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.journeys.state import Operator, Phase, State
from engine.journeys.walk import Walk
from rules.documents.words import Words

if TYPE_CHECKING:
    from engine.journeys.plan import Plan

NOT_LIVE: Words = ("这次旅程已经结束。", "This run has ended.")
NOT_STUCK: Words = ("只有卡住的旅程才能重试或跳过。", "Only a run that is stuck can be retried or skipped.")


def objection(plan: Plan, state: State, command: Operator) -> Words | None:
    """Why the run's state forbids a command, in both languages; None when it allows it."""
    if state.ended or state.holdout:
        return NOT_LIVE
    if command.kind == "exit":
        return None
    if state.phase != "stuck":
        return NOT_STUCK
    ports = plan.steps[state.node].ports if state.node else {}
    return no_such_port(ports) if command.kind == "skip" and command.port not in ports else None


def no_such_port(ports: Iterable[str]) -> Words:
    """The objection to a skip through a port that the node does not have."""
    names = sorted(ports)
    return f"请选择一个端口：{'、'.join(names) or '无'}。", f"Choose one of the ports: {', '.join(names) or 'none'}."


def operate(walk: Walk, command: Operator) -> None:
    """Carry out a command that nothing objects to. A retry keeps the visit and so the effect's key."""
    if objection(walk.plan, walk.state, command) is not None:
        return
    walk.log("operator", command.port, {"action": command.kind, "by": command.by})
    match command.kind:
        case "exit":
            walk.finish("exited", command.outcome or "exited")
        case "retry":
            phase: Phase = "moving" if walk.state.next else "ready"
            walk.state = replace(walk.state, phase=phase, failures=0, burst=0, again=True, stuck=None)
        case "skip" if command.port:
            walk.leave(command.port)
        case _:
            pass
