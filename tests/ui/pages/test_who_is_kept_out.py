"""Whom a journey keeps out, and by which rule: told before they are tried, asked for, and after they were refused."""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import event as sql_events
from sqlalchemy import select, update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.models import Live, Version
from engine.edits.store import put_draft
from engine.events.models import Event
from engine.occurrences.models import ChosenMember, Occurrence
from engine.runs.models import Pause, Run
from engine.runs.refusing import Refusing, why_refused
from engine.secrets.keyring import KeyRing
from tests.ui.pages.test_pages import text_of
from tests.ui.sample import JOURNEY, Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies
from ui.messages import text
from ui.pages import start
from workflows.activities.registry import catalogue_of, load_activities

PAGE = "/journeys/hook-coupon"
INSIDE, ENDED = 2, 18
"""Members of the sample whose run is live, and whose run has ended."""


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody routes in these tests: there is nothing to wait for."""
    monkeypatch.setattr(start, "PATIENCE", 0.0)


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


def asked_for(admin: Visitor, database: Database, clock: FixedClock, member: int) -> Event:
    """A start by hand that was routed and began no run."""
    admin.post(f"{PAGE}/start", data={"member": f"#{member}", "sure": "true"})
    with database.begin() as session:
        found = select(Event).where(col(Event.type) == "run.requested").order_by(col(Event.seq).desc()).limit(1)
        event = session.execute(found).scalar_one()
        event.routed_at = clock.now()
    return event


def published(database: Database, clock: FixedClock, **policies: Any) -> None:
    """A third version, with these policies."""
    document = {**copy.deepcopy(JOURNEY), "policies": {"max_age": "P45D", **policies}}
    named = {"kind": "journey", "key": "hook-coupon", "n": 3, "hash": "3" * 64, "bundle_hash": "b" * 64}
    with database.begin() as session:
        at = {"published_at": clock.now(), "published_by": "user:admin"}
        session.add(Version(**named, **at, document=json.dumps(document), note="new policies"))
        session.flush()
        session.get_one(Live, ("journey", "hook-coupon")).version = 3


@pytest.mark.parametrize(
    ("policies", "who", "told"),
    [
        ({"reentry": {"mode": "once"}}, ENDED, "Re-entry is “Once”: they entered before, on "),
        ({"reentry": {"mode": "after_exit"}}, INSIDE, "Re-entry is “After exit”: they are inside since "),
        ({"reentry": {"mode": "always", "cooldown": "P30D"}}, ENDED, "The cooldown is not over: they entered last on "),
    ],
)
def test_a_refused_start_tells_the_rule_with_the_former_run_on_its_page_and_the_member_s(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock, policies: dict[str, Any], who: int, told: str
) -> None:
    published(database, clock, **policies)
    event = asked_for(admin, database, clock, chain.members[who])
    for page in (f"{PAGE}/start?lang=en&event={event.seq}", f"/members/{chain.members[who]}?lang=en"):
        assert re.search(rf"{told}\d{{4}}-.* Run #\d+", text_of(admin.get(page)))


def test_a_start_that_met_a_pause_tells_since_when_it_lasts(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    published(database, clock, reentry={"mode": "always"})
    event = asked_for(admin, database, clock, chain.members[INSIDE])
    page = f"{PAGE}/start?lang=en&event={event.seq}"
    assert "Which rule it was is not recorded" in text_of(admin.get(page))
    with database.begin() as session:
        session.add(Pause(journey="hook-coupon", from_at=clock.now()))
    assert "The journey is paused since" in text_of(admin.get(page))


def test_what_was_noted_of_the_chosen_is_told_on_the_member_s_page(
    admin: Visitor, database: Database, chain: Sample, clock: FixedClock
) -> None:
    published(database, clock, reentry={"mode": "once"})
    for who, fate in ((ENDED, "once"), (19, "changed"), (20, "entered")):
        chosen_and_routed(database, chain.members[who], clock, fate)
    assert "Re-entry is “Once”" in text_of(admin.get(f"/members/{chain.members[ENDED]}?lang=en"))
    assert text("en", "entries.fate.changed") in text_of(admin.get(f"/members/{chain.members[19]}?lang=en"))
    assert "Not let in" not in text_of(admin.get(f"/members/{chain.members[20]}?lang=en"))


def test_what_no_re_entry_explains_is_told_as_it_was_noted_with_what_is_known_of_it(
    database: Database, chain: Sample, clock: FixedClock
) -> None:
    published(database, clock, reentry={"mode": "once"})
    with database.begin() as session:
        session.add(Pause(journey="hook-coupon", from_at=clock.now()))
    seqs = [chosen_and_routed(database, chain.members[ENDED], clock, fate) for fate in ("paused", "changed", "too-old")]
    reads = documents_read(database)
    with database.begin() as session:
        told = why_refused(session, seqs)
    assert [told[seq] for seq in seqs] == [
        Refusing("paused", since=clock.now()), Refusing("changed"), Refusing("too-old")
    ]  # fmt: skip
    assert reads == []


def test_a_version_is_read_once_for_all_whom_it_refused(database: Database, chain: Sample, clock: FixedClock) -> None:
    published(database, clock, reentry={"mode": "once"})
    seqs = [chosen_and_routed(database, member, clock, f"once-{member}", "once") for member in chain.members[16:20]]
    reads = documents_read(database)
    with database.begin() as session:
        told = why_refused(session, seqs)
    assert {each.rule for each in told.values()} == {"once"}
    assert len(told) == len(seqs)
    assert len(reads) == 1


def documents_read(database: Database) -> list[str]:
    """The statements that read a version from now on."""
    reads: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM versions" in statement:
            reads.append(statement)

    sql_events.listen(database.engine, "before_cursor_execute", keep)
    return reads


def chosen_and_routed(database: Database, member: int, clock: FixedClock, name: str, fate: str | None = None) -> int:
    """An occurrence that chose the member, and what routing noted of it; the place of its event in the log."""
    at, fate = clock.now(), fate or name
    with database.begin() as session:
        event = Event(
            source="waystation/occurrences",
            event_id=name,
            type="audience.matched",
            member_id=member,
            time=at,
            accepted_at=at,
            routed_at=at,
            data={"journey": "hook-coupon", "occurrence": name},
        )
        occurrence = Occurrence(
            journey="hook-coupon",
            name=name,
            entry="e",
            form="schedule",
            at=at,
            version=2,
            hash="2" * 64,
            state="done",
            opened_at=at,
        )
        session.add_all([event, occurrence])
        session.flush()
        session.add(ChosenMember(occurrence_id=occurrence.id, member_id=member, seq=event.seq, issued_at=at, fate=fate))
        return event.seq


def test_the_member_s_page_tells_what_lets_them_in_again(admin: Visitor, chain: Sample) -> None:
    told = re.compile(r"Not again for now. The cooldown is not over: .* again from \d{4}-")
    assert told.search(text_of(admin.get(f"/members/{chain.members[ENDED]}?lang=en")))
    assert not told.search(text_of(admin.get(f"/members/{chain.members[INSIDE]}?lang=en"))), "they are inside"
