"""What somebody new is told to do first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.access.roles import Role
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.listing import Listed
from tests.ui.sample import PASSWORD
from tests.ui.visitor import Visitor
from ui.pages.first_steps import first_steps

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DRAFT = Listed(
    kind="journey", key="mine", condition="draft", version=None, title=None, rows=0, hash=None, at=NOW, by="user:admin",
    draft_at=NOW,
)  # fmt: skip
SEEDED = replace(DRAFT, key="hook-coupon", condition="live", version=1, by="service", draft_at=None)
PUBLISHED = replace(DRAFT, key="older", condition="live", version=1)


@pytest.mark.parametrize(
    ("journeys", "states", "next_at"),
    [
        ([SEEDED], ["next", "later", "later", "later"], "/library"),
        ([SEEDED, DRAFT], ["done", "next", "later", "later"], "/journeys/mine/simulate"),
        ([DRAFT, PUBLISHED], ["done", "done", "done", "next"], "/journeys/older/runs"),
    ],
)
def test_the_next_step_follows_from_what_was_done(journeys: list[Listed], states: list[str], next_at: str) -> None:
    steps = first_steps(journeys, {"hook-coupon"})
    assert [step.state for step in steps] == states
    assert [step.href for step in steps if step.state == "next"] == [next_at]


def test_nobody_is_told_once_a_customer_travels_a_journey_of_theirs() -> None:
    assert first_steps([SEEDED, PUBLISHED], {"hook-coupon", "older"}) == []


@pytest.mark.parametrize(("role", "told"), [("operator", True), ("auditor", False)])
def test_the_overview_tells_whoever_may_do_them(
    client: Visitor, database: Database, clock: FixedClock, role: Role, told: bool
) -> None:
    with database.begin() as session:
        add_user(session, "somebody", PASSWORD, role, now=clock.now())
    client.post("/sign-in", data={"username": "somebody", "password": PASSWORD})
    page = client.get("/?lang=en").text
    assert ["Start here" in page, 'href="/library"' in page, 'href="/journeys/new"' in page] == [told] * 3
