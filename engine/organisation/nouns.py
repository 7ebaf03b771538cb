"""How each noun of the chain goes between its row and its view."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from engine.organisation import views
from engine.organisation.errors import RegionLoopError, TakenError, UnknownReferenceError
from engine.organisation.kinds import CHANNEL_KINDS
from engine.organisation.models import Associate, Channel, Chat, ContactWay, Region, Store
from engine.seats.models import Seat
from engine.secrets.keyring import KeyRing

RowT = TypeVar("RowT", bound=SQLModel)
BodyT = TypeVar("BodyT", bound=views.Body)
ViewT = TypeVar("ViewT", bound=views.Body)


@dataclass(frozen=True)
class Noun(Generic[RowT, BodyT, ViewT]):
    """One kind of record: its table, the column of its key, and the two directions.

    `adopt` finds a record that stands under another key until somebody describes it.
    """

    name: str
    model: type[RowT]
    key: str
    new: Callable[[str], RowT]
    fill: Callable[[Session, KeyRing, RowT, BodyT], None]
    views: Callable[[Session, KeyRing, Sequence[RowT]], list[ViewT]]
    adopt: Callable[[Session, str, BodyT], RowT | None] = lambda _session, _key, _body: None


def _region_views(session: Session, _keys: KeyRing, rows: Sequence[Region]) -> list[views.Region]:
    names = _keys_of(session, Region, (row.parent_id for row in rows))
    return [
        views.Region(key=row.key, title=views.Title(**row.title), parent=names.get(row.parent_id or 0)) for row in rows
    ]


def _fill_region(session: Session, _keys: KeyRing, row: Region, body: views.RegionBody) -> None:
    row.title = body.title.model_dump()
    row.parent_id = _id_of(session, Region, body.parent, "/parent", "region")
    above = row.parent_id
    while above is not None:
        if above == row.id:
            raise RegionLoopError(row.key)
        above = session.get_one(Region, above).parent_id


def _store_views(session: Session, _keys: KeyRing, rows: Sequence[Store]) -> list[views.Store]:
    names = _keys_of(session, Region, (row.region_id for row in rows))
    return [
        views.Store.model_validate(
            {
                **row.details,
                "key": row.key,
                "title": row.title,
                "region": names[row.region_id],
                "brand": row.brand,
                "ownership": row.ownership,
                "price_kind": row.price_kind,
                "mode": row.mode,
                "address": row.address,
                "is_test": row.is_test,
            }
        )
        for row in rows
    ]


def _fill_store(session: Session, _keys: KeyRing, row: Store, body: views.StoreBody) -> None:
    row.title, row.brand, row.address = body.title.model_dump(), body.brand, body.address
    row.region_id = _id_of(session, Region, body.region, "/region", "region") or 0
    row.ownership, row.price_kind, row.mode, row.is_test = body.ownership, body.price_kind, body.mode, body.is_test
    location = {"location": body.location.model_dump()} if body.location else {}
    row.details = {**(body.model_extra or {}), **location}


def _associate_views(session: Session, keys: KeyRing, rows: Sequence[Associate]) -> list[views.Associate]:
    names = _keys_of(session, Store, (row.store_id for row in rows))
    return [
        views.Associate(
            key=row.key,
            name=None if row.name_enc is None else keys.open(row.name_enc).decode(),
            store=names.get(row.store_id or 0),
            wecom_userid=row.wecom_userid,
            role=row.role,
            active=row.active,
            run_by=row.run_by,
            capacity=row.capacity,
            left_at=row.left_at,
        )
        for row in rows
    ]


def _fill_associate(session: Session, keys: KeyRing, row: Associate, body: views.AssociateBody) -> None:
    userid = body.wecom_userid
    if userid is not None:
        owner = session.connection().execute(_OWNER, {"userid": userid, "key": row.key}).scalar()
        if owner is not None:
            raise TakenError("/wecom_userid", userid, f"the associate {owner!r}")
    row.name_enc, row.wecom_userid = keys.seal(body.name.encode()), userid
    row.store_id = _id_of(session, Store, body.store, "/store", "store")
    row.role, row.active, row.run_by, row.capacity = body.role, body.active, body.run_by, body.capacity
    if body.active:
        row.left_at = None


def _adopt_associate(session: Session, key: str, body: views.AssociateBody) -> Associate | None:
    """The account of which only WeCom has told so far (`newcomers`): HQ may give it another key."""
    if body.wecom_userid is None:
        return None
    wanted = select(Associate).where(
        col(Associate.wecom_userid) == body.wecom_userid,
        col(Associate.name_enc).is_(None),
        col(Associate.store_id).is_(None),
    )
    row = session.execute(wanted.with_for_update()).scalar_one_or_none()
    if row is not None:
        row.key = key
        session.flush()
    return row


def _chat_views(session: Session, _keys: KeyRing, rows: Sequence[Chat]) -> list[views.Chat]:
    stores = _keys_of(session, Store, (row.store_id for row in rows))
    people = _keys_of(session, Associate, (one for row in rows for one in (row.owner_id, *row.hosts)))
    counted = select(col(Seat.chat_id), func.count()).where(col(Seat.left_at).is_(None)).group_by(col(Seat.chat_id))
    seats = {row[0]: row[1] for row in session.execute(counted.where(col(Seat.chat_id).in_([row.id for row in rows])))}
    return [
        views.Chat(
            chat_id=row.chat_id,
            title=views.Title(**row.title),
            store=stores.get(row.store_id or 0),
            owner=people.get(row.owner_id or 0),
            hosts=[people[one] for one in row.hosts if one in people],
            kind=row.kind,
            created_at=row.created_at,
            dismissed_at=row.dismissed_at,
            seats=seats.get(row.id, 0),
        )
        for row in rows
    ]


def _fill_chat(session: Session, _keys: KeyRing, row: Chat, body: views.ChatBody) -> None:
    row.title, row.kind = body.title.model_dump(), body.kind
    row.store_id = _id_of(session, Store, body.store, "/store", "store")
    row.owner_id = _id_of(session, Associate, body.owner, "/owner", "associate")
    row.hosts = _ids_of_associates(session, body.hosts, "/hosts")


def _channel_views(session: Session, _keys: KeyRing, rows: Sequence[Channel]) -> list[views.Channel]:
    stores = _keys_of(session, Store, (row.store_id for row in rows))
    people = _keys_of(session, Associate, (one for row in rows for one in (*row.associates, *row.backups)))
    codes = _codes_of(session, [row.id for row in rows])
    return [
        views.Channel(
            key=row.key,
            title=views.Title(**row.title),
            kind=row.kind,
            channel_class=CHANNEL_KINDS[row.kind],
            store=stores.get(row.store_id or 0),
            associates=[people[one] for one in row.associates if one in people],
            backups=[people[one] for one in row.backups if one in people],
            hours=row.hours,
            expires_at=row.expires_at,
            state=row.state,
            wecom=next((codes[row.id, one] for one in (*row.associates, *row.backups) if (row.id, one) in codes), None),
        )
        for row in rows
    ]


def _codes_of(session: Session, channels: Sequence[int]) -> dict[tuple[int, int], views.WecomCode]:
    """WeCom's codes by channel and account."""
    wanted = (
        select(ContactWay, Associate)
        .join(Associate, col(Associate.wecom_userid) == col(ContactWay.userid))
        .where(col(ContactWay.channel_id).in_(channels), col(ContactWay.config_id).is_not(None))
    )
    return {
        (way.channel_id, who.id): views.WecomCode(associate=who.key, config_id=way.config_id or "", qr_code=way.qr_url)
        for way, who in session.execute(wanted)
    }


