"""`/q/<code>`: the scan is recorded, and whoever receives now is shown."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.events.models import Event
from engine.organisation.models import Associate, Channel, ContactWay
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.pages.landing import COOKIE, SOURCE

CODE = "/q/e01pos"


def scans(database: Database) -> list[Event]:
    with database.begin() as session:
        return list(session.execute(select(Event).where(col(Event.source) == SOURCE)).scalars())


def way(database: Database, userid: str, **values: Any) -> None:
    """Puts down what the router role would: a way, or that none can be made."""
    with database.begin() as session:
        channel = session.execute(select(Channel).where(col(Channel.state) == "e01pos")).scalar_one()
        session.add(ContactWay(channel_id=channel.id, userid=userid, **values))


def wanted(database: Database) -> list[str]:
    with database.begin() as session:
        rows = session.execute(select(ContactWay).where(col(ContactWay.wanted_at).is_not(None))).scalars()
        return sorted(row.userid for row in rows)


def staff(database: Database, **values: object) -> None:
    with database.begin() as session:
        session.execute(update(Channel).where(col(Channel.state) == "e01pos").values(**values))


def test_a_scan_is_recorded_for_a_visitor_who_is_nobody_yet(client: Visitor, chain: Sample, database: Database) -> None:
    staff(database, associates=[1])
    answer = client.get(CODE)
    assert answer.status_code == 200
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


PICTURE = "https://wework.example.com/qr/1.png"


def test_the_code_s_picture_may_come_from_wecom_and_from_nowhere_else(
    client: Visitor, chain: Sample, database: Database
) -> None:
    staff(database, associates=[1])
    way(database, "E01a", config_id="w1", qr_url=PICTURE)
    answer = client.get(CODE)
    assert f'src="{PICTURE}"' in answer.text
    assert "refresh" not in answer.headers
    assert "img-src 'self' data: https://wework.example.com;" in answer.headers["content-security-policy"]
    assert "wework" not in client.get("/sign-in").headers["content-security-policy"]
    assert wanted(database) == []


def test_a_code_that_is_not_made_yet_is_asked_for_and_the_page_looks_again(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    staff(database, associates=[1])
    first = client.get(CODE)
    assert "正在准备二维码" in first.text
    assert first.headers["refresh"] == "1; url=/q/e01pos?look=1"
    assert wanted(database) == ["E01a"]
    clock.advance(timedelta(minutes=1))
    assert client.get(f"{CODE}?look=1").headers["refresh"].endswith("look=2")
    assert len(scans(database)) == 1, "a further look of the page is no scan"
    last = client.get(f"{CODE}?look=6")
    assert "refresh" not in last.headers
    assert "暂时无法显示" in last.text


def test_an_address_with_a_look_that_was_passed_on_is_a_scan_of_whoever_opens_it(
    client: Visitor, chain: Sample, database: Database
) -> None:
    client.get(f"{CODE}?look=2")
    assert len(scans(database)) == 1


def test_until_a_code_is_made_another_account_with_a_code_receives(
    client: Visitor, chain: Sample, database: Database
) -> None:
    staff(database, associates=[1], backups=[2])
    way(database, "E02a", config_id="w2", qr_url=PICTURE)
    assert PICTURE in client.get(CODE).text
    assert wanted(database) == ["E01a"]


def test_when_wecom_makes_no_code_for_anybody_the_page_says_so_and_asks_nothing(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock
) -> None:
    staff(database, associates=[1])
    later = clock.now() + timedelta(hours=1)
    way(database, "E01a", failures=1, error="refused", not_before=later)
    answer = client.get(CODE)
    assert "暂时无法显示" in answer.text
    assert "refresh" not in answer.headers
    assert wanted(database) == []
    clock.set(later)
    assert "正在准备二维码" in client.get(CODE).text
    assert wanted(database) == ["E01a"]
