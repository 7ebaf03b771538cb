"""Where each field of a member, their home store and their owner stands in the database.

`store.*` are the fields of the member's home store, `associate.*` those of their owner. A field means in SQL what
`engine.members.facts` reads: a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.audiences.stored import stored
from engine.members.fields import base_fields
from rules.sql import EASY_WORK, Column, sql_type
from rules.types import Declaration, Fields, Type

Of: TypeAlias = Literal["members", "stores"]
"""What is counted: members (as `m`), or stores (as `s`)."""


SCOPES = ("member.", "store.", "associate.")
"""Where the fields begin that an audience has."""


@dataclass(frozen=True)
class Place(Column):
    """A column and the tables that it needs beside the first: names in `JOINS`, or joins of its own."""

    joins: tuple[str, ...] = ()


def columns_of(fields: Fields, unreadable: frozenset[str], of: Of = "members") -> dict[str, Place]:
    """The columns of those fields that have one. `unreadable` are names of attributes that stand elsewhere."""
    found = {path: _place(path, declaration, unreadable) for path, declaration in fields.items()}
    scopes = ("store.",) if of == "stores" else SCOPES
    return {path: place for path, place in found.items() if place is not None and path.startswith(scopes)}


def joined(places: Iterable[Place], of: Of) -> str:
    """The FROM of a statement that reads these columns."""
    wanted = dict.fromkeys(name for place in places for name in place.joins)
    first = "members m" if of == "members" else "stores s"
    known = [join for name, join in JOINS.items() if name in wanted and not (of == "stores" and name == "store")]
    return "\n".join([first, *known, *(join for join in wanted if join not in JOINS)])


def _place(path: str, declaration: Declaration, unreadable: frozenset[str]) -> Place | None:
    known, type_ = _KNOWN.get(path), declaration.value_type
    if declaration.personal:
        return None
    if known is not None:
        return known if sql_type(type_) == sql_type(base_fields()[path].value_type) else None
    scope, _, rest = path.partition(".")
    name, *steps = rest.split(".")
    if scope == "member" and name not in unreadable and f"member.{name}" not in _KNOWN:
        return _in_json(f"m.attributes -> '{_quoted(name)}'", steps, type_, ())
    if scope == "store" and f"store.{name}" not in _KNOWN:
        return _in_json(f"s.details -> '{_quoted(name)}'", steps, type_, ("store",))
    return None


def _in_json(first: str, steps: Iterable[str], type_: Type, joins: tuple[str, ...]) -> Place:
    json = " -> ".join([first, *(f"'{_quoted(step)}'" for step in steps)])
    return _as_place(stored(f"({json})", type_), joins)


def _as_place(column: Column, joins: tuple[str, ...]) -> Place:
    return Place(column.value, column.present, column.fault, column.json, joins)


def _quoted(name: str) -> str:
    """A name within a literal of a statement whose parameters are marked by per cent signs."""
    return name.replace("'", "''").replace("%", "%%")


def _always(value: str) -> Place:
    return Place(value, "TRUE")


def _where_set(value: str, *joins: str) -> Place:
    return Place(value, f"({value} IS NOT NULL)", joins=joins)


def _tags(array: str, present: str, *joins: str) -> Place:
    """Keys of other rows; more of them than are easily read are left to closures."""
    return Place(array, present, f"COALESCE(cardinality({array}) > {EASY_WORK}, FALSE)", joins=joins)


_TOLD_NUMBER = stored("(m.attributes -> 'number')", Type("text")).present
_IN_STORE = "(s.id IS NOT NULL)"

_KNOWN: Mapping[str, Place] = {
    "member.id": _always("m.id::text"),
    "member.created_at": _always("m.created_at"),
    "member.is_staff": _always("m.is_staff"),
    "member.friend": Place("(friends.member_id IS NOT NULL)", "TRUE", joins=("friends",)),
    "member.friend_since": _where_set("friends.since", "friends"),
    "member.friend_of": _tags("COALESCE(friends.keys, '{}')", "TRUE", "friends"),
    "member.in_group": Place("(groups.member_id IS NOT NULL)", "TRUE", joins=("groups",)),
    "member.in_groups": _tags("COALESCE(groups.keys, '{}')", "TRUE", "groups"),
    "member.registered": Place("(registered.member_id IS NOT NULL)", "TRUE", joins=("registered",)),
    "member.number": Place(None, f"(registered.member_id IS NOT NULL OR {_TOLD_NUMBER})", joins=("registered",)),
    "member.store": _where_set("s.key", "store"),
    "member.owner": _where_set("o.key", "owner"),
    "member.first_channel": _where_set("first_channel.key", "first_channel"),
    "member.last_channel": _where_set("last_channel.key", "last_channel"),
    "store.key": _where_set("s.key", "store"),
    "store.title": _where_set(
        "(CASE WHEN s.id IS NOT NULL THEN"
        " COALESCE(NULLIF(s.title ->> 'zh', ''), NULLIF(s.title ->> 'en', ''), '') END)", "store",
    ),
    "store.region": _where_set("region.key", "store", "region"),
    "store.regions": _tags("above.keys", _IN_STORE, "store", "above"),
    "store.brand": _where_set("s.brand", "store"),
    "store.ownership": _where_set("s.ownership", "store"),
    "store.price_kind": _where_set("s.price_kind", "store"),
    "store.mode": _where_set("s.mode", "store"),
    "store.address": _where_set("s.address", "store"),
    "store.group_chat": _as_place(
        stored("COALESCE(to_jsonb(chat.chat_id), s.details -> 'group_chat')", Type("text")), ("store", "chat")
    ),
    "associate.key": _where_set("o.key", "owner"),
    "associate.userid": _where_set("o.wecom_userid", "owner"),
    "associate.role": _where_set("o.role", "owner"),
    "associate.active": _where_set("o.active", "owner"),
    "associate.store": _where_set("owner_store.key", "owner", "owner_store"),
}  # fmt: skip

JOINS: Mapping[str, str] = {
    "store": "LEFT JOIN stores s ON s.id = m.store_id",
    "region": "LEFT JOIN regions region ON region.id = s.region_id",
    "above": """LEFT JOIN (
        WITH RECURSIVE up AS (
            SELECT id AS region_id, key, parent_id, 0 AS step FROM regions
            UNION ALL
            SELECT up.region_id, r.key, r.parent_id, up.step + 1 FROM up JOIN regions r ON r.id = up.parent_id
            WHERE up.step < 32
        )
        SELECT region_id, array_agg(key::text ORDER BY step) AS keys FROM up GROUP BY region_id
    ) above ON above.region_id = s.region_id""",
    "chat": """LEFT JOIN (
        SELECT DISTINCT ON (store_id) store_id, chat_id FROM chats WHERE dismissed_at IS NULL
        ORDER BY store_id, (kind = 'store') DESC, id DESC
    ) chat ON chat.store_id = s.id""",
    "owner": "LEFT JOIN associates o ON o.id = m.owner_id",
    "owner_store": "LEFT JOIN stores owner_store ON owner_store.id = o.store_id",
    "first_channel": "LEFT JOIN channels first_channel ON first_channel.id = m.first_channel_id",
    "last_channel": "LEFT JOIN channels last_channel ON last_channel.id = m.last_channel_id",
    "friends": """LEFT JOIN (
        SELECT r.member_id, min(r.full_at) AS since, array_agg(a.key::text) AS keys
        FROM relations r JOIN associates a ON a.id = r.associate_id
        WHERE r.full_at IS NOT NULL AND r.ended_at IS NULL AND a.active GROUP BY r.member_id
    ) friends ON friends.member_id = m.id""",
    "groups": """LEFT JOIN (
        SELECT t.member_id, array_agg(c.chat_id::text) AS keys
        FROM seats t JOIN chats c ON c.id = t.chat_id WHERE t.left_at IS NULL GROUP BY t.member_id
    ) groups ON groups.member_id = m.id""",
    "registered": """LEFT JOIN (
        SELECT DISTINCT member_id FROM identities WHERE kind = 'member'
    ) registered ON registered.member_id = m.id""",
}
"""Each table that a column may need, in an order in which each finds those that it builds on."""
