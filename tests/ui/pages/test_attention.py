"""The pages of what needs a person: alerts and parked members."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlmodel import col

from engine.access.roles import Place, Role
from engine.access.store import add_user
from engine.alerts.models import KINDS, Alert
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.models import MemberQueue
from rules.types import Json
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.words.alerts import facts


def sign_in(visitor: Visitor, database: Database, clock: FixedClock, role: Role, store_id: int | None = None) -> None:
    with database.begin() as session:
        add_user(session, "mei", PASSWORD, role, now=clock.now(), place=Place(store_id=store_id))
    assert visitor.post("/sign-in", data={"username": "mei", "password": PASSWORD}).status_code == 303


def alert_of(database: Database, kind: str) -> Alert:
    with database.begin() as session:
        return session.execute(select(Alert).where(col(Alert.kind) == kind)).scalar_one()


def test_open_alerts_lead_to_what_they_are_about(admin: Visitor, chain: Sample) -> None:
    page = admin.get("/alerts?lang=en").text
    for href in (
        "/journeys/hook-coupon/runs?node=how",
        f"/runs/{chain.runs['stuck']}",
        f"/members/{chain.members[1]}",
    ):
        assert f'href="{href}"' in page
    assert "A journey paused itself</th>" not in page
    assert "60020" in page
    assert "5 open alerts" in admin.get("/members?lang=en").text


def test_what_an_alert_knows_is_told_in_the_readers_language(admin: Visitor, chain: Sample) -> None:
    english, chinese = (admin.get(f"/alerts?lang={language}").text for language in ("en", "zh"))
    assert "Why: The action failed and its retries are used up" in english
    assert "原因: 重试用尽，动作仍失败" in chinese
    assert "reason: failed" not in english + chinese
    assert "Failed: 12 · Out of: 100" in re.sub(r"\s+", " ", admin.get("/alerts?lang=en&state=acknowledged").text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fact_without_a_word_of_ours_stands_as_it_was_told(kind: str) -> None:
    detail: dict[str, Json] = {"kind": kind, "odd": ["x"], "run": "17", "reason": "No such app."}
    told = facts(detail, "en")
    assert told == [("Job", kind), ("Why", "No such app."), ("Run", "#17"), ("odd", '["x"]')]


def test_the_overview_names_a_stuck_run_once(admin: Visitor, chain: Sample, database: Database) -> None:
    run = chain.runs["stuck"]
    assert admin.get("/overview/live").text.count(f'href="/runs/{run}"') == 1
    assert "/alerts" in admin.get("/overview/live").text


def test_an_acknowledged_alert_leaves_the_open_ones_and_stays_in_sight(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    alert = alert_of(database, "run-stuck")
    answer = admin.post(f"/alerts/{alert.id}/acknowledge", data={"kind": "run-stuck"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?kind=run-stuck")
    assert f"/runs/{chain.runs['stuck']}" not in admin.get("/alerts").text
    assert f"/runs/{chain.runs['stuck']}" in admin.get("/alerts?state=acknowledged").text
    assert alert_of(database, "run-stuck").acknowledged_by == "user:admin"
    assert admin.post("/alerts/4711/acknowledge").status_code == 404


@pytest.mark.parametrize("query", ["state=seen", "kind=flood", "before=x", "before=0"])
def test_a_filter_that_cannot_be_read_is_told(admin: Visitor, query: str) -> None:
    assert admin.get(f"/alerts?{query}").status_code == 422


def test_a_parked_member_is_told_of_on_their_page_and_let_go(admin: Visitor, chain: Sample, database: Database) -> None:
    member = chain.members[1]
    assert 'href="/parked"' in admin.get(f"/members/{member}").text
    assert 'href="/parked"' not in re.sub(r"<nav.*?</nav>", "", admin.get(f"/members/{chain.members[0]}").text)
    assert "There is no bundle gone" in admin.get("/parked").text
    assert admin.post(f"/parked/{member}/release").status_code == 303
    assert admin.post(f"/parked/{member}/release").status_code == 409
    with database.begin() as session:
        assert session.execute(select(col(MemberQueue.parked_at))).scalar_one() is None
    assert alert_of(database, "member-parked").state == "acknowledged"


def test_all_parked_members_are_let_go_at_once(admin: Visitor, chain: Sample, database: Database) -> None:
    assert admin.post("/parked/release").status_code == 303
    with database.begin() as session:
        assert session.execute(select(col(MemberQueue.parked_at))).scalar_one() is None


def test_who_may_only_look_changes_nothing(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    sign_in(client, database, clock, "auditor")
    assert client.get("/parked").status_code == 200
    alert = alert_of(database, "run-stuck")
    for path in (f"/alerts/{alert.id}/acknowledge", f"/parked/{chain.members[1]}/release", "/parked/release"):
        assert client.post(path).status_code == 403


@pytest.mark.parametrize(("store", "shown"), [("E01", False), ("E02", True)])
def test_the_people_of_a_store_see_their_own_alerts_and_parked_members(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock, store: str, shown: bool
) -> None:
    sign_in(client, database, clock, "store", chain.stores[store])
    alerts, parked = client.get("/alerts").text, client.get("/parked").text
    assert "60020" not in alerts
    assert (f"/members/{chain.members[1]}" in alerts, "bundle gone" in parked) == (shown, shown)
    assert ("/parked" in re.sub(r"<nav.*?</nav>", "", client.get("/").text)) == shown
