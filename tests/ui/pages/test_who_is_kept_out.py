"""Whom a journey keeps out, and by which rule: told before they are tried, asked for, and after they were refused."""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

PAGE = "/journeys/hook-coupon"
INSIDE, ENDED = 2, 18
"""Members of the sample whose run is live, and whose run has ended."""


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


def drafted(database: Database, clock: FixedClock, **policies: Any) -> None:
    document = {**copy.deepcopy(JOURNEY), "policies": {"max_age": "P45D", **policies}}
    with database.begin() as session:
        put_draft(session, "journey", "hook-coupon", json.dumps(document), by="user:admin", now=clock.now())


def simulated(admin: Visitor, member: int, lang: str = "en") -> str:
    sent = {"on": "contact.scanned", "fact.event.channel.kind": "pos", "member": f"#{member}"}
    [walk] = parse_qs(urlsplit(admin.post(f"{PAGE}/simulate", data=sent).headers["location"]).query)["walk"]
    page = admin.get(f"{PAGE}/simulate?walk={walk}&lang={lang}")
    assert 'id="station-how"' in page.text, "the walk goes on all the same"
    return text_of(page)


@pytest.mark.parametrize(
    ("policies", "who", "told"),
    [
        ({"reentry": {"mode": "once"}}, ENDED, r"Re-entry is “Once”: they entered before, on \d{4}-\d\d-\d\d \d\d:"),
        ({"reentry": {"mode": "after_exit"}}, INSIDE, r"Re-entry is “After exit”: they are inside since \d{4}-"),
        ({"reentry": {"mode": "always", "cooldown": "P30D"}}, ENDED, r"The cooldown .* may enter again from \d{4}-"),
        ({"reentry": {"mode": "always"}, "holdout": {"share_bp": 10_000}}, ENDED, r"They are in the holdout"),
    ],
)
def test_a_real_member_whom_life_would_refuse_is_walked_and_told_why(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock, policies: dict[str, Any], who: int, told: str
) -> None:
    drafted(database, clock, **policies)
    page = simulated(admin, chain.members[who])
    assert re.search(f"In life they would be refused today. {told}", page)
    assert "The walk goes on all the same" in page
    assert "真实环境中，今天不会让 TA 进入。" in simulated(admin, chain.members[who], "zh")


def test_nothing_is_said_of_whom_nothing_keeps_out(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    drafted(database, clock, reentry={"mode": "after_exit"})
    assert "In life" not in simulated(admin, chain.members[ENDED])
    drafted(database, clock, reentry={"mode": "always"})
    assert "In life" not in simulated(admin, chain.members[INSIDE])


def test_the_suggested_members_are_told_apart_by_whom_life_would_refuse(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    drafted(database, clock, reentry={"mode": "once"})
    page = admin.get(f"{PAGE}/simulate?lang=en")
    assert "Re-entry is “Once”" in text_of(page)
    drafted(database, clock, reentry={"mode": "always"})
    assert "would be refused" not in text_of(admin.get(f"{PAGE}/simulate?lang=en"))


def test_the_run_that_keeps_somebody_out_is_led_to(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    drafted(database, clock, reentry={"mode": "always", "cooldown": "P30D"})
    again = update(Run).where(col(Run.id) == chain.runs["lost"]).values(member_id=chain.members[ENDED], n=2)
    with database.begin() as session:
        session.execute(again)
    assert f"Run #{chain.runs['lost']}" in simulated(admin, chain.members[ENDED]), "the latest of them"
