"""Events and effects change the facts of a play as they change our tables."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.consequences import after_effect, after_event, emitted
from engine.journeys.document_tests import Test
from engine.journeys.play import play
from tests.engine.journeys.world import activity, event, plan_of, wait


@pytest.mark.parametrize(
    ("kind", "data", "before", "after"),
    [
        ("contact.added", {"associate": "a1"}, {}, {"friend": True, "friend_of": ["a1"]}),
        ("contact.added", {"associate": {"key": "b"}}, {"friend_of": ["a"]}, {"friend": True, "friend_of": ["a", "b"]}),
        ("contact.added", {"associate": "a1", "half": True}, {"friend": False}, {"friend": False}),
        ("contact.confirmed", {"associate": "a1"}, {"friend": False}, {"friend": True, "friend_of": ["a1"]}),
        ("contact.lost", {"associate": "a1", "last": False}, {"friend": True}, {"friend": True, "friend_of": []}),
        ("contact.lost", {"associate": "a1", "last": True}, {"friend": True}, {"friend": False, "friend_of": []}),
        ("contact.lost", {"associate": "a1"}, {"friend_of": ["a1", "a2"]}, {"friend": True, "friend_of": ["a2"]}),
        ("contact.transferred", {"from": "a1", "to": "a2"}, {"friend_of": ["a1"]}, {"friend_of": ["a2"]}),
        ("group.joined", {"chat": "wr1"}, {}, {"in_group": True, "in_groups": ["wr1"]}),
        ("group.left", {"chat": "wr1"}, {"in_groups": ["wr1", "wr2"]}, {"in_group": True, "in_groups": ["wr2"]}),
        ("group.left", {"chat": "wr1"}, {"in_group": True}, {"in_group": False, "in_groups": []}),
        ("member.registered", {"tier": "gold", "store": "S1"}, {"tier": "none"}, {"tier": "gold", "registered": True}),
        ("member.updated", {"tier": "gold", "channel": "c"}, {}, {"tier": "gold"}),
        ("order.paid", {"amount": 1}, {"tier": "none"}, {"tier": "none"}),
    ],
)  # fmt: skip
def test_an_event_changes_the_facts_of_the_member(kind: str, data: Any, before: Any, after: Any) -> None:
    found: Any = after_event({"member": before}, event(1, kind, **data))
    found["member"].pop("friend_since", None)
    assert found["member"] == {**before, **after}


def test_what_is_given_stands_at_the_entry() -> None:
    joined = event(1, "group.joined", chat="wr1")
    found = after_event({"member": {"in_group": False}}, joined, stands={"in_group": False})
    assert found["member"] == {"in_group": False, "in_groups": ["wr1"]}


def test_effects_change_attributes_and_tags() -> None:
    facts = {"member": {"tier": "none", "points": 3, "tags": ["a", "b"]}}
    set_ = after_effect(facts, "member.set", {"fields": {"tier": "gold", "points": None}})
    assert set_["member"] == {"tier": "gold", "tags": ["a", "b"]}
    tagged: Any = after_effect(facts, "wecom.tag_member", {"add": ["c"], "remove": ["a"]})
    assert tagged["member"]["tags"] == ["b", "c"]
    assert after_effect(facts, "note", {}) == facts


def test_effects_that_put_events_into_the_log() -> None:
    assert emitted("event.emit", {"type": "custom.b", "data": {"n": 1}}, {}) == ("custom.b", {"n": 1})
    assert emitted("coupon.issue", {"batch": "B"}, {"code": "c"}) == ("coupon.issued", {"batch": "B", "code": "c"})
    assert emitted("note", {}, {}) is None


def test_a_choice_after_a_wait_sees_what_the_event_changed() -> None:
    nodes = {
        "one": wait("contact.added", ports={"got": "how"}),
        "how": {
            "type": "choice",
            "cases": [{"when": {"==": [{"var": "member.friend"}, True]}, "port": "yes"}],
            "ports": {"yes": "end", "else": "late"},
        },
    }
    when = [{"at": "PT0S", "on": "custom.a"}, {"at": "PT1M", "on": "contact.added"}]
    test = {"name": "t", "given": {"member": {"friend": False}}, "when": when, "then": {"outcome": "finished"}}
    assert play(plan_of(nodes), Test.model_validate(test)).outcome == "finished"


def test_a_run_hears_the_coupon_that_it_issued_itself() -> None:
    nodes = {
        "one": activity("coupon.issue", {"batch": "B"}, ports={"done": "two", "sold_out": "late"}),
        "two": wait("coupon.issued", timeout="P1D", ports={"got": "end"}),
    }
    when = [{"at": "PT0S", "on": "custom.a"}]
    test = {"name": "t", "when": when, "then": {"outcome": "finished"}}
    assert play(plan_of(nodes), Test.model_validate(test)).outcome == "finished"
