"""What headquarters publishes stands in the catalogue at once, and what runs keeps what it was compiled with."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from engine.definitions import checks
from engine.definitions.context import context_of
from engine.definitions.errors import NotPublishableError
from engine.definitions.plans import Plans
from engine.definitions.publish import publish
from engine.edits.store import put_draft
from engine.fields.catalogue import known_fields, own_fields
from engine.jobs.store import list_jobs
from engine.members.facts import read_facts
from rules.compile import compile_rule
from rules.errors import EvaluationError
from rules.types import Json
from tests.engine.chain import NOW, Chain, event
from tests.engine.definitions.samples import CATALOGUE, journey
from tests.engine.fields.deriving import look_back
from tests.engine.fields.own import document, publish_fields

STARS = {"type": "integer", "title": {"zh": "星级", "en": "Stars"}}
MANY_STARS: Json = {">=": [{"var": "member.stars"}, 3]}


@pytest.fixture
def session(chain: Chain) -> Any:
    with chain.database.begin() as session:
        yield session


def with_stars(**changes: Any) -> dict[str, Any]:
    """A journey for members with many stars."""
    return journey(entry=[{"on": "contact.scanned", "when": MANY_STARS}], tests=[], **changes)


def test_a_published_field_is_known_at_once_and_a_withdrawn_one_no_longer(session: Session) -> None:
    assert "member.stars" not in known_fields(session)
    publish_fields(session, NOW, member_stars=STARS)
    assert known_fields(session)["member.stars"].type == "integer"
    assert own_fields(session).declared == {"member.stars": "ours"}
    publish_fields(session, NOW, member_size={"type": "text"})
    assert {"member.stars", "member.size"} & known_fields(session).keys() == {"member.size"}


def test_what_hq_declares_may_always_be_missing(session: Session) -> None:
    publish_fields(session, NOW, member_stars={**STARS, "optional": False})
    assert known_fields(session)["member.stars"].optional


def test_journeys_are_checked_against_it_and_keep_what_they_were_published_with(session: Session) -> None:
    [unknown] = checks.find("journey", None, with_stars(), context_of(session, CATALOGUE, now=NOW))
    assert unknown.code == "unknown-field"
    publish_fields(session, NOW, member_stars=STARS)
    put_draft(session, "journey", "small", json.dumps(with_stars()), by="user:a", now=NOW)
    done = publish(session, "journey", "small", catalogue=CATALOGUE, by="user:a", now=NOW)
    publish_fields(session, NOW, member_stars={"type": "text"})
    plan = Plans(CATALOGUE).get(session, done.bundle_hash)
    assert "member.stars" in plan.fields
    [mismatch] = checks.find("journey", None, with_stars(), context_of(session, CATALOGUE, now=NOW))
    assert mismatch.code == "type-mismatch"


def test_fields_of_events_are_seen_in_events_and_in_what_saves_them(session: Session) -> None:
    publish_fields(session, NOW, event_weight={"type": "integer"})
    nodes = journey()["nodes"]
    nodes["wait"]["for"] = [{"on": "contact.added", "port": "added", "save": "seen"}]
    nodes["wait"]["ports"]["added"] = "heavy"
    heavy = {">": [{"var": "vars.seen.weight"}, 10]}
    nodes["heavy"] = {
        "type": "choice", "cases": [{"when": heavy, "port": "yes"}], "ports": {"yes": "added", "else": "added"},
    }  # fmt: skip
    entry = [{"on": "contact.scanned", "when": {">": [{"var": "event.weight"}, 1]}}]
    put_draft(session, "journey", "small", json.dumps(journey(nodes=nodes, entry=entry, tests=[])), by="a", now=NOW)
    done = publish(session, "journey", "small", catalogue=CATALOGUE, by="a", now=NOW)
    assert {"event.weight", "vars.seen.weight"} <= Plans(CATALOGUE).get(session, done.bundle_hash).fields


def test_whoever_takes_a_derived_attribute_away_is_told_of_live_journeys_that_read_it(session: Session) -> None:
    publish_fields(session, NOW, member_stars={"type": "integer", "derive": {"count": "order.paid"}})
    put_draft(session, "journey", "small", json.dumps(with_stars()), by="user:a", now=NOW)
    publish(session, "journey", "small", catalogue=CATALOGUE, by="user:a", now=NOW)
    [found] = checks.find("fields", "ours", document(), context_of(session, CATALOGUE, now=NOW))
    assert (found.code, "journey/small" in found.message["en"]) == ("field-in-use", True)


def test_a_path_has_one_definition(session: Session) -> None:
    publish_fields(session, NOW, member_stars=STARS)
    with pytest.raises(NotPublishableError) as refused:
        publish_fields(session, NOW, key="others", member_stars=STARS)
    assert [each.code for each in refused.value.findings] == ["duplicate-field"]


def test_a_definition_is_kept_under_its_own_key(session: Session) -> None:
    context = context_of(session, CATALOGUE, now=NOW)
    found = checks.find("fields", "ours", {**document(), "key": "other"}, context)
    assert [(each.code, each.pointer) for each in found] == [("schema", "/key")]


def test_tests_of_a_definition_of_fields_are_none_unless_it_is_wrong(session: Session) -> None:
    context = context_of(session, CATALOGUE, now=NOW)
    assert checks.run("fields", "ours", document(member_stars=STARS), context).tests == ()
    with pytest.raises(NotPublishableError):
        checks.run("fields", "ours", document(member_stars={"type": "x"}), context)


def test_what_becomes_personal_is_sealed_from_then_on_and_stands_at_one_place(chain: Chain) -> None:
    with chain.database.begin() as session:
        publish_fields(session, NOW, member_stars=STARS)
    chain.tell(event("member.registered", 0, subject="member:1", stars=4))
    with chain.database.begin() as session:
        publish_fields(session, NOW, member_stars={**STARS, "personal": True})
    chain.tell(event("member.updated", 1, subject="member:1", stars=5))
    [(attributes, sealed)] = chain.rows("SELECT attributes, personal_enc FROM members")
    assert (attributes, chain.keys.open_json(bytes(sealed))) == ({}, {"stars": 5})
    assert chain.rows("SELECT data FROM events ORDER BY seq DESC LIMIT 1") == [({},)]


def test_what_was_told_before_it_became_personal_is_sealed_too(chain: Chain) -> None:
    chain.tell(
        event("member.registered", 0, subject="member:1", stars=4, phone="12012345678", shoe="43"),
        event("member.registered", 0, subject="member:2", stars=5),
        event("member.updated", 1, subject="member:2", stars=None),
    )
    with chain.database.begin() as session:
        publish_fields(session, NOW, member_stars={**STARS, "personal": True})
    look_back(chain)
    attributes = chain.rows("SELECT attributes, personal_enc FROM members ORDER BY id")
    assert [row[0] for row in attributes] == [{"shoe": "43"}, {}]
    assert chain.keys.open_json(bytes(attributes[0][1])) == {"stars": 4, "phone": "12012345678"}
    events = chain.rows("SELECT data, personal_enc FROM events ORDER BY seq")
    assert all("stars" not in data for data, _ in events)
    sealed = [chain.keys.open_json(bytes(each)) if each else {} for _, each in events]
    assert sealed == [{"/stars": 4, "/phone": "12012345678"}, {"/stars": 5}, {}]
    with chain.database.begin() as session:
        publish_fields(session, NOW, member_stars={**STARS, "personal": True, "max": 5})
        assert list_jobs(session, state="waiting") == []


@pytest.mark.parametrize("told", ["4", 4.5, True, ["4"], {"n": 4}])
def test_a_value_of_a_wrong_type_is_kept_and_decides_nothing(chain: Chain, told: Any) -> None:
    with chain.database.begin() as session:
        publish_fields(session, NOW, member_stars=STARS)
    chain.tell(event("member.registered", subject="member:1", stars=told))
    assert chain.rows("SELECT attributes FROM members") == [({"stars": told},)]
    with chain.database.begin() as session:
        [(member,)] = chain.rows("SELECT id FROM members")
        facts = read_facts(
            session, chain.keys, member_id=member, store_id=None, associate_id=None, paths={"member.stars"}, now=NOW
        )
        rule = compile_rule(MANY_STARS, known_fields(session))
    with pytest.raises(EvaluationError) as raised:
        rule.evaluate(facts, now=NOW, zone=ZoneInfo("Asia/Shanghai"))
    assert raised.value.field == "member.stars"
