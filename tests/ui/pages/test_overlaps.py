"""Another journey takes the same people: the page of publishing says what it does, and where that is accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import event as sql_events

from engine.access.roles import Place
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.approvals import approve, standing
from engine.definitions.publish import publish
from engine.edits.store import put_draft
from engine.secrets.keyring import KeyRing
from tests.ui.conditions.branch import branch, put_branch
from tests.ui.pages.test_pages import text_of
from tests.ui.pages.test_who_is_kept_out import documents_read
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor, signed_in
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities

ENTERING = "/journeys/branch/publish/entering?lang=en"
DESIGN = "/journeys/branch/edit?lang=en"
PANEL = "/journeys/branch/edit/panel?part=entry&lang=en"
ANYBODY = {"==": [{"var": "member.friend"}, True]}


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    return Dependencies(database, clock, keys, catalogue_of(load_activities()), demo=True)


@pytest.fixture
def author(admin: Visitor, database: Database, clock: FixedClock) -> Visitor:
    """The administrator, once there is a draft that takes whom the hook coupon takes."""
    put_branch(database, clock, ANYBODY)
    return admin


def hashed(database: Database) -> str:
    with database.begin() as session:
        stands = standing(session, "journey", "branch")
    assert stands is not None
    return stands.hash


def accept(author: Visitor, database: Database, reason: str = "Both may run", **changes: str) -> tuple[int, str]:
    sent = {"hash": hashed(database), "pointer": "/entry/0", "other": "hook-coupon", "reason": reason, **changes}
    answer = author.post("/journeys/branch/publish/accept?lang=en", data=sent)
    assert ("HX-Trigger" in answer.headers) is (answer.status_code == 200)
    return answer.status_code, answer.text


def publish_another(database: Database, clock: FixedClock, key: str) -> None:
    """One more journey that takes whom the draft takes."""
    other = {**branch(ANYBODY), "key": key, "title": {"zh": key, "en": key}}
    with database.begin() as session:
        put_draft(session, "journey", key, json.dumps(other), by="user:admin", now=clock.now())
        catalogue = catalogue_of(load_activities())
        publish(session, "journey", key, catalogue=catalogue, by="user:admin", now=clock.now())


def rows_read(database: Database) -> list[int]:
    """How many rows each statement from now on takes."""
    rows: list[int] = []

    def keep(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            rows.append(cursor.rowcount)

    sql_events.listen(database.engine, "after_cursor_execute", keep)
    return rows


def test_an_overlap_says_what_customers_notice_of_the_other_journey(author: Visitor) -> None:
    told = text_of(author.get(ENTERING))
    assert "The other one issues: 红颜草莓 9.9 元券. It gets in touch: Send the welcome message" in told


def test_many_other_journeys_are_read_together_and_none_that_is_not_shown(
    author: Visitor, database: Database, clock: FixedClock
) -> None:
    author.get(ENTERING)
    reads = documents_read(database)
    author.get(ENTERING)
    of_one = len(reads)
    others = [f"other-{number}" for number in range(5)]
    for key in others:
        publish_another(database, clock, key)
    assert all(key in author.get(ENTERING).text for key in others)
    reads.clear()
    author.get(ENTERING)
    assert len(reads) == of_one


def test_what_is_found_takes_as_much_more_reading_for_each_further_journey(
    author: Visitor, database: Database, clock: FixedClock
) -> None:
    rows = rows_read(database)
    sums = []
    for batch in ("a", "b", "c"):
        for number in range(4):
            publish_another(database, clock, f"other-{batch}-{number}")
        rows.clear()
        author.get("/edit/journey/branch/problems")
        sums.append(sum(rows))
    assert sums[2] - sums[1] == sums[1] - sums[0] > 0


def test_it_is_accepted_in_place_and_then_said_quietly_with_author_and_reason(
    author: Visitor, database: Database
) -> None:
    assert '<span class="value">1</span>' in author.get("/journeys/branch/publish/glance").text
    status, box = accept(author, database)
    assert status == 200
    for shown in (box, author.get(ENTERING).text):
        assert "Accepted by admin: Both may run" in shown
        assert "notice-wait" not in shown
        assert "<textarea" not in shown
    assert "data-just-accepted" in box
    assert '<span class="value">1</span>' not in author.get("/journeys/branch/publish/glance").text


def test_what_is_accepted_is_no_warning_anywhere_on_the_desk(author: Visitor, database: Database) -> None:
    assert "mark-warn" in author.get(DESIGN).text
    assert "finding-warning" in author.get(PANEL).text
    assert "data-accepts" in author.get(PANEL).text
    accept(author, database)
    assert "mark-warn" not in author.get(DESIGN).text
    assert "finding-warning" not in author.get(PANEL).text
    assert "Accepted by admin: Both may run" in author.get(PANEL).text
    problems = author.get("/edit/journey/branch/problems?lang=en")
    assert "state-waiting" not in problems.text
    assert "Accepted Both journeys run for the same member" in text_of(problems)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "  "}, "Not accepted: give a reason."),
        ({"hash": "0" * 64}, "The draft has changed since you read this page."),
        ({"pointer": "/entry/7"}, "Nothing was accepted"),
        ({"other": "gone"}, "Nothing was accepted"),
    ],
)
def test_what_is_refused_says_why_and_keeps_the_reason(
    author: Visitor, database: Database, changes: dict[str, str], said: str
) -> None:
    status, box = accept(author, database, **changes)
    assert status == 422
    assert said in box
    assert ("open>" in box) is changes.keys().isdisjoint({"pointer", "other"})
    assert ("Both may run</textarea>" in box) is ("hash" in changes)
    assert "Accepted by" not in author.get(ENTERING).text


def test_an_approval_outlives_it_since_the_draft_stays_the_same(
    author: Visitor, database: Database, clock: FixedClock
) -> None:
    before = hashed(database)
    with database.begin() as session:
        approve(session, "journey", "branch", before, by="user:second", now=clock.now())
    accept(author, database)
    with database.begin() as session:
        stands = standing(session, "journey", "branch")
    assert stands is not None
    assert (stands.hash, stands.approval is not None) == (before, True)
    assert "second has approved the draft" in author.get("/journeys/branch/publish?lang=en").text


def test_who_may_not_edit_sees_the_overlap_without_a_form(
    client: Visitor, database: Database, clock: FixedClock, chain: Sample
) -> None:
    put_branch(database, clock, ANYBODY)
    place = Place(None, next(iter(chain.stores.values())))
    with database.begin() as session:
        add_user(session, "keeper", PASSWORD, role="store", title="Keeper", now=clock.now(), place=place)
    reader = signed_in(client, "keeper")
    shown = reader.get(ENTERING)
    assert "Both journeys run for the same member" in shown.text
    assert "<form" not in shown.text
    panel = reader.get(PANEL).text
    assert "Both journeys run for the same member" in panel
    assert "data-accepts" not in panel
    assert reader.post("/journeys/branch/publish/accept", data={"hash": "x", "pointer": "/entry/0"}).status_code == 403
