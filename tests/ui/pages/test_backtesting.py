"""The page of backtests: asked for, followed, stopped, and told in figures, for journeys and for rulesets."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.coupons.models import CouponBatch
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.edits.store import put_draft
from engine.jobs import store
from engine.secrets.keyring import KeyRing
from engine.trying import backtests
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

PAGE = "/journeys/hook-coupon/backtest"
DAYS = {"from": "2026-01-01", "to": "2026-01-07"}


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


def asked(admin: Visitor, page: str = PAGE, **days: str) -> int:
    answer = admin.post(page, data={**DAYS, **days})
    assert answer.status_code == 303, text_of(answer)
    [job] = parse_qs(urlsplit(answer.headers["location"]).query)["job"]
    return int(job)


def done(deps: Dependencies, job: int) -> None:
    work = backtests.page(deps.clock, deps.keys, Plans(deps.catalogue))
    for _ in range(9):
        with deps.database.begin() as session:
            if found := store.begin(session, job, now=deps.clock.now()):
                store.advance(session, found, work(session, found), now=deps.clock.now())


def test_a_journey_is_tried_over_the_days_that_were_chosen(admin: Visitor, deps: Dependencies, chain: Sample) -> None:
    assert "There is no backtest yet" in text_of(admin.get(f"{PAGE}?lang=en"))
    job = asked(admin)
    waits = admin.get(f"{PAGE}?job={job}").text
    assert f'hx-get="{PAGE}/{job}"' in waits
    done(deps, job)
    page = text_of(admin.get(f"{PAGE}?lang=en"))
    assert "Would enter 23" in page
    assert "Xinglan Pier" in page
    assert "lets none of them in" not in page
    assert "No conversion is told" in page
    assert f'hx-get="{PAGE}/{job}"' not in admin.get(f"{PAGE}?job={job}").text, "nothing more is asked for"
    assert admin.get(f"{PAGE}/{job}").status_code == 200
    file = admin.get(f"{PAGE}/{job}/stores.csv")
    assert file.headers["content-disposition"] == f'attachment; filename="backtest-hook-coupon-{job}.csv"'
    assert file.text.splitlines()[0].startswith("\ufeffstore,title,entered,messages,coupons")
    assert len(file.text.splitlines()) == 3


@pytest.mark.parametrize(
    ("to", "last"), [("2026-01-05", "2026-01-05"), ("2026-01-07", "2026-01-07"), ("2026-01-09", "2026-01-07")]
)
def test_a_backtest_names_the_days_that_were_asked_for(admin: Visitor, to: str, last: str) -> None:
    others = asked(admin), asked(admin, to=to)
    page = admin.get(f"{PAGE}?job={others[1]}").text
    assert page.count(f"2026-01-01 – {last}") == 2 + (last == "2026-01-07"), "in the list and above the result"
    assert 'name="from" value="2026-01-01"' in page
    assert f'name="to" value="{last}"' in page


def test_a_backtest_that_came_to_nothing_says_why_and_what_to_do(
    admin: Visitor, deps: Dependencies, database: Database, clock: FixedClock
) -> None:
    job = asked(admin, **{"from": "2025-06-01", "to": "2025-06-02"})
    assert "No entry event" not in text_of(admin.get(f"{PAGE}?job={job}&lang=en")), "not before it is done"
    done(deps, job)
    page = text_of(admin.get(f"{PAGE}?job={job}&lang=en"))
    assert "No entry event happened in these days" in page
    assert "Try an earlier first day" in page
    assert "0 / 0" not in page
    refused = {"==": [{"var": "member.nickname"}, "nobody is called so"]}
    entries = [{**entry, "when": refused} for entry in JOURNEY["entry"]]
    with database.begin() as session:
        draft = json.dumps({**JOURNEY, "entry": entries})
        put_draft(session, "journey", "hook-coupon", draft, by="user:t", now=clock.now())
    done(deps, job := asked(admin))
    page = admin.get(f"{PAGE}?job={job}&lang=en")
    assert re.search(r"live version in these days: \d+\. The draft lets none of them in", text_of(page))
    assert '<a href="/journeys/hook-coupon/simulate">Step by step</a>' in page.text


def test_the_page_of_publishing_tells_the_expectation_of_the_latest_backtest(
    admin: Visitor, deps: Dependencies, database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        draft = json.dumps({**JOURNEY, "note": "a draft"})
        put_draft(session, "journey", "hook-coupon", draft, by="user:t", now=clock.now())
    before = admin.get("/journeys/hook-coupon/publish/entering?lang=en").text
    assert f'href="{PAGE}"' in before
    job = asked(admin)
    done(deps, job)
    page = admin.get("/journeys/hook-coupon/publish/entering?lang=en").text
    assert f'href="{PAGE}?job={job}"' in page


def test_too_few_coupons_are_warned_of(admin: Visitor, deps: Dependencies, database: Database) -> None:
    with database.begin() as session:
        session.execute(update(CouponBatch).values(stock=9))
    job = asked(admin)
    done(deps, job)
    assert "There are not enough coupons: 红颜草莓 9.9 元券" in text_of(admin.get(f"{PAGE}?lang=en"))


def test_a_backtest_is_stopped_and_goes_on(admin: Visitor, deps: Dependencies) -> None:
    job = asked(admin)
    assert admin.post(f"{PAGE}/{job}/stop").headers["location"] == f"{PAGE}?job={job}"
    assert "Stopped" in text_of(admin.get(f"{PAGE}?lang=en"))
    assert admin.post(f"{PAGE}/{job}/continue").status_code == 303
    done(deps, job)
    assert "Would enter 23" in text_of(admin.get(f"{PAGE}?lang=en"))
    assert admin.post(f"{PAGE}/{job}/fly").status_code == 404


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"from": "", "to": ""}, "Choose two days"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "Choose two days"),
        ({"from": "2026-03-01", "to": "2026-03-02"}, "must be in the past"),
        ({"from": "2020-01-01", "to": "2026-01-01"}, "At most 400 days"),
    ],
)
def test_days_that_cannot_be_tried_are_told_on_the_page(admin: Visitor, days: dict[str, str], said: str) -> None:
    answer = admin.post(f"{PAGE}?lang=en", data=days)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_a_draft_that_cannot_run_is_told_on_the_page(admin: Visitor) -> None:
    answer = admin.post("/journeys/win-back/backtest?lang=en", data=DAYS)
    assert (answer.status_code, "The draft has errors" in answer.text) == (422, True)


def test_a_ruleset_is_tried_over_decisions(admin: Visitor, deps: Dependencies) -> None:
    assert 'href="/rules/price-drafts/backtest"' in admin.get("/rules/price-drafts").text
    answer = admin.post("/rules/zones/backtest?lang=en", data=DAYS)
    assert (answer.status_code, "The draft has errors" in answer.text) == (422, True)
    job = asked(admin, "/rules/price-drafts/backtest")
    done(deps, job)
    page = text_of(admin.get("/rules/price-drafts/backtest?lang=en"))
    assert "Decided anew 0" in page
    assert "Nothing was decided in these days" in page
    assert admin.get(f"{PAGE}?job={job}").status_code == 404
    assert admin.get(f"/rules/price-drafts/backtest/{job}/stores.csv").status_code == 200


def test_people_of_a_store_neither_ask_nor_see(
    admin: Visitor, client: Visitor, database: Database, clock: FixedClock, chain: Sample
) -> None:
    job = asked(admin)
    with database.begin() as session:
        place = Place(None, chain.stores["E01"])
        add_user(session, "lin", PASSWORD, "store", now=clock.now(), title="林", place=place)
    client.post("/sign-out")
    client.post("/sign-in", data={"username": "lin", "password": PASSWORD})
    assert "people of headquarters" in text_of(client.get(f"{PAGE}?lang=en"))
    assert client.get(f"{PAGE}/{job}").status_code == 404
    assert client.post(PAGE, data=DAYS).status_code == 403
