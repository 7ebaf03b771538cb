"""Entries that choose members: which occurrences are whose, what makes two of them one, and tests that enter so."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.audience_entries import MATCHED, SOURCE
from engine.journeys.check import check
from engine.journeys.context import CheckContext, LiveJourney, Proofs
from engine.journeys.parse import parse
from engine.journeys.plan import Plan, bundle_of, compile_bundle, compile_plan
from engine.journeys.report import run_tests
from engine.journeys.start import EntryMatch, match_entry
from engine.journeys.state import EventIn
from rules.proofs.solver import Z3Prover
from rules.types import Declaration, Json
from tests.engine.journeys.world import CATALOGUE, EVENTS, FIELDS, T0, document, wait

GOLD: Json = {"==": [{"var": "member.tier"}, "gold"]}
DATES = {**FIELDS, "member.birthday": Declaration(type="date", optional=True)}
CONTEXT = CheckContext(CATALOGUE, DATES, EVENTS)
DAILY: dict[str, Json] = {"schedule": "FREQ=DAILY", "at": "09:00", "audience": GOLD}
BECOMES: dict[str, Json] = {"becomes": GOLD, "check": "P1D"}
DATE: dict[str, Json] = {"date": {"var": "member.birthday"}, "at": "10:00", "yearly": True}


def journey(*entries: Json, **more: Any) -> dict[str, Any]:
    return document({"one": wait("custom.b", timeout="PT1H")}, entry=[*entries], **more)


def plan_of(*entries: Json, **more: Any) -> Plan:
    return compile_plan(journey(*entries, **more), CATALOGUE, DATES, EVENTS)


def told(occurrence: str, key: str = "test", source: str = SOURCE) -> EventIn:
    return EventIn(1, MATCHED, T0, T0, {"journey": key, "occurrence": occurrence}, source)


def test_an_occurrence_enters_by_its_own_entry_and_by_no_other() -> None:
    plan = plan_of(DAILY, {**DAILY, "at": "18:00", "start": "late", "save": "how"}, BECOMES)
    first, second, third = plan.audiences
    match = EntryMatch("late", "how", "/entry/1")
    assert match_entry(plan, told(f"{second.id}/2026-01-08T01:00:00Z"), {}, T0) == match
    assert match_entry(plan, told("schedule-2"), {}, T0) == match
    assert match_entry(plan, told("schedule/x"), {}, T0) == EntryMatch("one", None, "/entry/0")
    assert match_entry(plan, told("becomes"), {}, T0) == EntryMatch("one", None, "/entry/2")
    for stranger in (told("date"), told(first.id, key="other"), told(third.id, source="outside"), told("")):
        assert match_entry(plan, stranger, {}, T0) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (DAILY, {**DAILY, "rate": "9/PT1M", "limit": 4, "start": "late", "note": "x", "save": "how"}, True),
        (DAILY, {**DAILY, "at": "09:01"}, False),
        (DAILY, {**DAILY, "audience": True}, False),
        (DAILY, {**DAILY, "schedule": "FREQ=WEEKLY"}, False),
        (BECOMES, {**BECOMES, "check": "P2D"}, False),
        (DATE, {**DATE, "offset": "P1D"}, False),
        ({"list": True}, {"list": True, "start": "late"}, True),
    ],
)
def test_an_entry_stays_the_same_as_long_as_it_says_when_and_whom(one: Json, other: Json, same: bool) -> None:
    [a], [b] = plan_of(one).audiences, plan_of(other).audiences
    assert (a.id == b.id) is same


def test_an_entry_of_another_zone_is_another_and_lists_are_told_apart_by_their_place() -> None:
    assert plan_of(DAILY).audiences[0].id != plan_of(DAILY, policies={"time_zone": "Europe/Berlin"}).audiences[0].id
    assert len({each.id for each in plan_of({"list": True}, {"list": True}).audiences}) == 2


def test_a_bundle_makes_the_same_entries_again_whatever_the_catalogue_says_by_then() -> None:
    source = journey(DAILY, BECOMES, DATE, {"list": True})
    plan = compile_plan(source, CATALOGUE, DATES, EVENTS)
    again = compile_bundle(bundle_of(source, plan, DATES, EVENTS), CATALOGUE)
    assert [each.id for each in again.audiences] == [each.id for each in plan.audiences]
    assert MATCHED in again.entry_event_types


def found(source: Json, context: CheckContext = CONTEXT) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in check(source, context)]


def test_sound_entries_have_no_findings() -> None:
    assert found(journey(DAILY, BECOMES, DATE, {"list": True})) == []


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({**DAILY, "schedule": "FREQ=HOURLY"}, ("schema", "/entry/0/schedule")),
        ({**DAILY, "at": "9"}, ("schema", "/entry/0/at")),
        ({**DAILY, "rate": "fast"}, ("schema", "/entry/0/rate")),
        ({**DAILY, "limit": 0}, ("schema", "/entry/0/limit")),
        ({**BECOMES, "check": "PT1S"}, ("schema", "/entry/0/check")),
        ({**BECOMES, "rate": "1/PT1M"}, ("schema", "/entry/0/rate")),
        ({**DATE, "offset": "PT1H"}, ("schema", "/entry/0/offset")),
        ({"list": False}, ("schema", "/entry/0/list")),
        ({**DAILY, "audience": {"==": [{"var": "member.shoe"}, 1]}}, ("unknown-field", "/entry/0/audience/==/0/var")),
        ({**DAILY, "audience": {"==": [{"var": "event.type"}, "x"]}}, ("unknown-field", "/entry/0/audience/==/0/var")),
        ({**DAILY, "audience": {"==": [{"var": "run.id"}, "x"]}}, ("unknown-field", "/entry/0/audience/==/0/var")),
        ({**DAILY, "audience": {"==": [{"var": "member.tier"}, 1]}}, ("type-mismatch", "/entry/0/audience/==/1")),
        ({**BECOMES, "becomes": {"var": "member.tier"}}, ("type-mismatch", "/entry/0/becomes")),
        ({**DATE, "date": {"var": "member.tier"}}, ("type-mismatch", "/entry/0/date")),
        ({**DATE, "date": {"var": "member.shoe"}}, ("unknown-field", "/entry/0/date/var")),
        ({**DAILY, "start": "nowhere"}, ("unknown-node", "/entry/0/start")),
        ({**DAILY, "save": "how"}, ("unused-value", "/entry/0/save")),
    ],
)
def test_what_is_wrong_with_an_entry_is_told_at_its_place(entry: Json, expected: tuple[str, str]) -> None:
    assert found(journey(entry)) == [expected]


def test_a_condition_that_is_never_true_is_told() -> None:
    never: Json = {"and": [GOLD, {"==": [{"var": "member.tier"}, "silver"]}]}
    context = CheckContext(CATALOGUE, DATES, EVENTS, proofs=Proofs(Z3Prover(), seconds=600))
    assert found(journey({**DAILY, "audience": never}, {**BECOMES, "becomes": never}), context) == [
        ("impossible-condition", "/entry/0/audience"),
        ("impossible-condition", "/entry/1/becomes"),
    ]


def test_another_live_journey_that_chooses_by_the_same_condition_is_told() -> None:
    live = LiveJourney("other", (), (GOLD,))
    context = CheckContext(CATALOGUE, DATES, EVENTS, live=[live])
    assert found(journey(DAILY, BECOMES, DATE), context) == [
        ("entry-overlap", "/entry/0"),
        ("entry-overlap", "/entry/1"),
    ]
    assert [each.example for each in check(journey(DAILY, BECOMES, DATE), context)] == [{"journey": "other"}] * 2


def test_a_test_enters_by_the_entry_that_it_names() -> None:
    by = {"journey": "test", "occurrence": "becomes"}
    itself = {"occurrence": "becomes"}
    tests: list[Json] = [
        {"name": "by", "when": [{"at": "PT0S", "on": MATCHED, "data": by}], "then": {"path": ["late"]}},
        {"name": "by itself", "when": [{"at": "PT0S", "on": MATCHED, "data": itself}], "then": {"path": ["late"]}},
        {
            "name": "other",
            "when": [{"at": "PT0S", "on": MATCHED, "data": {**by, "journey": "x"}}],
            "then": {"path": []},
        },
    ]
    source = journey(DAILY, {**BECOMES, "start": "late"}, tests=tests)
    parsed, findings = parse(source)
    assert parsed is not None
    assert findings == []
    report = run_tests(compile_plan(source, CATALOGUE, DATES, EVENTS), parsed.tests)
    assert [each.ok for each in report.tests] == [True, True, True]
