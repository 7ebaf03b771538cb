"""Why a recorded run went its way: read off its log, with the conditions asked anew of what was read then."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.canonical import bundle_hash
from engine.journeys.document_tests import Test
from engine.journeys.plan import Plan, compile_plan
from engine.journeys.play import play
from engine.journeys.rulebook import Rulebook, pin
from engine.journeys.trying.recorded import Because, Recorded, because
from rules.types import Fields, Json
from tests.engine.journeys.test_decisions import ask, journey, rulebook, ruleset
from tests.engine.journeys.trying.test_simulation import NODES as SIMULATED
from tests.engine.journeys.world import CATALOGUE, EVENTS, FIELDS, activity, plan_of, wait

NODES: dict[str, Any] = {
    "how": {**SIMULATED["how"], "ports": {"gold": "arms", "rich": "arms", "else": "arms"}},
    "arms": {
        "type": "split",
        "arms": [{"port": "a", "share_bp": 2_500}, {"port": "b", "share_bp": 7_500}],
        "ports": {"a": "one", "b": "one"},
    },
    "one": {
        **wait("custom.b", timeout="P2D", ports={"got": "rest", "timeout": "rest"}),
        "for": [{"on": "custom.b", "when": {"==": [{"var": "member.tier"}, "gold"]}, "port": "got"}],
    },
    "rest": {"type": "delay", "for": "P3D", "ports": {"done": "call"}},
    "call": activity("call", {"text": "hi"}),
}


def whys(
    plan: Plan, *when: dict[str, Any], personal: frozenset[str] = frozenset(), **member: Any
) -> dict[tuple[str, str | None], Because | None]:
    """By kind and node: why each line of a played run came to be. `personal` are the paths that are so now."""
    then = {"outcome": "finished"}
    entry = {"at": "PT0S", "on": "custom.a"}
    test = Test.model_validate(
        {"name": "t", "given": {"member": member, "store": {}}, "when": [entry, *when], "then": then}
    )
    lines = [
        Recorded(each.kind, each.at, each.node, each.port, each.detail, each.reads) for each in play(plan, test).log
    ]
    pairs = zip([None, *lines], lines, strict=False)
    found = [because(plan, line, before, personal.__contains__) for before, line in pairs]
    return {(line.kind, line.node): why for line, why in zip(lines, found, strict=True)}


@pytest.mark.parametrize(
    ("member", "asked"),
    [
        ({"tier": "gold", "points": 5}, [("gold", True)]),
        ({"tier": "silver", "points": 500}, [("gold", False), ("rich", True)]),
        ({"tier": "silver", "points": 5}, [("gold", False), ("rich", False)]),
        ({"tier": "silver"}, [("gold", False), ("rich", None)]),
    ],
)
def test_a_branch_tells_its_cases_up_to_the_first_that_was_true(member: dict[str, Any], asked: list[Any]) -> None:
    why = whys(plan_of(NODES), **member)["left", "how"]
    assert why is not None
    assert [(port, reason.value) for reason, port in why.reasons] == asked
    explanation = why.reasons[0][0].explanation
    assert explanation is not None
    assert "gold" in str(explanation["sentence"])


def test_a_split_tells_the_share_of_its_arm() -> None:
    assert whys(plan_of(NODES), tier="gold")["left", "arms"] == Because(share=2_500)


def test_a_wait_tells_the_event_that_it_took_and_the_condition_on_it() -> None:
    found = whys(plan_of(NODES), {"at": "PT5M", "on": "custom.b"}, tier="gold")
    assert found["left", "one"] == Because(event="custom.b")
    taken = found["event", "one"]
    assert taken is not None
    assert [reason.value for reason, _ in taken.reasons] == [True]


def test_a_wait_tells_what_did_not_come_in_which_time_and_a_delay_what_has_passed() -> None:
    found = whys(plan_of(NODES), {"at": "PT5M", "on": "custom.b"}, tier="silver")
    assert found["timeout", "one"] == Because(passed="P2D", awaited=("custom.b",))
    assert found["timeout", "rest"] == Because(passed="P3D")
    assert found["left", "one"] is None, "it is told where the time was over"


def test_the_goal_tells_its_condition() -> None:
    goal = {"on": "custom.c", "when": {"==": [{"var": "member.tier"}, "gold"]}}
    why = whys(plan_of(NODES, goal=goal), {"at": "PT5M", "on": "custom.c"}, tier="gold")["event", "one"]
    assert why is not None
    assert [reason.pointer for reason, _ in why.reasons] == ["/goal/when"]


def test_a_ruleset_tells_what_it_saw_but_for_what_is_personal() -> None:
    fields = {**FIELDS, "member.tier": FIELDS["member.tier"].model_copy(update={"personal": True})}
    for known, seen, hidden in ((FIELDS, {"member.tier": "gold"}, 0), (fields, {}, 1)):
        plan = compile_plan(journey(ask()), CATALOGUE, known, EVENTS, rulebook_of(known))
        why = whys(plan, tier="gold")["left", "ask"]
        assert why is not None
        assert {path: value for path, value in (why.seen or {}).items() if path == "member.tier"} == seen
        assert why.hidden == hidden


def test_what_became_personal_later_is_withheld_from_what_a_ruleset_saw_and_from_the_parts_of_conditions() -> None:
    plan = compile_plan(journey(ask()), CATALOGUE, FIELDS, EVENTS, rulebook_of(FIELDS))
    why = whys(plan, personal=frozenset({"member.tier"}), tier="gold")["left", "ask"]
    assert why is not None
    assert why.seen is not None
    assert ("member.tier" in why.seen, why.hidden) == (False, 1)
    for personal, shown in ((frozenset[str](), "gold"), (frozenset({"member.tier"}), None)):
        branch = whys(plan_of(NODES), personal=personal, tier="gold")["left", "how"]
        assert branch is not None
        reason, _ = branch.reasons[0]
        assert reason.explanation is not None
        [part] = reason.explanation["parts"]
        assert (reason.value, part["value"]) == (True, shown)


def rulebook_of(fields: Fields) -> Rulebook:
    """The rulesets of `test_decisions`, told of these fields."""
    told: dict[str, Json] = {
        path: each.model_dump(exclude_defaults=True) for path, each in {**fields, **EVENTS["custom.a"]}.items()
    }
    content: dict[str, Json] = {"document": ruleset(), "fields": told}
    pinned = pin("offers", 3, "hash-of-it", bundle_hash(content), content)
    return Rulebook({"offers": pinned}.get, rulebook().conditions)