def _fill_channel(session: Session, _keys: KeyRing, row: Channel, body: views.ChannelBody) -> None:
    row.title, row.kind, row.hours, row.expires_at = body.title.model_dump(), body.kind, body.hours, body.expires_at
    row.store_id = _id_of(session, Store, body.store, "/store", "store")
    row.associates = _ids_of_associates(session, body.associates, "/associates")
    row.backups = _ids_of_associates(session, body.backups, "/backups")


def _new_state() -> str:
    """WeCom's name for a channel: short, opaque, at most 30 characters (facts/wecom.md, 0.9)."""
    return "c" + secrets.token_hex(7)


def _id_of(
    session: Session, model: type[Region | Store | Associate], key: str | None, pointer: str, noun: str
) -> int | None:
    if key is None:
        return None
    found = session.execute(select(col(model.id)).where(col(model.key) == key)).scalar_one_or_none()
    if found is None:
        raise UnknownReferenceError(pointer, noun, key)
    return found


def _ids_of_associates(session: Session, keys: Sequence[str], pointer: str) -> list[int]:
    rows = session.execute(select(col(Associate.key), col(Associate.id)).where(col(Associate.key).in_(keys)))
    known = {row.key: row.id for row in rows}
    for index, key in enumerate(keys):
        if key not in known:
            raise UnknownReferenceError(f"{pointer}/{index}", "associate", key)
    return [known[key] for key in dict.fromkeys(keys)]


def _keys_of(session: Session, model: type[Region | Store | Associate], ids: Iterable[int | None]) -> Mapping[int, str]:
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return {}
    rows = session.execute(select(col(model.id), col(model.key)).where(col(model.id).in_(wanted)))
    return {row.id: row.key for row in rows}


_OWNER = text("SELECT key FROM associates WHERE wecom_userid = :userid AND key <> :key")

REGIONS: Noun[Region, views.RegionBody, views.Region] = Noun(
    "region", Region, "key", lambda key: Region(key=key), _fill_region, _region_views
)
STORES: Noun[Store, views.StoreBody, views.Store] = Noun(
    "store", Store, "key", lambda key: Store(key=key), _fill_store, _store_views
)
ASSOCIATES: Noun[Associate, views.AssociateBody, views.Associate] = Noun(
    "associate", Associate, "key", lambda key: Associate(key=key), _fill_associate, _associate_views, _adopt_associate
)
CHATS: Noun[Chat, views.ChatBody, views.Chat] = Noun(
    "group-chat", Chat, "chat_id", lambda key: Chat(chat_id=key), _fill_chat, _chat_views
)
CHANNELS: Noun[Channel, views.ChannelBody, views.Channel] = Noun(
    "channel",
    Channel,
    "key",
    lambda key: Channel(key=key, state=_new_state(), kind="link"),
    _fill_channel,
    _channel_views,
)
NOUNS: Mapping[str, Noun[Any, Any, Any]] = {one.name: one for one in (REGIONS, STORES, ASSOCIATES, CHATS, CHANNELS)}
"""All nouns by name."""
