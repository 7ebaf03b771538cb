# ruff: noqa: E501 - in a table of cases each case reads best as one line
"""Mends: for each code a document that has it; each mend that is offered does away with it and brings no new error."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.edits.commands import apply, parse
from engine.journeys.canonical import content_hash
from engine.journeys.check import check
from engine.journeys.context import CheckContext, Proofs
from engine.journeys.findings import Finding
from engine.journeys.mends.offers import Mending, mends
from rules.documents.commands import CommandError, Mend
from rules.proofs.solver import Z3Prover
from tests.engine.journeys.strategies import broken_journeys
from tests.engine.journeys.test_checks import base, changed
from tests.engine.journeys.world import CONTEXT, activity, document, wait

BATCHES = {"HOOK-2026", "SPRING"}
WORLD = replace(
    CONTEXT,
    references=lambda kind, key: kind != "coupon-batch" or key in BATCHES,
    named=lambda kind: sorted(BATCHES) if kind == "coupon-batch" else [],
)
PROVING = replace(WORLD, proofs=Proofs(Z3Prover(), seconds=600))

LOOP = {
    "type": "choice",
    "cases": [{"when": {"==": [{"var": "event.n"}, 1]}, "port": "x"}],
    "ports": {"x": "end", "else": "two"},
}
GOLD = {"==": [{"var": "member.tier"}, "gold"]}
CASES = [
    {"when": GOLD, "port": "yes"},
    {"when": {"and": [GOLD, {"==": [{"var": "member.friend"}, True]}]}, "port": "also"},
]
HIDDEN = {"type": "choice", "cases": CASES, "ports": {"yes": "three", "also": "end", "else": "end"}}
NEVER = {
    "type": "choice",
    "cases": [{"when": {"and": [GOLD, {"==": [{"var": "member.tier"}, "silver"]}]}, "port": "yes"}],
    "ports": {"yes": "three", "else": "end"},
}


def mended(source: dict[str, Any], mend: Mend) -> dict[str, Any]:
    """The document after the commands of a mend."""
    for command in mend.commands:
        source = apply(source, parse(dict(command)))
    return source


def place(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.pointer, finding.message["en"]


def errors(source: dict[str, Any], context: CheckContext) -> set[tuple[str, str, str]]:
    """All that blocks publishing, but for tests of the document, which tell what a mend has changed."""
    found = [each for each in check(source, context) if each.severity == "error" and each.code != "test-failed"]
    return {place(each) for each in found}


def assert_each_mend_helps(source: dict[str, Any], finding: Finding, context: CheckContext = WORLD) -> list[Mend]:
    offers = mends(source, finding, context)
    assert offers, "a mend is offered"
    before, untouched = errors(source, context), content_hash(source)
    for offer in offers:
        after = mended(source, offer)
        assert offer.title["zh"]
        assert offer.title["en"]
        assert place(finding) not in {place(each) for each in check(after, context)}, offer.title["en"]
        assert errors(after, context) <= before, offer.title["en"]
    assert content_hash(source) == untouched
    return offers


def found_in(source: dict[str, Any], code: str, context: CheckContext = WORLD) -> Finding:
    return next(each for each in check(source, context) if each.code == code)


@pytest.mark.parametrize(
    ("code", "path", "value", "titles"),
    [
        ("unknown-node", "/start", "oen", ["Begin at `one`"]),
        ("unknown-node", "/entry/0/start", "oen", ["Begin at `one`", "Begin where the journey begins"]),
        ("unknown-node", "/nodes/four/ports/done", "edn", ["Lead to `end`", "Lead to a new end"]),
        ("unknown-node", "/nodes/call/ports/error", "nothing", ["Lead to a new end", "Disconnect the port"]),
        ("unknown-port", "/nodes/four/ports/later", "end", ["Take this way away"]),
        ("unknown-port", "/nodes/one/timeout", ..., ["Let the wait end after 7 days", "Take this way away"]),
        ("unknown-port", "/nodes/end/ports", {"done": "late"}, ["Take this way away"]),
        ("unknown-port", "/nodes/four/ports", {"doen": "end"}, ["Call it `done`"]),
        ("missing-port", "/nodes/two/ports/else", ..., ["Lead it to `three`, as the main way does", "Lead it to a new end"]),
        ("missing-port", "/nodes/four/ports", {}, ["Lead it to a new end"]),
        ("missing-port", "/nodes/four/ports", ..., ["Lead it to a new end"]),
        ("dead-end", "/nodes/four/ports", {}, ["End the journey here"]),
        ("dead-end", "/nodes/four/ports/done", "four", ["End the journey here"]),
        ("dead-end", "/nodes/three/ports", {}, ["End the journey here"]),
        ("unreachable-node", "/nodes/spare", {"type": "end", "outcome": "x"}, ["Delete it"]),
        ("hot-loop", "/nodes/two/ports/else", "call", ["Put a delay of a day into the loop"]),
        ("hot-loop", "/nodes/four", LOOP, ["Put a delay of a day into the loop"]),
        ("hot-loop", "/nodes/four", {"type": "delay", "for": "PT0S", "ports": {"done": "two"}}, ["Put a delay of a day into the loop"]),
        ("bad-split", "/nodes/three/arms/0/share_bp", 4001, ["Keep the proportions, sum to 100 % (40.01% / 59.99%)", "Share out evenly (50% / 50%)"]),
        ("bad-split", "/nodes/three/arms", [{"port": "a", "share_bp": 0}, {"port": "b", "share_bp": 0}], ["Share out evenly (50% / 50%)"]),
        ("unknown-activity", "/nodes/call/activity", "cal", ["Write `call`"]),
        ("bad-params", "/nodes/call/params", {"text": "x", "attachmets": []}, ["Call it `attachments`", "Take this param away"]),
        ("unknown-field", "/nodes/call/params/text", "{{member.nicknam}} {{member.friend}}", ["Write `member.nickname`"]),
        ("unknown-field", "/nodes/call/params/text", {"$": {"var": "vars.it.nn"}}, ["Write `vars.it.n`"]),
        ("unknown-field", "/nodes/two/cases/0/when", {"==": [{"var": "vars.it.m"}, 1]}, ["Write `vars.it.n`"]),
        ("unknown-field", "/entry/0/when", {"==": [{"var": "event.score"}, "1"]}, ["Declare the field `event.score` (text)"]),
        ("maybe-missing", "/nodes/call/params/text", "{{member.nickname}}", ["Where it is absent, use nothing"]),
        ("maybe-missing", "/nodes/call/params/text", "Dear {{member.nickname}} of {{store.title}}", ["Leave `member.nickname` out of the text"]),
        ("maybe-missing", "/nodes/call/params/text", {"$": {"default": [{"var": "member.nickname"}, {"var": "member.tier"}]}}, ["Where it is absent, use nothing"]),
        ("unused-value", "/nodes/two/cases/0/when", {"==": [{"var": "member.friend"}, True]}, ["Do not save it"]),
        ("unknown-event", "/nodes/one/for/0/on", "contact.addded", ["Write `contact.added`"]),
        ("bad-subject", "/nodes/four", {"type": "activity", "activity": "stock", "ports": {"done": "end"}}, ["Delete this node"]),
        ("type-mismatch", "/nodes/two/cases/0/when", {"==": [{"var": "vars.it.n"}, "5"]}, ["Write 5"]),
        ("type-mismatch", "/nodes/two/cases/0/when", {"==": [{"var": "member.friend"}, "TRUE"]}, ["Write true"]),
        ("type-mismatch", "/nodes/two/cases/0/when", {"==": [{"var": "member.tier"}, 5]}, ['Write "5"']),
        ("not-available", "/nodes/four", {"type": "task", "task": "t", "assign": {"to": "store"}, "ports": {"done": "end", "declined": "end", "overdue": "end"}}, ["Delete this node"]),
        ("schema", "/colour", "red", ["Take `colour` away"]),
        ("schema", "/gaol", {"on": "custom.c"}, ["Call it `goal`", "Take `gaol` away"]),
        ("schema", "/schema", "waystation/journey@2", ["Write `waystation/journey@1`"]),
        ("schema", "/policies/max_age", "45 days", ["Write `P45D`", "Take this away"]),
        ("schema", "/nodes/one/timeout", "30 分钟", ["Write `PT30M`"]),
        ("schema", "/nodes/one/since", "nod", ["Write `node`"]),
        ("schema", "/nodes/one/stage", "no spaces", ["Write `no_spaces`", "Take this away"]),
        ("schema", "/nodes/four/until", {"time": "10:00"}, ["Keep the duration only", "Keep the time only"]),
        ("schema", "/nodes/four/for", ..., ["Delay for a day"]),
        ("schema", "/nodes/bad id", {"type": "end", "outcome": "x"}, ["Call it `bad_id`"]),
        ("schema", "/nodes/two/ports/no way", "end", ["Take this way away"]),
        ("schema", "/start", ..., ["Add `start`"]),
        ("schema", "/tests/0/then/outcom", "x", ["Take `outcom` away"]),
    ],
)  # fmt: skip
def test_each_finding_is_done_away_with_by_each_of_its_mends(
    code: str, path: str, value: Any, titles: list[str]
) -> None:
    source = changed(path, value)
    offers = [offer.title["en"] for offer in assert_each_mend_helps(source, found_in(source, code))]
    assert [title for title in titles if title not in offers] == [], offers


@pytest.mark.parametrize("then", [
    {"path": ["one", "end"]}, {"outcome": "nothing"}, {"waiting_at": "four"}, {"effects": [{"activity": "never"}]},
    {"waiting_at": {"node": "one", "deadline": "PT1S"}}, {"deadline": "PT1S"},
])  # fmt: skip
def test_a_test_that_fails_states_what_comes_out_now_or_goes(then: dict[str, Any]) -> None:
    source = base()
    source["tests"] = [{"name": "t", "when": [{"at": "PT0S", "on": source["entry"][0]["on"]}], "then": then}]
    offers = assert_each_mend_helps(source, found_in(source, "test-failed"))
    assert offers[-1].title["en"] == "Remove this test"
    assert mended(source, offers[-1])["tests"] == []


def test_a_named_condition_is_called_by_a_name_like_it() -> None:
    world = replace(WORLD, conditions={"zones/vip": GOLD})
    source = changed("/nodes/two/cases/0/when", {"condition": "zones/vipp"})
    [offer] = assert_each_mend_helps(source, found_in(source, "unknown-condition", world), world)
    assert mended(source, offer)["nodes"]["two"]["cases"][0]["when"] == {"condition": "zones/vip"}


def test_an_endless_wait_gets_a_time_or_the_journey_an_age() -> None:
    source = document({"one": wait("custom.b")}, policies={})
    offers = assert_each_mend_helps(source, found_in(source, "endless-wait"))
    assert mended(source, offers[0])["nodes"]["one"]["ports"]["timeout"] == "timed_out"
    assert mended(source, offers[1])["policies"] == {"max_age": "P45D"}
    del source["policies"]
    assert_each_mend_helps(source, found_in(source, "endless-wait"))


def test_a_wait_for_nothing_waits_for_something() -> None:
    source = document({"one": wait("custom.b", timeout="PT1H")})
    source["nodes"]["one"]["for"] = []
    [offer] = assert_each_mend_helps(source, found_in(source, "schema"))
    assert mended(source, offer)["nodes"]["one"]["for"] == [{"on": "contact.added", "port": "got"}]


def test_a_push_that_expires_goes_on_or_ends_in_quiet_hours() -> None:
    source = changed("/nodes/four", activity("flash", {"text": "x"}))
    source["policies"] = {"max_age": "P1Y", "quiet_hours": {"from": "21:30", "to": "08:30"}}
    offers = assert_each_mend_helps(source, found_in(source, "expires-in-quiet"))
    assert [len(offer.commands) for offer in offers] == [1, 1]


def test_what_does_not_exist_is_proposed_by_what_does() -> None:
    source = changed("/nodes/four", activity("coupon.issue", {"batch": "HOOK-2025"}, ports={"sold_out": "end"}))
    offers = assert_each_mend_helps(source, found_in(source, "unknown-reference"))
    assert [offer.title["en"] for offer in offers] == ["Write `HOOK-2026`", "Write `SPRING`"]
    source["nodes"]["four"]["params"]["batch"] = "x"
    offers = assert_each_mend_helps(source, found_in(source, "unknown-reference"))
    assert [offer.title["en"] for offer in offers] == ["Write `HOOK-2026`", "Write `SPRING`"]


def test_a_hidden_case_is_asked_first_or_taken_away() -> None:
    source = base()
    source["nodes"]["two"] = HIDDEN
    offers = assert_each_mend_helps(source, found_in(source, "hidden-case", PROVING), PROVING)
    assert mended(source, offers[0])["nodes"]["two"]["cases"] == CASES[::-1]
    assert mended(source, offers[1])["nodes"]["two"]["ports"] == {"yes": "three", "else": "end"}


def test_a_case_that_never_holds_is_taken_away() -> None:
    source = base()
    source["nodes"]["two"] = NEVER
    assert_each_mend_helps(source, found_in(source, "impossible-condition", PROVING), PROVING)


def test_an_unreachable_node_is_led_to_or_deleted_with_what_only_it_leads_to() -> None:
    source = changed("/nodes/four/ports", {})
    source["nodes"]["lost"] = {"type": "delay", "for": "P1D", "ports": {"done": "last"}}
    source["nodes"]["last"] = {"type": "end", "outcome": "x"}
    offers = assert_each_mend_helps(source, found_in(source, "unreachable-node"))
    finding = next(each for each in check(source, WORLD) if each.pointer == "/nodes/lost")
    offers = assert_each_mend_helps(source, finding)
    assert [offer.title["en"] for offer in offers] == [
        "Lead `done` of `four` here",
        "Delete it and all that only it leads to (2 nodes)",
    ]


@pytest.mark.parametrize("start", ["again", "before"])
def test_a_journey_that_begins_itself_at_once_rests_before(start: str) -> None:
    source = document(
        {
            "before": {
                "type": "choice",
                "cases": [{"when": GOLD, "port": "yes"}],
                "ports": {"yes": "end", "else": "again"},
            },
            "again": {"type": "journey", "journey": "test", "mode": "start", "ports": {"done": "end"}},
        },
        start=start,
    )
    [offer] = assert_each_mend_helps(source, found_in(source, "hot-loop"))
    assert offer.title["en"] == "Put a delay of a day into the loop"


@pytest.mark.parametrize("code", ["entry-overlap", "not-proved", "unknown-holidays"])
def test_what_only_a_person_can_judge_has_no_mend(code: str) -> None:
    assert mends(base(), Finding(code, "error", "/nodes/one", {"zh": "", "en": ""}), WORLD) == []


@given(broken_journeys())
def test_whatever_is_offered_can_be_done_and_helps(source: Any) -> None:
    if not isinstance(source, dict):
        return
    mending, before = Mending(source, WORLD), check(source, WORLD)
    for finding in before[:12]:
        for offer in mending.of(finding):
            try:
                after = check(mended(copy.deepcopy(source), offer), WORLD)
            except CommandError as error:
                raise AssertionError(f"{place(finding)}: {offer.title['en']}: {error}") from error
            # What stands behind an item that was taken away moves up, perhaps with the same fault.
            is_gone = place(finding) not in {place(each) for each in after}
            assert is_gone or alike(finding, after) < alike(finding, before), (place(finding), offer.title)


def alike(finding: Finding, found: list[Finding]) -> int:
    """How many of these say the same, wherever."""
    return sum((each.code, each.message) == (finding.code, finding.message) for each in found)


@given(st.text(max_size=20), st.sampled_from(["schema", "unknown-node", "hot-loop", "bad-params", "maybe-missing"]))
def test_a_finding_that_fits_no_document_is_no_trouble(pointer: str, code: str) -> None:
    assert mends({}, Finding(code, "error", pointer, {"zh": "", "en": ""}), WORLD) == []
