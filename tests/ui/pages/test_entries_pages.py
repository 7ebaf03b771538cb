"""The page of entries that choose members: what is coming, what came of it, and a list given there."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.events.models import Event
from engine.runs.models import Run
from engine.secrets.keyring import KeyRing
from tests.engine.occurrences.world import GOLD, Chosen, daily, journey
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor


@pytest.fixture
def chosen(database: Database, keys: KeyRing, clock: FixedClock, chain: Sample) -> Chosen:
    """A world beside the sample's chain."""
    assert chain.runs
    return Chosen(database, keys, clock)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


EVERY = [
    daily("10:30"),
    {"schedule": "FREQ=WEEKLY;BYDAY=MO,TH", "at": "10:00", "audience": {"==": [{"var": "member.nickname"}, "x"]}},
    {"becomes": GOLD, "check": "P1D"},
    {"date": {"var": "member.birthday"}, "offset": "-P7D", "at": "10:00", "yearly": True},
    {"list": True},
]


def test_the_fragment_tells_of_each_entry_in_both_languages(admin: Visitor, chosen: Chosen) -> None:
    chosen.people("gold", "gold")
    chosen.publish(journey(entry=EVERY))
    chosen.tell_and_route()
    chosen.until("01-07 10:30")
    chosen.tell_and_route()
    answer = admin.get("/journeys/test/entries/outlook?lang=en")
    assert answer.status_code == 200
    english = words(answer.text)
    for part in ("every day · 10:30", "Would enter", "entered 2", "first check: the base line", "personal data",
                 "every week on Monday", "every year", "From a list"):  # fmt: skip
        assert part in english, part
    chinese = words(admin.get("/journeys/test/entries/outlook?lang=zh").text)
    for part in ("每天 · 10:30", "预计进入", "已进入 2", "每周 星期一"):
        assert part in chinese, part


def test_whom_an_occurrence_chose_and_the_journey_refused_is_told_by_which_rule(admin: Visitor, chosen: Chosen) -> None:
    [one] = chosen.people(None)
    chosen.publish(journey(entry=[{"list": True}], policies={"max_age": "P9D", "reentry": {"mode": "once"}}))
    for at in ("01-07 10:10", "01-07 10:20"):
        chosen.until(at)
        admin.post("/journeys/test/entries", data={"members": str(one)})
        chosen.tell_and_route()
    page = words(admin.get("/journeys/test/entries/outlook?lang=en").text)
    told = rf"Who did not enter \(up to 5\) Member #{one} Re-entry is “Once”: they entered before, on \d{{4}}-.* Run #"
    assert re.search(told, page)
    assert page.count("Who did not enter") == 1


def test_entries_by_events_stand_first_with_their_condition_and_who_entered_lately(
    admin: Visitor, chosen: Chosen, database: Database
) -> None:
    entry = [{"on": "contact.scanned", "when": GOLD}, {"on": "contact.added"}, {"list": True}]
    chosen.publish(journey(entry=entry))
    with database.begin() as session:
        scanned = select(col(Event.seq)).where(col(Event.type) == "contact.scanned").limit(1).scalar_subquery()
        first = select(col(Run.id)).limit(1).scalar_subquery()
        session.execute(update(Run).where(col(Run.id) == first).values(journey="test", entry_seq=scanned))
    page = words(admin.get("/journeys/test/entries?lang=en").text)
    events, chosen_ones = page.index("Who enters by an event"), page.index("Who is chosen to enter")
    assert events < page.index("Scanned") < page.index("everybody to whom it happens") < chosen_ones
    assert re.search(r"Scanned [^1-9]*gold[^1-9]* 1 Added as a friend everybody to whom it happens 0", page)


def test_whom_somebody_started_by_hand_is_counted_too(
    admin: Visitor, chosen: Chosen, chain: Sample, database: Database
) -> None:
    chosen.publish(journey(entry=[{"on": "contact.added"}]))
    assert "Whom somebody named" not in words(admin.get("/journeys/test/entries?lang=en").text)
    with database.begin() as session:
        run = session.get_one(Run, chain.runs["wait_join"])
        run.journey = "test"
        session.get_one(Event, run.entry_seq).type = "run.requested"
    page = words(admin.get("/journeys/test/entries?lang=en").text)
    assert re.search(r"Added as a friend everybody to whom it happens 0 Run requested Whom somebody named 1", page)


def test_a_list_is_given_on_the_page_and_its_wrong_lines_are_told(admin: Visitor, chosen: Chosen) -> None:
    [one] = chosen.people(None)
    chosen.publish(journey(entry=[{"list": True}]))
    wrong = admin.post("/journeys/test/entries?lang=en", data={"members": f"{one}\nwho\n"})
    assert wrong.status_code == 422
    assert "cannot be used, and nothing was changed" in words(wrong.text)
    assert chosen.told() == []
    given = admin.post("/journeys/test/entries", data={"members": f"{one}\nwho\n", "partial": "true"})
    assert (given.status_code, given.headers["location"]) == (303, "/journeys/test/entries?given=1")
    chosen.tell_and_route()
    assert chosen.entered()[-1] == one
    run = admin.get(f"/runs/{chosen.world.run().id}?lang=en")
    assert "From a list" in words(run.text)
    assert "· admin" in words(run.text)
    member = admin.get(f"/members/{one}?lang=en").text
    assert re.search(r'href="/journeys/test/entries">From a list</a>', member), "what chose them stands beside the run"


def test_a_file_is_as_good_as_the_field(admin: Visitor, chosen: Chosen) -> None:
    [one] = chosen.people(None)
    chosen.publish(journey(entry=[{"list": True}]))
    given = admin.post("/journeys/test/entries", data={}, files={"file": ("a.csv", f"member\n{one}\n".encode())})
    assert given.status_code == 303
    binary = admin.post("/journeys/test/entries", data={}, files={"file": ("a.csv", b"\xff\xfe\x00")})
    assert binary.status_code == 422
    open_quote = admin.post("/journeys/test/entries?lang=en", data={"members": f'{one}\n"2\n3'})
    assert (open_quote.status_code, "From line 2 on this is no CSV" in open_quote.text) == (422, True)


def test_the_page_of_publishing_asks_the_entries_who_would_enter(
    admin: Visitor, database: Database, clock: FixedClock, chosen: Chosen
) -> None:
    asks = 'hx-get="/journeys/test/entries/outlook?of=draft"'
    for entry, is_asked in (([daily("10:30")], True), ([{"on": "contact.added"}], False)):
        with database.begin() as session:
            put_draft(session, "journey", "test", json.dumps(journey(entry=entry)), by="user:t", now=clock.now())
        entering = admin.get("/journeys/test/publish/entering?lang=en").text
        assert (asks in entering) == is_asked
        assert ("Nothing lets anybody in" in entering) is False
    assert chosen.told() == []


def test_the_draft_s_outlook_is_told_before_it_is_published(admin: Visitor, chosen: Chosen) -> None:
    draft = admin.get("/journeys/hook-coupon/entries/outlook?of=draft&lang=en")
    assert draft.status_code == 200
