"""What pages say of a journey without stages, of changes that are not live, and of tests that do not hold."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from engine.clock import FixedClock
from engine.coupons.models import CouponBatch
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.funnel.models import FunnelSum
from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


BARE = "/journeys/win-back"
"""A draft without stages."""


def drafted(database: Database, clock: FixedClock, **changes: Any) -> None:
    document = {**copy.deepcopy(JOURNEY), **changes}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(document), by="user:admin", now=clock.now())


def test_a_funnel_without_stages_tells_how_many_entered_and_where_stages_are_set(
    admin: Visitor, database: Database, chain: Sample
) -> None:
    assert "Nobody entered in this span. This journey has no stages yet" in text_of(admin.get(f"{BARE}/funnel?lang=en"))
    with database.begin() as session:
        session.execute(update(Run).where(col(Run.id) == chain.runs["wait_add"]).values(journey="win-back"))
    page = admin.get(f"{BARE}/funnel?lang=en")
    assert "1 entered in this span; this journey has no stages yet" in text_of(page)
    assert f'href="{BARE}/edit">Set stages' in page.text
    with database.begin() as session:
        ended = update(FunnelSum).where(col(FunnelSum.kind) == "outcome").values(journey="win-back")
        session.execute(ended)
    assert "1 entered in this span" in text_of(admin.get(f"{BARE}/funnel?lang=en")), "also when some have ended"
    assert "Nobody entered" in text_of(admin.get(f"{BARE}/funnel?lang=en&to=2001-01-01"))
    assert f'href="{BARE}/edit">Set stages' in admin.get(f"{BARE}/strip?lang=en").text


@pytest.mark.parametrize(("to", "state", "told"), [(2, "done", True), (1, "done", False), (1, "running", True)])
def test_a_migration_that_is_over_is_told_until_another_version_is_live(
    admin: Visitor, database: Database, clock: FixedClock, to: int, state: str, told: bool
) -> None:
    args = {"journey": "hook-coupon", "to": to}
    with database.begin() as session:
        at = {"created_at": clock.now(), "updated_at": clock.now()}
        session.add(Job(kind=MIGRATE, state=state, args=args, total=1, done=1, created_by="user:admin", **at))
    for page in ("/journeys/hook-coupon", "/journeys/hook-coupon/migration"):
        assert ('class="panel migration"' in admin.get(page).text) is told


def test_before_publishing_it_is_told_that_a_journey_has_no_stages(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    assert "has no stages" in text_of(admin.get(f"{BARE}/publish?lang=en"))
    drafted(database, clock, title={"zh": "新", "en": "New"})
    assert "has no stages" not in text_of(admin.get("/journeys/hook-coupon/publish?lang=en"))


def test_changes_that_are_not_live_are_told_in_the_head_and_the_list_and_lead_to_publishing(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    mark = '<a class="chip chip-wait" href="/journeys/hook-coupon/publish">'
    places = ("/journeys", "/journeys/hook-coupon", "/journeys/hook-coupon/funnel", "/edit/journey/hook-coupon/changes")
    assert [mark in admin.get(place).text for place in places] == [False] * 4
    drafted(database, clock, title={"zh": "新", "en": "New"})
    assert [mark in admin.get(place).text for place in places] == [True] * 4
    assert '<a class="chip chip-wait" href="/rules/zones/publish">' in admin.get("/rules/zones").text


def test_tests_that_do_not_hold_are_told_in_words_before_publishing(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    tests = copy.deepcopy(JOURNEY["tests"][:1])
    tests[0]["then"]["effects"] = [{"activity": "coupon.issue", "params": {"batch": "OTHER"}}]
    drafted(database, clock, tests=tests)
    page = text_of(admin.get("/journeys/hook-coupon/publish?lang=en"))
    assert "Tests that do not hold" in page
    assert "(Coupon batch: OTHER)" in page
    assert "(Coupon batch: 红颜草莓 9.9 元券)" in page
    assert '{"' not in page


def test_the_desk_tells_a_test_that_does_not_hold_by_titles(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    tests = copy.deepcopy(JOURNEY["tests"][:1])
    tests[0]["then"]["effects"] = [{"activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}] * 2
    drafted(database, clock, tests=tests)
    for language, told in (
        ("zh", "发券（券批次：“红颜草莓 9.9 元券”）"),
        ("en", "Issue a coupon (Coupon batch: “红颜草莓 9.9 元券”)"),
    ):
        page = text_of(admin.get(f"/edit/journey/hook-coupon/problems?lang={language}"))
        assert f"{told} → {told}" in page
        assert "coupon.issue" not in page


@pytest.mark.parametrize("page", ["/journeys/hook-coupon/publish", "/rules/zones/publish"])
def test_the_tick_before_publishing_brings_its_own_words(
    admin: Visitor, database: Database, clock: FixedClock, page: str
) -> None:
    drafted(database, clock, title={"zh": "新", "en": "New"})
    found = admin.get(f"{page}?lang=en").text
    assert 'data-told-by="sure-missing"' in found
    assert 'id="sure-missing" role="alert" data-said="Tick the box first' in found


def test_a_coupon_that_everybody_passes_is_told_for_everybody_and_in_money(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    give = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}
    nodes = {"give": {**give, "ports": {"done": "end", "sold_out": "end"}}, "end": {"type": "end", "outcome": "given"}}
    drafted(database, clock, entry=[{"on": "contact.scanned"}], start="give", nodes=nodes, tests=[])
    address = "/journeys/hook-coupon/publish/entering?lang=zh"
    row = "发券 红颜草莓 9.9 元券 HOOK-2026 1,000 面值共 9,900 元 1,000 面值共 9,900 元"
    assert row in text_of(admin.get(address))
    with database.begin() as session:
        session.execute(update(CouponBatch).values(value=0))
    assert "HOOK-2026 1,000 1,000" in text_of(admin.get(address)), "no value is made up"


@pytest.mark.parametrize("greets", [False, True])
def test_a_journey_that_issues_coupons_and_tells_nobody_says_so_before_it_is_published(
    admin: Visitor, database: Database, clock: FixedClock, *, greets: bool
) -> None:
    give = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}
    greet = {"type": "activity", "activity": "wecom.send_welcome", "params": {"text": "hi", "welcome_code": "x"}}
    nodes = {
        "give": {**give, "ports": {"done": "greet" if greets else "end", "sold_out": "end"}},
        **({"greet": {**greet, "ports": {"done": "end", "expired": "end"}}} if greets else {}),
        "end": {"type": "end", "outcome": "given"},
    }
    drafted(database, clock, entry=[{"on": "contact.scanned"}], start="give", nodes=nodes, tests=[])
    told = admin.get("/journeys/hook-coupon/publish/entering?lang=en").text
    assert "HOOK-2026" in told
    assert ("no step tells the customer" in told) is not greets


@pytest.mark.parametrize("batch", ["HOOK-2026", {"$": {"var": "member.tier"}}])
@pytest.mark.parametrize("ports", [{}, {"sold_out": "end"}, {"done": "end", "sold_out": "end"}])
def test_coupons_that_nobody_is_told_of_are_noticed_wherever_the_step_leads_and_whatever_names_its_batch(
    admin: Visitor, database: Database, clock: FixedClock, batch: object, ports: dict[str, str]
) -> None:
    give = {"type": "activity", "activity": "coupon.issue", "params": {"batch": batch}, "ports": ports}
    nodes = {"give": give, "end": {"type": "end", "outcome": "given"}}
    drafted(database, clock, entry=[{"on": "contact.scanned"}], start="give", nodes=nodes, tests=[])
    answer = admin.get("/journeys/hook-coupon/publish/entering?lang=en")
    assert answer.status_code == 200
    assert "no step tells the customer" in answer.text


@pytest.mark.parametrize(
    ("start", "asks", "done"), [("give", "end", "ask"), ("ask", "give", "end")], ids=["behind", "before"]
)
def test_an_associate_who_is_asked_behind_the_coupon_tells_the_customer(
    admin: Visitor, database: Database, clock: FixedClock, start: str, asks: str, done: str
) -> None:
    give = {"type": "activity", "activity": "coupon.issue", "params": {"batch": "HOOK-2026"}}
    ask = {"type": "activity", "activity": "wecom.notify_associate", "params": {"text": "Tell about the coupon"}}
    nodes = {
        "give": {**give, "ports": {"done": done, "sold_out": "end"}},
        "ask": {**ask, "ports": {"done": asks}},
        "end": {"type": "end", "outcome": "given"},
    }
    drafted(database, clock, entry=[{"on": "contact.scanned"}], start=start, nodes=nodes, tests=[])
    told = text_of(admin.get("/journeys/hook-coupon/publish/entering?lang=en"))
    assert "Notify the associate 1,000 1,000" in told
    assert ("no step tells the customer" in told) is (start == "ask")


@pytest.mark.parametrize(("lang", "told"), [("zh", "请填写“券批次”。"), ("en", "Fill in “Coupon batch”.")])
def test_what_is_missing_is_asked_for_by_the_name_of_its_field(
    admin: Visitor, database: Database, clock: FixedClock, lang: str, told: str
) -> None:
    nodes = copy.deepcopy(JOURNEY["nodes"])
    nodes["coupon"]["params"] = {}
    drafted(database, clock, nodes=nodes)
    assert told in text_of(admin.get(f"/edit/journey/hook-coupon/problems?lang={lang}"))


def test_all_that_may_stand_instead_is_offered_by_title_and_the_rest_is_counted(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    nodes = copy.deepcopy(JOURNEY["nodes"])
    nodes["coupon"]["params"] = {"batch": "HOOK-2025"}
    with database.begin() as session:
        for n in range(4):
            title = {"zh": f"第 {n} 批", "en": f"Batch {n}"}
            session.add(CouponBatch(key=f"B{n}", title=title, stock=1, value=100, created_at=clock.now()))
    drafted(database, clock, nodes=nodes)
    page = admin.get("/edit/journey/hook-coupon/problems?lang=zh")
    assert re.search(r"改成“红颜草莓 9.9 元券 \(HOOK-2026\)” (改成“第 \d 批 \(B\d\)” ){2}还有 2 个改法", text_of(page))
    assert page.text.count("&#34;/nodes/coupon/params/batch&#34;") == 5


def test_a_published_condition_calls_its_choices_by_their_titles(admin: Visitor, chain: Sample) -> None:
    told = text_of(admin.get("/journeys/hook-coupon/entries?lang=zh"))
    assert "渠道类型 是 收银码、小票码 或 货架码" in told, "though a bundle keeps no titles"


def test_an_effect_that_did_not_happen_is_named_alone_and_one_that_came_too_early_with_the_others(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    tests = copy.deepcopy(JOURNEY["tests"][:1])
    missed = {"activity": "coupon.issue", "params": {"batch": "OTHER"}}
    tests[0]["then"]["effects"] = [{"activity": "wecom.send_welcome"}, missed]
    drafted(database, clock, tests=tests)
    page = text_of(admin.get("/journeys/hook-coupon/tests?lang=en"))
    assert "“Issue a coupon (Coupon batch: OTHER)” did not happen; the effects were “Send the welcome message" in page
    tests[0]["then"]["effects"] = [{"activity": "coupon.issue"}, {"activity": "wecom.send_welcome"}]
    drafted(database, clock, tests=tests)
    assert "effects: expected “Issue a coupon → Send the welcome" in text_of(
        admin.get("/journeys/hook-coupon/tests?lang=en")
    )
