"""From the keys that events carry to the records of the chain: one statement per kind of record and batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col, or_

from engine.organisation.models import Associate, Channel, Chat, Store
from rules.types import Json


@dataclass(frozen=True)
class Place:
    """Where one event happened, as internal ids; what is unknown or not named is None.

    `store_id` is the event's own (`named_store_id`), else its channel's, its associate's, its chat's, the taker's.
    """

    channel_id: int | None = None
    named_store_id: int | None = None
    store_id: int | None = None
    associate_id: int | None = None
    associate_store_id: int | None = None
    chat_id: int | None = None
    chat_store_id: int | None = None
    from_id: int | None = None
    to_id: int | None = None
    to_store_id: int | None = None


@dataclass
class _Found:
    """Records by every name that events use for them."""

    channels: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    states: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    stores: dict[str, int] = field(default_factory=dict)
    associates: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    chats: dict[str, tuple[int, int | None]] = field(default_factory=dict)


def places(session: Session, datas: Sequence[Mapping[str, Json]]) -> list[Place]:
    """The place of each event, by the keys in its `data`; an associate may be named by WeCom userid."""
    found = _Found()
    _read_channels(session, found, _named(datas, "channel"), _named(datas, "state"))
    if keys := _named(datas, "store"):
        rows = session.execute(select(col(Store.key), col(Store.id)).where(col(Store.key).in_(keys)))
        found.stores = {row.key: row.id for row in rows}
    _read_associates(session, found, _named(datas, "associate", "from", "to"))
    if ids := _named(datas, "chat"):
        wanted = select(col(Chat.chat_id), col(Chat.id), col(Chat.store_id)).where(col(Chat.chat_id).in_(ids))
        found.chats = {chat_id: (chat, store) for chat_id, chat, store in session.execute(wanted)}
    return [_place(data, found) for data in datas]


def _read_channels(session: Session, found: _Found, keys: list[str], states: list[str]) -> None:
    if not keys and not states:
        return
    wanted = select(col(Channel.id), col(Channel.key), col(Channel.state), col(Channel.store_id)).where(
        or_(col(Channel.key).in_(keys), col(Channel.state).in_(states))
    )
    for channel, key, state, store in session.execute(wanted):
        found.channels[key] = found.states[state] = (channel, store)


def _read_associates(session: Session, found: _Found, names: list[str]) -> None:
    if not names:
        return
    wanted = select(col(Associate.id), col(Associate.key), col(Associate.wecom_userid), col(Associate.store_id)).where(
        or_(col(Associate.key).in_(names), col(Associate.wecom_userid).in_(names))
    )
    rows = session.execute(wanted).all()
    for associate, _, userid, store in rows:
        if userid:
            found.associates[userid] = (associate, store)
    for associate, key, _, store in rows:
        found.associates[key] = (associate, store)


def _named(datas: Iterable[Mapping[str, Json]], *names: str) -> list[str]:
    given = {data.get(name) for data in datas for name in names}
    return sorted(one for one in given if isinstance(one, str) and one)


_NOBODY: tuple[None, None] = (None, None)


def _place(data: Mapping[str, Json], found: _Found) -> Place:
    def name(key: str) -> str:
        value = data.get(key)
        return value if isinstance(value, str) else ""

    channel, channel_store = found.channels.get(name("channel")) or found.states.get(name("state")) or _NOBODY
    associate, associate_store = found.associates.get(name("associate")) or _NOBODY
    chat, chat_store = found.chats.get(name("chat")) or _NOBODY
    giver, _ = found.associates.get(name("from")) or _NOBODY
    taker, taker_store = found.associates.get(name("to")) or _NOBODY
    store = found.stores.get(name("store"))
    return Place(
        channel_id=channel,
        named_store_id=store,
        store_id=store or channel_store or associate_store or chat_store or taker_store,
        associate_id=associate,
        associate_store_id=associate_store,
        chat_id=chat,
        chat_store_id=chat_store,
        from_id=giver,
        to_id=taker,
        to_store_id=taker_store,
    )
