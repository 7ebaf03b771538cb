"""Journey nodes: what is asked, where each answer leads, loops between journeys, and what a bundle binds a call to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from engine.journeys.canonical import bundle_hash
from engine.journeys.check import check
from engine.journeys.context import LiveJourney
from engine.journeys.parse import parse
from engine.journeys.plan import bundle_of, compile_bundle, compile_plan
from engine.journeys.report import run_tests
from engine.journeys.rulebook import CalledJourney, Rulebook
from engine.journeys.state import Failure, Operator, Outcome, Remote
from engine.journeys.steps import Called
from rules.types import Json
from tests.engine.journeys.world import CATALOGUE, CONTEXT, EVENTS, FIELDS, Run, document, plan_of, wait


def node(mode: str = "call", key: str = "other", *, error: bool = False, **fields: Any) -> dict[str, Json]:
    ports = {"done": "end", **({"error": "late"} if error else {})}
    return {"type": "journey", "journey": key, "mode": mode, "ports": ports, **fields}


def asked(mode: str = "call", *, error: bool = False) -> Run:
    """A run that stands at a journey node and waits for its answer."""
    run = Run(plan_of({"sub": node(mode, error=error)}), settle_at_once=False)
    run.turn("PT0S")
    return run


@pytest.mark.parametrize("mode", ["start", "call"])
def test_a_journey_node_asks_once_and_waits_for_the_answer(mode: str) -> None:
    run = asked(mode)
    run.turn("PT1H")
    [command] = [each for each in run.commands if isinstance(each, Remote)]
    assert (command.key, command.type, command.params) == ("sub:1", "journey/other", {"mode": mode})
    assert (run.state.phase, run.state.effect) == ("acting", "sub:1")


@pytest.mark.parametrize(
    ("code", "error", "path", "phase"),
    [
        (None, False, ["sub", "end"], "ended"),
        ("once", False, ["sub", "end"], "ended"),
        ("live", False, ["sub", "end"], "ended"),
        ("cooldown", False, ["sub", "end"], "ended"),
        ("live", True, ["sub", "late"], "ended"),
        ("paused", True, ["sub", "late"], "ended"),
        ("expired", True, ["sub", "late"], "ended"),
        ("paused", False, ["sub"], "stuck"),
        ("retired", False, ["sub"], "stuck"),
        ("expired", False, ["sub"], "stuck"),
    ],
)
def test_each_answer_leads_where_it_should(code: str | None, error: bool, path: list[str], phase: str) -> None:
    run = asked(error=error)
    failure = Failure(code, "why", final=True) if code else None
    run.turn("PT1H", outcome=Outcome("sub:1", result={"outcome": "bought"}, failure=failure))
    assert (run.path, run.state.phase) == (path, phase)


def test_the_timeline_tells_what_the_called_journey_came_to() -> None:
    run = asked()
    run.turn("PT1H", outcome=Outcome("sub:1", result={"outcome": "bought", "run": "9"}))
    [line] = run.lines("effect")
    assert line.detail == {"journey": "other", "mode": "call", "key": "sub:1", "outcome": "bought", "run": "9"}


def test_an_operator_s_retry_asks_again_under_the_same_key() -> None:
    run = asked()
    run.turn("PT1H", outcome=Outcome("sub:1", failure=Failure("paused", final=True)))
    run.turn("PT2H", operators=[Operator("retry", by="x")])
    first, second = [each for each in run.commands if isinstance(each, Remote)]
    assert (first.key, first.again, second.key, second.again) == ("sub:1", False, "sub:1", True)


def test_an_answer_to_another_visit_is_not_its_concern() -> None:
    run = asked()
    run.turn("PT1H", outcome=Outcome("sub:2"))
    assert run.path == ["sub"]


def test_age_ends_a_caller_that_waits() -> None:
    run = asked()
    run.turn("P2Y")
    assert run.outcome == "expired"


GOLD = {"==": [{"var": "member.tier"}, "gold"]}
OTHER = CalledJourney(3, "a" * 64, "b" * 64)


def test_a_call_is_bound_to_the_version_that_was_live_and_a_start_is_not() -> None:
    source = document({"sub": node("call", error=True), "beside": node("start")})
    rulebook = Rulebook(journeys={"other": OTHER}.get)
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS, rulebook)
    bundle = bundle_of(source, plan, FIELDS, EVENTS)
    again = compile_bundle(bundle, CATALOGUE)
    assert again.steps["sub"].work == Called("other", "call", OTHER)
    assert again.steps["beside"].work == Called("other", "start", None)
    later = Rulebook(journeys={"other": replace(OTHER, version=4, bundle_hash="c" * 64)}.get)
    changed = bundle_of(source, compile_plan(source, CATALOGUE, FIELDS, EVENTS, later), FIELDS, EVENTS)
    assert bundle_hash(changed) != bundle_hash(bundle)


def found(source: Json, *live: LiveJourney, known: frozenset[str] | None = None) -> list[tuple[str, str]]:
    references = (lambda kind, key: kind != "journey" or key in known) if known is not None else None
    context = replace(CONTEXT, live=live, references=references)
    return [(each.code, each.pointer) for each in check(source, context) if each.code != "unreachable-node"]


def begins(key: str, *others: str) -> LiveJourney:
    return LiveJourney(key, (), (), tuple(("journey", other) for other in others))


def emit(kind: str, to: str = "end") -> dict[str, Json]:
    return {"type": "activity", "activity": "event.emit", "params": {"type": kind}, "ports": {"done": to}}


ONCE = {"max_age": "P1Y", "reentry": {"mode": "once"}}
ALWAYS = {"max_age": "P1Y", "reentry": {"mode": "always"}}


@pytest.mark.parametrize(
    ("nodes", "more", "live", "loop"),
    [
        ({"sub": node("start")}, {}, [begins("other", "test")], True),
        ({"sub": node("start")}, {}, [begins("other", "third"), begins("third", "other", "test")], True),
        ({"sub": node("start")}, {}, [begins("other", "third"), begins("third", "other")], False),
        ({"sub": node("start")}, {}, [begins("other")], False),
        ({"sub": node("start", "test")}, {}, [], True),
        ({"sub": node("call")}, {}, [begins("other", "test")], False),
        ({"sub": node("call")}, {"policies": ALWAYS}, [begins("other", "test")], True),
        ({"sub": node("start")}, {"policies": ONCE}, [begins("other", "test")], False),
        ({"sub": node("start")}, {"policies": {**ALWAYS, "reentry": {"mode": "always", "cooldown": "P1D"}}},
         [begins("other", "test")], False),
        ({"rest": {"type": "delay", "for": "P1D", "ports": {"done": "sub"}}, "sub": node("start")}, {},
         [begins("other", "test")], False),
        ({"rest": {"type": "delay", "for": "P0D", "ports": {"done": "sub"}}, "sub": node("start")}, {},
         [begins("other", "test")], True),
    ],
)  # fmt: skip
def test_journeys_that_begin_one_another_without_end_are_found(
    nodes: dict[str, Json], more: dict[str, Any], live: list[LiveJourney], loop: bool
) -> None:
    assert found(document(nodes, **more), *live) == ([("hot-loop", "/nodes/sub")] if loop else [])


def takes_b(when: Json, kind: Literal["journey", "event"], begun: str) -> LiveJourney:
    return LiveJourney("other", (("custom.b", when),), (), ((kind, begun),))


RESTING: dict[str, Json] = {"type": "delay", "for": "P1D", "ports": {"done": "end"}}


@pytest.mark.parametrize(
    ("nodes", "more", "live", "loop"),
    [
        ({"sub": emit("custom.a")}, {}, [], True),
        ({"sub": emit("custom.b")}, {}, [], False),
        ({"sub": emit("custom.a")}, {"policies": ONCE}, [], False),
        ({"sub": emit("custom.a")}, {"entry": [{"on": "custom.a", "when": GOLD}]}, [], False),
        ({"sub": emit("custom.a", "rest"), "rest": RESTING}, {}, [], False),
        ({"sub": emit("custom.a", "rest"), "rest": RESTING}, {"policies": ALWAYS}, [], True),
        ({"sub": emit("custom.b")}, {}, [takes_b(None, "event", "custom.a")], True),
        ({"sub": emit("custom.b")}, {}, [takes_b(GOLD, "event", "custom.a")], False),
        ({"sub": emit("custom.b")}, {}, [takes_b(None, "journey", "test")], True),
        ({"sub": node("start")}, {}, [LiveJourney("other", (), (), (("event", "custom.a"),))], True),
    ],
)  # fmt: skip
def test_journeys_that_begin_one_another_by_what_they_emit_are_found(
    nodes: dict[str, Json], more: dict[str, Any], live: list[LiveJourney], loop: bool
) -> None:
    loops = [each for each in found(document(nodes, **more), *live) if each[0] == "hot-loop"]
    assert loops == ([("hot-loop", "/nodes/sub")] if loop else [])


@pytest.mark.parametrize(
    ("key", "mode", "unknown"),
    [("other", "call", False), ("gone", "call", True), ("gone", "start", True), ("test", "call", True)],
)
def test_a_journey_that_is_not_live_cannot_be_begun(key: str, mode: str, unknown: bool) -> None:
    source = document({"sub": node(mode, key)})
    expected = [("unknown-reference", "/nodes/sub/journey")] if unknown else []
    assert found(source, known=frozenset({"other"})) == expected


def test_a_journey_may_start_itself_after_a_while() -> None:
    nodes = {"rest": {"type": "delay", "for": "P1D", "ports": {"done": "sub"}}, "sub": node("start", "test")}
    assert found(document(nodes), known=frozenset()) == []


def test_a_test_says_what_the_called_journey_came_to() -> None:
    tests: list[Json] = [
        {"name": "by itself", "when": [{"at": "PT0S", "on": "custom.a"}], "then": {"path": ["sub", "end"]}},
        {
            "name": "refused",
            "when": [{"at": "PT0S", "on": "custom.a"}, {"activity": "journey/other", "fails": {"code": "paused"}}],
            "then": {"path": ["sub", "late"], "effects": [{"activity": "journey/other", "params": {"mode": "call"}}]},
        },
        {
            "name": "an outcome",
            "when": [{"at": "PT0S", "on": "custom.a"}, {"activity": "journey/other", "returns": {"outcome": "bought"}}],
            "then": {"path": ["sub", "end"], "outcome": "finished"},
        },
    ]
    source = document({"sub": node(error=True)}, tests=tests)
    parsed, _ = parse(source)
    assert parsed is not None
    report = run_tests(compile_plan(source, CATALOGUE, FIELDS, EVENTS), parsed.tests)
    assert [(each.ok, each.differences) for each in report.tests] == [(True, ())] * 3


def test_a_wait_behind_a_call_sees_what_came_meanwhile() -> None:
    run = Run(plan_of({"sub": {**node(), "ports": {"done": "one"}}, "one": wait("custom.b", timeout="PT1H")}))
    run.turn("PT0S")
    assert run.path == ["sub", "one"]
