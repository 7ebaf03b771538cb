"""Mends of tests that fail: the test states what the journey does now, or goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.journeys.document_tests import Test
from engine.journeys.findings import Finding
from engine.journeys.mends.mending import Patient, mend, put, take
from engine.journeys.plan import compile_journey
from engine.journeys.report import run_tests
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.documents.report import Difference
from rules.errors import RuleError
from rules.types import Json


def test_failed(patient: Patient, finding: Finding) -> list[Mend]:
    """Take what comes out now for what is expected; or take the test away."""
    match steps_of(finding.pointer):
        case ["tests", number] if number.isdecimal():
            return [*_as_it_is(patient, finding.pointer, int(number)), _without(finding.pointer)]
        case _:
            return []


def _without(pointer: str) -> Mend:
    return mend("删除这个测试", "Remove this test", take(pointer))


def _as_it_is(patient: Patient, pointer: str, number: int) -> Iterator[Mend]:
    around, journey = patient.context, patient.journey
    if journey is None or number >= len(journey.tests):
        return
    try:
        plan = compile_journey(journey, around.catalogue, around.fields, around.events, around.rulebook)
    except (RuleError, KeyError):
        return
    test = journey.tests[number]
    if then := _then(test, run_tests(plan, [test]).tests[0].differences):
        yield mend("让测试以现在的结果为准", "Let the test state what comes out now", put(f"{pointer}/then", then))


def _then(test: Test, differences: Sequence[Difference]) -> dict[str, Json]:
    """What the test would have to state; of what does not come about at all it states nothing."""
    then: dict[str, Json] = test.then.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for each in differences:
        if each.field == "entry":
            return {"path": []}
        waiting = then.get("waiting_at")
        if each.field == "waiting_at" and isinstance(waiting, dict) and each.actual is not None:
            then["waiting_at"] = {**waiting, "node": each.actual}
        elif each.field == "deadline" and "deadline" not in then and isinstance(waiting, dict):
            then["waiting_at"] = {**waiting, "deadline": each.actual}
        else:
            then[each.field] = each.actual
    return {name: value for name, value in then.items() if value is not None}
