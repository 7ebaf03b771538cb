"""Content hash and bundle hash."""

from __future__ import annotations

import hashlib
import json

import pytest

from engine.journeys.canonical import bundle_hash, canonical, content_hash
from engine.journeys.plan import PlanError, bundle_of, compile_bundle, compile_plan
from rules.types import Declaration
from tests.engine.journeys.world import CATALOGUE, EVENTS, FIELDS, activity, document, plan_of, wait


def test_the_content_hash_is_sha256_over_canonical_json() -> None:
    assert content_hash({"b": [1, True], "a": "é"}) == hashlib.sha256('{"a":"é","b":[1,true]}'.encode()).hexdigest()


def test_equal_documents_have_equal_hashes_however_they_are_written() -> None:
    plain = document({"one": wait("custom.b", timeout="PT1H")})
    shuffled = json.loads(json.dumps(dict(reversed(plain.items()))))
    assert content_hash(plain) == content_hash(shuffled)
    assert content_hash({"n": 1.0}) == content_hash({"n": 1})


@pytest.mark.parametrize("number", [2**53, -(2**53)])
def test_integers_up_to_2_to_the_53_are_written_in_full(number) -> None:
    assert canonical(number) == str(number).encode()


@pytest.mark.parametrize("value", [float("nan"), 2**53 + 1, "\ud800"])
def test_what_json_cannot_exchange_has_no_hash(value) -> None:
    with pytest.raises(ValueError, match=r"."):
        content_hash({"x": value})


def test_a_bundle_names_the_fields_that_the_document_reads_and_makes_the_same_plan_later() -> None:
    nodes = {"one": activity("call", {"text": "{{member.nickname}}"}), "two": wait("custom.unheard", timeout="PT1H")}
    source = document(nodes, entry=[{"on": "custom.unheard", "when": {"==": [{"var": "event.channel.kind"}, "pos"]}}])
    plan = compile_plan(source, CATALOGUE, FIELDS, EVENTS)
    bundle = bundle_of(source, plan, FIELDS, EVENTS)
    assert list(bundle["fields"]) == ["member.nickname"]
    again = compile_bundle(json.loads(json.dumps(bundle)), CATALOGUE)
    assert (again.fields, again.event_types) == (plan.fields, plan.event_types)
    changed = {**FIELDS, "member.nickname": Declaration(type="text", optional=False)}
    assert bundle_hash(bundle_of(source, plan, changed, EVENTS)) != bundle_hash(bundle)
    unrelated = {**FIELDS, "member.other": Declaration(type="text")}
    assert bundle_hash(bundle_of(source, plan, unrelated, EVENTS)) == bundle_hash(bundle)


@pytest.mark.parametrize(
    "broken",
    [
        {"start": "nowhere"},
        {"extra": 1},
        {"nodes": {"one": {"type": "decide", "ruleset": "r", "save": "x", "ports": {}}}, "start": "one"},
        {"nodes": {"one": {"type": "activity", "activity": "nothing", "ports": {}}}, "start": "one"},
        {"entry": [{"on": "custom.a", "when": {"==": [{"var": "event.unheard"}, 1]}}]},
    ],
)
def test_a_document_with_errors_has_no_plan(broken) -> None:
    with pytest.raises(PlanError, match="cannot run"):
        compile_plan({**document({"one": wait("custom.b", timeout="PT1H")}), **broken}, CATALOGUE, FIELDS, EVENTS)


def test_a_plan_names_the_types_that_start_a_run_and_those_that_a_run_takes() -> None:
    plan = plan_of(
        {"one": wait("custom.b", timeout="PT1H")},
        goal={"on": "custom.c"},
        exits=[{"on": "contact.lost", "outcome": "lost"}],
    )
    assert plan.entry_event_types == {"custom.a"}
    assert plan.event_types == {"custom.b", "custom.c", "contact.lost"}
