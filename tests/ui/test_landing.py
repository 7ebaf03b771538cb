"""`/q/<code>`: the scan is recorded, and whoever receives now is shown."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select, update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.models import Event
from engine.organisation.models import Associate, Channel
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.pages.landing import COOKIE, SOURCE

CODE = "/q/e01pos"


def scans(database: Database) -> list[Event]:
    with database.begin() as session:
        return list(session.execute(select(Event).where(col(Event.source) == SOURCE)).scalars())


def staff(database: Database, **values: object) -> None:
    with database.begin() as session:
        session.execute(update(Channel).where(col(Channel.state) == "e01pos").values(**values))


def test_a_scan_is_recorded_for_a_visitor_who_is_nobody_yet(client: Visitor, chain: Sample, database: Database) -> None:
    staff(database, associates=[1])
    answer = client.get(CODE)
    assert answer.status_code == 200
    assert "<svg" in answer.text
    assert "星澜·灯塔路店" in answer.text
    (scan,) = scans(database)
    assert (scan.type, scan.data["channel"], scan.store_id) == ("contact.scanned", "E01-pos", chain.stores["E01"])
    assert scan.subject == f"visitor:{client.cookies[COOKIE]}"
    assert scan.routed_at is not None, "an anonymous scan starts no run"


def test_a_reload_is_the_same_scan_and_a_later_visit_another_of_the_same_visitor(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    client.get(CODE)
    client.get(CODE)
    clock.advance(timedelta(minutes=5))
    client.get(CODE)
    assert len({scan.member_id for scan in scans(database)}) == 1
    assert len(scans(database)) == 2


def test_a_cookie_that_we_did_not_write_is_replaced(client: Visitor, chain: Sample, database: Database) -> None:
    client.cookies.set(COOKIE, "phone:13800000000")
    client.get(CODE)
    assert re.fullmatch(r"visitor:[0-9a-f]{32}", scans(database)[0].subject or "")


def test_an_unknown_code_is_a_page_of_its_own_and_records_nothing(
    client: Visitor, chain: Sample, database: Database
) -> None:
    answer = client.get("/q/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert scans(database) == []


def test_nobody_to_receive_is_told_and_the_scan_is_kept(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    table: list[tuple[dict[str, object], str]] = [
        ({"associates": []}, "还没有安排接待"),
        ({"associates": [1], "expires_at": clock.now()}, "已过期"),
        ({"expires_at": None, "hours": {"from": "20:00", "to": "21:00"}}, "不在服务时间"),
    ]
    for values, told in table:
        staff(database, **values)
        clock.advance(timedelta(minutes=1))
        assert told in client.get(CODE).text
    with database.begin() as session:
        session.execute(update(Associate).values(friends_elsewhere=20_000))
    staff(database, hours=None)
    assert "名额已满" in client.get(CODE).text
    assert len(scans(database)) == 3


def test_the_code_s_picture_may_come_from_wecom_and_from_nowhere_else(
    client: Visitor, chain: Sample, database: Database
) -> None:
    staff(database, associates=[1], qr_url="https://wework.example.com/qr/1.png")
    answer = client.get(CODE)
    assert 'src="https://wework.example.com/qr/1.png"' in answer.text
    assert "img-src 'self' data: https://wework.example.com;" in answer.headers["content-security-policy"]
    assert "wework" not in client.get("/sign-in").headers["content-security-policy"]
