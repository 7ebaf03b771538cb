"""A start by hand as people do it: whom the page takes, what is kept of who asked."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from engine.access.models import AuditEntry
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.events.models import Event
from engine.members.models import Member
from engine.runs import by_hand
from engine.runs.by_hand import UnknownMemberError, Wanted
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY as SAMPLE
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.pages import start

JOURNEY = "/journeys/hook-coupon"
SURE = {"sure": "true"}
"""What the page that asks once more sends along."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody routes in these tests: there is nothing to wait for."""
    monkeypatch.setattr(start, "PATIENCE", 0.0)


def requests(database: Database) -> list[Event]:
    with database.begin() as session:
        return list(session.execute(select(Event).where(col(Event.type) == "run.requested")).scalars())


def people(database: Database) -> int:
    with database.begin() as session:
        return session.execute(select(func.count()).select_from(Member)).scalar_one()


@pytest.mark.parametrize("written", ["120 0000 0003", "+86 120-0000-0003", "phone:12000000003"])
def test_a_plain_phone_number_names_the_member(admin: Visitor, chain: Sample, database: Database, written: str) -> None:
    admin.post(f"{JOURNEY}/start", data={"member": written, **SURE})
    assert [event.member_id for event in requests(database)] == [chain.members[3]]


@pytest.mark.parametrize("written", ["{}", "#{}", "＃{}", " # {} "])
def test_the_number_that_pages_show_names_the_member(
    admin: Visitor, chain: Sample, database: Database, written: str
) -> None:
    before, member = people(database), chain.members[3]
    admin.post(f"{JOURNEY}/start", data={"member": written.format(member), **SURE})
    assert [event.member_id for event in requests(database)] == [member]
    assert people(database) == before


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("member:1001", 404),
        ("unionid:o6_nobody", 404),
        ("#999999", 404),
        ("#" + "9" * 40, 404),
        ("unionid:zz zz", 422),
        ("member:a b", 422),
        ("card:\x01", 422),
        ("#", 422),
        ("#one", 422),
    ],
)
def test_the_page_makes_nobody_and_leads_to_the_search(
    admin: Visitor, chain: Sample, database: Database, written: str, status: int
) -> None:
    before = people(database)
    answer = admin.post(f"{JOURNEY}/start?lang=en", data={"member": written})
    assert answer.status_code == status
    assert 'href="/members">Find the member' in answer.text
    assert (requests(database), people(database)) == ([], before)


def test_the_hint_names_no_identity_that_would_be_made_up(admin: Visitor, chain: Sample) -> None:
    for language in ("zh", "en"):
        page = admin.get(f"{JOURNEY}/start?lang={language}").text
        assert "member:1001" not in page
        assert "#1001" in page


def test_the_audit_keeps_who_asked_for_which_journey_and_member_once(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    given = {"member": "phone:12000000003", "name": "once", **SURE}
    for _ in range(2):
        admin.post(f"{JOURNEY}/start", data=given)
    with database.begin() as session:
        [entry] = session.execute(select(AuditEntry).where(col(AuditEntry.action) == "run.requested")).scalars()
    [event] = requests(database)
    assert (entry.actor, entry.object) == ("user:admin", "journey/hook-coupon")
    assert entry.after == {"event": str(event.seq), "member": str(chain.members[3])}


def test_the_run_and_the_member_say_who_asked(admin: Visitor, chain: Sample, database: Database) -> None:
    admin.post(f"{JOURNEY}/start", data={"member": f"#{chain.members[3]}", **SURE})
    [event] = requests(database)
    run = chain.runs["wait_add"]
    assert "Started by hand" not in text_of(admin.get(f"/runs/{run}?lang=en"))
    with database.begin() as session:
        session.execute(update(Run).where(col(Run.id) == run).values(entry_seq=event.seq))
    timeline = text_of(admin.get(f"/runs/{run}?lang=en"))
    assert re.search(r"Started by hand.* admin .*Entered", timeline)
    assert "user:admin" not in timeline
    member = text_of(admin.get(f"/members/{chain.members[3]}?lang=en"))
    assert "asked by admin" in member
    assert "requested_by" not in member


def test_of_a_request_that_there_is_not_nothing_is_told(admin: Visitor, chain: Sample) -> None:
    for page in (f"{JOURNEY}/start/told?event=999999999", "/journeys/none/start/told?event=1"):
        assert admin.get(page).status_code == 404


def test_a_request_is_told_of_by_its_own_journey_alone(
    admin: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    other = "/journeys/test"
    with database.begin() as session:
        put_draft(session, "journey", "test", json.dumps({**SAMPLE, "key": "test"}), by="user:admin", now=clock.now())
    admin.post(f"{JOURNEY}/start", data={"member": f"#{chain.members[3]}", **SURE})
    [event] = requests(database)
    for routed_at, told in ((None, "waits its turn"), (clock.now(), "no run began")):
        with database.begin() as session:
            session.execute(update(Event).where(col(Event.seq) == event.seq).values(routed_at=routed_at))
        assert told in text_of(admin.get(f"{JOURNEY}/start/told?lang=en&event={event.seq}"))
        assert told not in text_of(admin.get(f"{other}/start?lang=en&event={event.seq}"))
        assert admin.get(f"{other}/start/told?event={event.seq}").status_code == 404


def test_whom_a_start_would_be_about_is_nobody_new(database: Database, keys: KeyRing, chain: Sample) -> None:
    for known in (True, False):
        wanted = Wanted("hook-coupon", "unionid:o6_nobody", "user:admin", "once", "*", known=known)
        with pytest.raises(UnknownMemberError):
            by_hand.whom(database, keys, wanted)


def test_before_a_start_it_is_told_who_is_meant_in_which_version_and_that_it_is_real(
    admin: Visitor, chain: Sample, database: Database
) -> None:
    member = chain.members[20]
    page = admin.post(f"{JOURNEY}/start?lang=en", data={"member": "phone:12000000020", "name": "once"})
    told = text_of(page)
    assert f"林**** Member #{member}" in told, "masked, as everywhere"
    assert "Version 2" in told
    assert 'title="wecom.send_welcome"' in page.text
    assert "real messages and issues real coupons" in told
    assert 'name="name" value="once"' in page.text
    assert requests(database) == []
    assert "真实执行，不是模拟" in text_of(admin.post(f"{JOURNEY}/start?lang=zh", data={"member": f"#{member}"}))


def test_before_a_start_it_is_told_which_rule_would_refuse(admin: Visitor, chain: Sample) -> None:
    def told(number: int) -> str:
        return text_of(admin.post(f"{JOURNEY}/start?lang=en", data={"member": f"#{chain.members[number]}"}))

    assert re.search(r"refused now. Re-entry is “After exit”: they are inside since \d{4}-", told(3))
    assert re.search(r"refused now. The cooldown is not over: .* again from \d{4}-", told(18))
    assert "Ask all the same" in told(18)
