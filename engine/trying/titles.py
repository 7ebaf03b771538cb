"""What the things are called that effects and events name: coupon batches, customer groups, channels, stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy.orm import Session

from engine.database import direct
from rules.types import Json


def titles_of(session: Session, params: Iterable[Mapping[str, Json]]) -> dict[tuple[str, str], dict[str, str]]:
    """Titles in both languages by what is named, such as `("batch", "HOOK-2026")`, wherever in the params it is."""
    named = {pair for each in params for pair in _named(dict(each))}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for kind, query in _TITLES.items():
        keys = [key for name, key in named if name == kind]
        if keys:
            found.update({(kind, key): title for key, title in direct.rows(session, query, {"keys": keys})})
    return found


def _named(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in _TITLES and isinstance(item, str):
                yield name, item
            else:
                yield from _named(item)


_TITLES = {
    "batch": "SELECT key, title FROM coupon_batches WHERE key = ANY(%(keys)s)",
    "channel": "SELECT key, title FROM channels WHERE key = ANY(%(keys)s)",
    "store": "SELECT key, title FROM stores WHERE key = ANY(%(keys)s)",
    "chat": "SELECT chat_id, title FROM chats WHERE chat_id = ANY(%(keys)s)",
}
