"""The things that documents name: searched by what an author types, and told by their titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Text, cast, or_, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from engine.coupons.models import CouponBatch
from engine.definitions.listing import list_shown
from engine.organisation.models import Associate, Channel, Chat, Region, Store
from rules.limits import is_storable
from rules.types import Json

MOST = 12
DEFINED = frozenset({"ruleset", "journey", "task"})
"""Kinds of things that are definitions themselves."""


@dataclass(frozen=True)
class Thing:
    """What a document may name: the key that it writes, and what people call it."""

    key: str
    title: Json


def search_things(session: Session, kind: str, typed: str, most: int = MOST) -> list[Thing]:
    """The things of a kind whose key or title holds all words that were typed; those that begin with it first.

    Only what the session may see; none of a kind that is not known.
    """
    words = typed.casefold().split()
    if kind in DEFINED:
        found = [Thing(shown.key, shown.title) for shown in list_shown(session, kind)]
        return _nearest([each for each in found if _holds(each, words)], typed)[:most]
    table = _TABLES.get(kind)
    if table is None or not is_storable(typed):
        return []
    chosen = table.rows()
    for word in words:
        like = f"%{_literally(word)}%"
        chosen = chosen.where(or_(*(cast(column, Text).ilike(like, escape="\\") for column in table.searched)))
    rows = session.execute(chosen.order_by(table.key).limit(10 * most)).all()
    return _nearest([Thing(key, title) for key, title in rows], typed)[:most]


def find_thing(session: Session, kind: str, key: str) -> Thing | None:
    """The thing with this key, if there is one that the session may see."""
    if not is_storable(key):
        return None
    if kind in DEFINED:
        return next((Thing(shown.key, shown.title) for shown in list_shown(session, kind, [key])), None)
    table = _TABLES.get(kind)
    if table is None:
        return None
    row = session.execute(table.rows().where(table.key == key)).first()
    return Thing(row[0], row[1]) if row else None


def _nearest(found: Sequence[Thing], typed: str) -> list[Thing]:
    begun = typed.strip().casefold()
    return sorted(found, key=lambda each: (each.key.casefold() != begun, not _begins(each, begun), each.key))


def _begins(thing: Thing, begun: str) -> bool:
    return any(text.startswith(begun) for text in _texts(thing))


def _holds(thing: Thing, words: Sequence[str]) -> bool:
    said = " ".join(_texts(thing))
    return all(word in said for word in words)


def _texts(thing: Thing) -> list[str]:
    titles = thing.title.values() if isinstance(thing.title, dict) else [thing.title]
    return [thing.key.casefold(), *(title.casefold() for title in titles if isinstance(title, str))]


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@dataclass(frozen=True)
class _Table:
    """Where things of a kind are kept: their key, their title, what is searched, and which of them can be named."""

    model: type[SQLModel]
    key: Any
    title: Any
    only: Callable[[], Sequence[Any]] = tuple

    @property
    def searched(self) -> tuple[Any, Any]:
        return (self.key, self.title)

    def rows(self) -> Select[Any]:
        return select(self.key, self.title).where(*self.only())


_TABLES: Mapping[str, _Table] = {
    "coupon-batch": _Table(CouponBatch, col(CouponBatch.key), col(CouponBatch.title)),
    "chat": _Table(Chat, col(Chat.chat_id), col(Chat.title), lambda: (col(Chat.dismissed_at).is_(None),)),
    "channel": _Table(Channel, col(Channel.key), col(Channel.title)),
    "store": _Table(Store, col(Store.key), col(Store.title)),
    "region": _Table(Region, col(Region.key), col(Region.title)),
    "associate": _Table(Associate, col(Associate.key), col(Associate.wecom_userid), lambda: (col(Associate.active),)),
}
