"""What the embedded tests of a document say: each one's differences, and which ports no test visits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from engine.journeys.deadlines import after
from engine.journeys.document_tests import ExpectedEffect, Test
from engine.journeys.made_up import PlayedEffect
from engine.journeys.plan import Plan
from engine.journeys.play import Play, play
from rules.documents.report import Difference, Report, TestResult
from rules.duration import DurationError, parse_duration


def run_tests(plan: Plan, tests: Sequence[Test]) -> Report:
    """Play every test and compare what came of it with what it states; the places are the connected ports."""
    played = [play(plan, test) for test in tests]
    results = [
        TestResult(test.name, tuple(_differences(plan, test, each))) for test, each in zip(tests, played, strict=True)
    ]
    visited = set[tuple[str, str]]().union(*(each.ports for each in played))
    coverage = [(edge.source, edge.port, (edge.source, edge.port) in visited) for edge in plan.edges]
    return Report(results, coverage, "ports", ("node", "port"))


def _differences(plan: Plan, test: Test, played: Play) -> Iterator[Difference]:
    then = test.then
    if played.state is None:
        if then.model_fields_set - {"path"} or then.path:
            yield Difference("entry", "a run", None)
        return
    if then.outcome is not None and then.outcome != played.outcome:
        yield Difference("outcome", then.outcome, played.outcome)
    if then.path is not None and then.path != played.path:
        yield Difference("path", [*then.path], [*played.path])
    if then.waiting_at is not None and then.waiting_at.node != played.waiting_at:
        yield Difference("waiting_at", then.waiting_at.node, played.waiting_at)
    deadline = then.deadline or (then.waiting_at.deadline if then.waiting_at else None)
    if deadline is not None and _instant(plan, played.begin, deadline) != played.deadline:
        yield Difference("deadline", deadline, _written(played.deadline, plan))
    if then.effects is not None and not _is_sub_list(then.effects, played.effects):
        yield Difference(
            "effects",
            [{"activity": effect.activity, "params": {**effect.params}} for effect in then.effects],
            [{"activity": effect.activity, "params": {**effect.params}} for effect in played.effects],
        )


def _written(deadline: datetime | None, plan: Plan) -> str | None:
    """A deadline as tests write it: in the zone of the journey."""
    return deadline.astimezone(plan.zone).isoformat() if deadline else None


def _instant(plan: Plan, begin: datetime, text: str) -> datetime:
    """A deadline is written as an instant, or as a duration from the test's beginning."""
    try:
        return after(begin, parse_duration(text), plan.zone)
    except DurationError:
        return datetime.fromisoformat(text)


def _is_sub_list(expected: Sequence[ExpectedEffect], actual: Sequence[PlayedEffect]) -> bool:
    """Whether the expected effects occur in this order, others between them."""
    rest = iter(actual)
    return all(any(_fits(each, effect) for effect in rest) for each in expected)


def _fits(expected: ExpectedEffect, effect: PlayedEffect) -> bool:
    return (
        expected.activity == effect.activity
        and expected.node in {None, effect.node}
        and all(name in effect.params and effect.params[name] == value for name, value in expected.params.items())
    )
