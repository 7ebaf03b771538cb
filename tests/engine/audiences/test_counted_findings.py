"""Findings with a box tell who is in it today, as far as whoever asks may see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg

from engine.audiences.counting import Counting
from engine.audiences.findings import MOST, with_counts
from engine.clock import FixedClock
from engine.database import direct
from engine.database.connection import Database
from engine.journeys.findings import Finding
from engine.members.fields import base_fields
from engine.members.models import Member
from engine.secrets.keyring import KeyRing
from rules.types import Json

FOUND = Finding("overlap", "error", "/rows/1", {"zh": "重叠", "en": "overlap"}, rows=("r1", "r2"))


def boxed(box: Mapping[str, Json]) -> Finding:
    return Finding(FOUND.code, FOUND.severity, FOUND.pointer, FOUND.message, rows=FOUND.rows, box=box)


def counts(database: Database, keys: KeyRing, clock: FixedClock, *findings: Finding) -> list[Mapping[str, int] | None]:
    with database.begin() as session:
        for points in (100, 200, 300):
            session.add(Member(created_at=clock.now(), attributes={"points": points}))
        session.flush()
        counting = Counting(session, keys, base_fields(), clock.now(), ZoneInfo("Asia/Shanghai"))
        return [found.count for found in with_counts(counting, findings)]


def test_a_box_tells_how_many_members_and_stores_are_in_it(
    database: Database, keys: KeyRing, clock: FixedClock
) -> None:
    found = counts(database, keys, clock, boxed({"member.points": {"from": 150}, "event.sales_channel": ["pos"]}))
    assert found == [{"members": 2, "stores": 0}]


def test_a_finding_without_a_box_has_no_count(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    assert counts(database, keys, clock, FOUND) == [None]


def test_what_cannot_be_counted_is_not_told_as_none(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    assert counts(database, keys, clock, boxed({"member.points": {"from": "many"}})) == [None]


def test_only_the_first_boxes_are_counted(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    found = counts(database, keys, clock, *(boxed({"member.points": [n]}) for n in range(MOST + 1)))
    assert (found[-2], found[-1]) == ({"members": 0, "stores": 0}, None)


def test_a_box_of_personal_data_is_not_counted(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    some: Json = {"from": 150}
    boxes = [boxed({"member.phone": "13800138000", "member.points": some}), boxed({"member.points": some})]
    assert counts(database, keys, clock, *boxes) == [None, {"members": 2, "stores": 0}]


def test_what_is_not_counted_in_time_leaves_the_rest_uncounted_and_the_transaction_whole(
    database: Database, database_url: str, keys: KeyRing, clock: FixedClock
) -> None:
    with psycopg.connect(database_url) as somebody, database.begin() as session:
        somebody.execute("LOCK TABLE members IN ACCESS EXCLUSIVE MODE")
        zone, patience = ZoneInfo("Asia/Shanghai"), timedelta(milliseconds=50)
        counting = Counting(session, keys, base_fields(), clock.now(), zone, patience=patience)
        found = with_counts(counting, [boxed({"member.points": [n]}) for n in range(3)])
        assert [each.count for each in found] == [None, None, None]
        assert direct.rows(session, "SELECT current_setting('statement_timeout')", {}) == [("0",)]
