"""Published rulesets: what their bundles hold, and that nothing published later changes what they decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.errors import NotPublishableError
from engine.definitions.versions import bundle
from engine.rulesets.bundle import compile_bundle
from engine.rulesets.published import published_conditions
from rules.tables.decide import decide
from tests.engine.rulesets.zones import NOW, publish_ruleset, zones


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.begin() as session:
        yield session


def test_a_bundle_holds_what_the_document_names(session: Session, clock: FixedClock) -> None:
    done = publish_ruleset(session, zones(), clock.now())
    content = bundle(session, done.bundle_hash)
    assert content["document"] == zones()
    assert set(content["fields"]) == {"member.tier", "event.sales_channel"}
    table = compile_bundle(content)
    facts = {"member": {"tier": "gold"}, "event": {"sales_channel": "mini_program"}}
    assert decide(table, facts, now=datetime.fromisoformat(NOW)).outcome == {"zone": "SPECIAL"}


def test_the_conditions_of_live_rulesets_are_known_by_their_names(session: Session, clock: FixedClock) -> None:
    assert published_conditions(session) == {}
    publish_ruleset(session, zones(), clock.now())
    assert published_conditions(session) == {
        "zones/gold": {"==": [{"var": "member.tier"}, "gold"]},
        "zones/vip": {"condition": "gold"},
    }
    publish_ruleset(session, zones(conditions={"new": True}), clock.now())
    assert published_conditions(session) == {"zones/new": True}


def test_a_condition_of_another_ruleset_is_pinned(session: Session, clock: FixedClock) -> None:
    publish_ruleset(session, zones(), clock.now())
    users: dict[str, Any] = {"key": "users", "conditions": {}, "tests": []}
    users["rows"] = [{"id": "a", "when": [{"condition": "zones/vip"}, None], "then": {"zone": "X"}}]
    done = publish_ruleset(session, zones(**users), clock.now())
    publish_ruleset(session, zones(conditions={"vip": False}), clock.now())
    content = bundle(session, done.bundle_hash)
    assert set(content["conditions"]) == {"zones/vip", "zones/gold"}
    found = decide(compile_bundle(content), {"member": {"tier": "gold"}}, now=datetime.fromisoformat(NOW))
    assert found.rows == ("a",)


def test_a_ruleset_with_errors_is_not_published(session: Session, clock: FixedClock) -> None:
    with pytest.raises(NotPublishableError) as refused:
        publish_ruleset(session, zones(tests=[{"name": "t", "then": {"zone": "SPECIAL"}}]), clock.now())
    assert [each.code for each in refused.value.findings] == ["test-failed"]
    with pytest.raises(NotPublishableError):
        publish_ruleset(session, zones(inputs=[]), clock.now())
