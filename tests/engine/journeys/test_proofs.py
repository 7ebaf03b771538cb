"""What only proofs find in a journey: cases that are never taken, conditions that are never true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.journeys.check import check
from engine.journeys.context import CheckContext, LiveJourney, Proofs
from engine.journeys.findings import Finding
from rules.proofs.solver import Z3Prover
from rules.types import Json
from tests.engine.journeys.world import CONTEXT, END

PROVING = replace(CONTEXT, proofs=Proofs(Z3Prover(), seconds=600))
PROVED = {"hidden-case", "impossible-condition", "not-proved"}
POINTS: Json = {"var": "member.points"}
DUE: Json = {"var": "member.due"}
CASES = "/nodes/asks/cases"


def journey(*conditions: Json, when: Json = True) -> dict[str, Any]:
    """A journey that asks these conditions, one after the other."""
    ports = [f"p{number}" for number in range(len(conditions))]
    return {
        "schema": "waystation/journey@1",
        "key": "asking",
        "entry": [{"on": "custom.a", **({} if when is True else {"when": when})}],
        "start": "asks",
        "nodes": {
            "asks": {
                "type": "choice",
                "cases": [{"when": each, "port": port} for each, port in zip(conditions, ports, strict=True)],
                "ports": dict.fromkeys([*ports, "else"], "end"),
            },
            "end": END,
        },
    }


def proved(document: dict[str, Any], context: CheckContext = PROVING) -> list[Finding]:
    return [
        each for each in check(document, context) if each.code in {"hidden-case", "impossible-condition", "not-proved"}
    ]


def codes(document: dict[str, Any], context: CheckContext = PROVING) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in proved(document, context)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([{">": [POINTS, 10]}, {">": [POINTS, 5]}], []),
        ([{">": [POINTS, 5]}, {">": [POINTS, 10]}], [("hidden-case", f"{CASES}/1/when")]),
        ([{">": [POINTS, 5]}, {"<=": [POINTS, 5]}, {"is_set": "member.points"}], [("hidden-case", f"{CASES}/2/when")]),
        ([{">": [POINTS, 5]}, {"<=": [POINTS, 5]}, {"!": [{"is_set": "member.points"}]}], []),
        ([{"and": [{">": [POINTS, 5]}, {"<": [POINTS, 3]}]}, True], [("impossible-condition", f"{CASES}/0/when")]),
        ([{"and": [{"within_last": [DUE, "P7D"]}, {">": [{"days_since": [DUE]}, 7]}]}],
         [("impossible-condition", f"{CASES}/0/when")]),
        ([{"within_last": [DUE, "P30D"]}, {"within_last": [DUE, "P7D"]}], [("hidden-case", f"{CASES}/1/when")]),
        ([{"in": ["a", {"var": "member.tier"}]}, {"in": ["b", {"var": "member.tier"}]}], []),
    ],
)  # fmt: skip
def test_cases_are_taken_or_told_of(conditions: list[Json], expected: list[tuple[str, str]]) -> None:
    conditions = [each if each is not True else {"is_set": "member.tier"} for each in conditions]
    assert codes(journey(*conditions)) == expected


def test_a_hidden_case_comes_with_facts_for_which_one_above_it_is_taken() -> None:
    [hidden] = proved(journey({">": [POINTS, 5]}, {">": [POINTS, 10]}))
    assert hidden.severity == "warning"
    assert hidden.example == {"member": {"points": 11}}


def test_a_single_test_is_not_proved_but_for_one_of_no_values() -> None:
    one_of: Json = {"in": [{"var": "member.tier"}, []]}
    assert codes(journey({"is_set": "member.tier"}, when=one_of)) == [("impossible-condition", "/entry/0/when")]
    assert codes(journey({"is_set": "member.tier"}, when={"in": [{"var": "member.tier"}, ["gold"]]})) == []


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"in": [{"var": "member.tier"}, []]}, "no value is chosen yet"),
        ({"and": [{"in": [{"var": "member.tier"}, []]}, {">": [POINTS, 5]}]}, "no value is chosen yet"),
        ({"and": [{">": [POINTS, 5]}, {"<": [POINTS, 3]}]}, "contradicts itself"),
    ],
)
def test_a_condition_that_is_not_finished_is_told_apart_from_one_that_contradicts_itself(
    condition: Json, told: str
) -> None:
    [found] = proved(journey({"is_set": "member.tier"}, when=condition))
    assert told in found.message["en"]


def test_conditions_on_events_must_be_possible_too() -> None:
    contradiction: Json = {"and": [{"==": [{"var": "event.n"}, 1]}, {"==": [{"var": "event.n"}, 2]}]}
    assert codes(journey({"is_set": "member.tier"}, when=contradiction)) == [("impossible-condition", "/entry/0/when")]


def test_what_cannot_be_proved_is_told_once_and_only_where_there_was_something_to_prove() -> None:
    without = replace(CONTEXT, proofs=Proofs(prover=None))
    assert codes(journey({">": [POINTS, 5]}), without) == []
    assert codes(journey({">": [POINTS, 5]}, {">": [POINTS, 10]}, {">": [POINTS, 20]}), without) == [
        ("not-proved", f"{CASES}/1/when")
    ]
    assert codes(journey({">": [POINTS, 5]}, {">": [POINTS, 10]}), CONTEXT) == []


FEW, MANY, NONE = {"<": [POINTS, 100]}, {">": [POINTS, 50]}, {">": [POINTS, 500]}


@pytest.mark.parametrize(
    ("when", "others", "overlapping"),
    [
        (FEW, [("custom.a", MANY)], True),
        (FEW, [("custom.a", NONE)], False),
        (FEW, [("custom.b", MANY)], False),
        (FEW, [("custom.a", NONE), ("custom.a", MANY)], True),
        (FEW, [("custom.a", FEW), ("custom.a", MANY)], True),
        (FEW, [("custom.a", None)], True),
        (FEW, [("custom.a", {"==": [{"var": "event.of_another"}, 1]})], False),
        ({"and": [FEW, NONE]}, [("custom.a", MANY)], False),
    ],
)
def test_another_journey_takes_the_same_people_where_somebody_can_meet_both_conditions(
    when: Json, others: list[tuple[str, Json]], overlapping: bool
) -> None:
    context = replace(PROVING, live=[LiveJourney("other", tuple(others)), LiveJourney("asking", (("custom.a", FEW),))])
    found = [each for each in check(journey(when=when), context) if each.code == "entry-overlap"]
    assert [each.pointer for each in found] == (["/entry/0"] if overlapping else [])
