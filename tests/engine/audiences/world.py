"""A chain with members of every kind, awkward ones among them: facts missing, null, of a wrong type, at the edges."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from engine.database import direct
from engine.database.connection import Database
from engine.members.facts import Subject, read_all
from engine.members.fields import base_fields
from engine.members.models import Identity, Member
from engine.organisation.models import Associate, Channel, Chat, Region, Store
from engine.relations.models import Relation
from engine.seats.models import Seat
from engine.secrets.keyring import KeyRing
from rules.types import Declaration, Fields, Json
from tests.rules.ruleworld import declared

NOW = datetime(2026, 3, 9, 2, tzinfo=UTC)

OWN: Fields = declared(
    member__vip={"type": "boolean"}, member__spend={"type": "money", "currency": "CNY"}, member__debt={"type": "money"},
    member__weight={"type": "decimal"}, member__visits={"type": "integer"}, member__city={"type": "text"},
    member__level={"type": "enum", "values": ["gold", "silver"]}, member__interests={"type": "tags"},
    member__last_order_at={"type": "instant"}, member__first_order_at={"type": "instant"},
    member__joined_on={"type": "date"}, member__patience={"type": "duration"},
    member__home__district={"type": "text"}, member__scores={"type": "list", "of": {"type": "integer"}},
    store__rating={"type": "decimal"}, store__opened={"type": "date"},
)  # fmt: skip
"""Fields that HQ might add."""

FIELDS: Fields = {
    path: Declaration.model_validate({**declaration.model_dump(), "optional": True})
    for path, declaration in {**base_fields(), **OWN}.items()
    if not declaration.personal
}
"""All that an audience may name."""

POOLS: dict[str, list[Json]] = {
    "integer": [-100, -1, 0, 1, 2, 3, 7, 100, 10_000, 2**52 + 1, 2**53],
    "decimal": ["0", "-0", "0.1", "12.50", "12.5", "-3.75", "100", "0.000000000000000001", "99999999999999999999"],
    "money": [-500, 0, 1, 33, 100, 5_000, 2**53],
    "text": ["", "a", "ab", "Ab", "b", "é", "z", "%s", "食", "food", "food/tea", "小林", "\U0001f600", "\ufffd", "S1"],
    "tags": ["a", "b", "vip", "小林", "lin", "wr1", "east", "china"],
    "date": ["0001-01-01", "1899-12-31", "2000-02-29", "2001-02-28", "2025-12-31", "2026-03-08", "2026-03-09",
             "9999-12-31"],
    "instant": [
        "0001-01-02T00:00:00Z", "1899-12-31T23:59:59Z", "1986-05-03T18:00:00Z", "2000-02-29T12:00:00Z",
        "2025-03-09T06:59:59Z", "2025-03-09T07:00:00Z", "2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z",
        "2026-01-31T22:30:00-05:00", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00.000001Z", "2026-03-09T02:00:00Z",
        "2026-03-09T02:00:01Z", "2099-12-31T23:00:00Z", "2150-07-01T04:15:00Z", "9999-12-30T00:00:00Z",
    ],
    "duration": ["P0D", "P1D", "P7D", "P1M", "P1Y", "P100Y", "PT1H", "PT960H", "P1M3DT2H", "PT0.000001S"],
    "ref": ["S1", "S2", "lin", "east", "till"],
}  # fmt: skip
"""What rules and facts are made of, so that they meet."""

JUNK: list[Json] = [
    None, "x", "", 3, 3.0, 2.5, 1e300, -0.0, True, [], ["a", 1], [["a"]], {}, {"minor": 5, "currency": "USD"},
    {"minor": 5}, {"minor": 5.0, "currency": "CNY"}, {"currency": "CNY"}, "2026-02-30", "2026-1-1", "1e3", "一",
    "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-06-30T23:59:60Z", "2026-01-01T00:00:00.1234567Z",
    "2026-01-01T00:00:00+15:30", "0001-01-01T00:00:00+08:00", 2**53 + 2, 10**40, ["t"] * 150, "a" * 7_000,
]  # fmt: skip
"""What else may stand in an attribute."""


@dataclass(frozen=True)
class Row:
    """One member or store, and what closures are told about it."""

    id: int
    facts: dict[str, Any]


@dataclass(frozen=True)
class World:
    """What was made."""

    members: list[Row]
    stores: list[Row]


def build(database: Database, keys: KeyRing, *, members: int = 48, seed: int = 4) -> World:
    """Fills an empty database, and reads the facts of everybody once."""
    random = Random(seed)  # noqa: S311  made-up people
    with database.begin() as session:
        _chain(session, random)
        for number in range(members):
            _member(session, keys, random, number)
    with database.begin() as session:
        return World(_members(session, keys), _stores(session, keys))


def _members(session: Session, keys: KeyRing) -> list[Row]:
    rows = direct.rows(session, "SELECT id, store_id, owner_id FROM members ORDER BY id", {})
    facts = read_all(session, keys, [Subject(*row) for row in rows], paths=FIELDS, now=NOW)
    return [Row(row[0], found) for row, found in zip(rows, facts, strict=True)]


def _stores(session: Session, keys: KeyRing) -> list[Row]:
    ids = direct.scalars(session, "SELECT id FROM stores ORDER BY id", {})
    paths = [path for path in FIELDS if path.startswith("store.")]
    facts = read_all(session, keys, [Subject(None, one, None) for one in ids], paths=paths, now=NOW)
    return [Row(one, found) for one, found in zip(ids, facts, strict=True)]


def _chain(session: Session, random: Random) -> None:
    top = Region(key="china", title={"zh": "中国"})
    session.add(top)
    session.flush()
    session.add_all([Region(key=key, title={"zh": key}, parent_id=top.id) for key in ("east", "south")])
    session.flush()
    regions = dict(direct.rows(session, "SELECT key, id FROM regions", {}))
    titles: list[dict[str, str]] = [{"zh": "a", "en": "b"}, {"zh": "", "en": "小林"}, {"en": "S1"}, {}]
    for number, region in enumerate(("china", "east", "east", "south"), 1):
        session.add(Store(
            key=f"S{number}", title=titles[number - 1], region_id=regions[region],
            brand=random.choice([None, "a"]), ownership=random.choice(["own", "dealer"]), mode="centralised",
            price_kind=random.choice(["full", "outlet"]), address=random.choice([None, "食"]),
            details=_attributes(random, "store."),
        ))  # fmt: skip
    session.flush()
    for number, key in enumerate(("lin", "chen", "su"), 1):
        session.add(Associate(
            key=key, wecom_userid=None if key == "su" else f"wecom-{key}", store_id=None if key == "su" else number,
            name_enc=b"", active=key != "chen", role=random.choice(["associate", "store_manager"]),
        ))  # fmt: skip
    session.add_all([
        Channel(key="till", state="st1", title={}, kind="pos", store_id=1),
        Channel(key="shelf", state="st2", title={}, kind="shelf"),
        Chat(chat_id="wr1", title={}, store_id=1, kind="vip"), Chat(chat_id="wr2", title={}, store_id=1),
        Chat(chat_id="wr3", title={}, store_id=2, dismissed_at=NOW), Chat(chat_id="wr4", title={}),
    ])  # fmt: skip
    session.flush()


def _member(session: Session, keys: KeyRing, random: Random, number: int) -> None:
    at = NOW - timedelta(minutes=random.choice([0, 1, 60, 1_440, 44_640, 525_600]))
    member = Member(
        created_at=at, is_staff=random.random() < 0.2, attributes=_attributes(random, "member."),
        personal_enc=keys.seal_json({"nickname": "小林"}) if random.random() < 0.5 else None,
        store_id=random.choice([None, 1, 2, 3, 4]), owner_id=random.choice([None, 1, 2, 3]),
        first_channel_id=random.choice([None, 1]), last_channel_id=random.choice([None, 1, 2]),
    )  # fmt: skip
    session.add(member)
    session.flush()
    for associate in random.sample([1, 2, 3], random.choice([0, 0, 1, 2])):
        ended = at + timedelta(days=1) if random.random() < 0.3 else None
        full = at + timedelta(seconds=associate) if random.random() < 0.8 else None
        session.add(
            Relation(associate_id=associate, member_id=member.id, half_at=at, full_at=full, ended_at=ended, store_id=1)
        )
    for chat in random.sample([1, 2, 3, 4], random.choice([0, 0, 1, 2])):
        left = at + timedelta(days=1) if random.random() < 0.3 else None
        session.add(Seat(chat_id=chat, member_id=member.id, joined_at=at, left_at=left))
    if random.random() < 0.5:
        lookup, value = keys.lookup("member", str(number)), keys.seal(str(number).encode())
        session.add(Identity(kind="member", lookup=lookup, member_id=member.id, value_enc=value))


def _attributes(random: Random, scope: str) -> dict[str, Any]:
    """Values for the fields that stand as JSON, and for some that do not and must not be taken from there."""
    found: dict[str, Any] = {}
    for path, declaration in FIELDS.items():
        name, _, rest = path.removeprefix(scope).partition(".")
        luck = random.random()
        if not path.startswith(scope) or luck < 0.25:
            continue
        value = random.choice(JUNK) if luck < 0.35 else _value(random, declaration)
        found[name] = {rest: value} if rest and luck > 0.3 else value
    return json.loads(json.dumps(found))


def _value(random: Random, declaration: Declaration) -> Json:
    kind = declaration.value_type.kind
    match kind:
        case "boolean":
            return random.choice([True, False])
        case "tags":
            return [*random.sample(POOLS["tags"], random.randint(0, 3))]
        case "list":
            return [1, 2]
        case "money":
            minor = random.choice(POOLS["money"])
            return random.choice([minor, {"minor": minor, "currency": declaration.currency or "USD"}])
        case _:
            return random.choice([*(declaration.values or ()), *POOLS.get(kind, POOLS["text"])])
