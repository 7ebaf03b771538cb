"""What our ledger knows of a customer group, and what is written of it besides seats.

Seats belong to members, WeCom names external userids: a member may have several of them, after a merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.members.handles import Handle
from engine.members.identities import lookups
from engine.organisation.newcomers import GroupRecord, meet_associates, meet_chat
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import GroupChat, instant
from engine.wecom.meanings import ChatUpdate, KnownChat, SeatSpan


def read(
    session: Session, keys: KeyRing, chat_id: str, asked: Collection[str], *, leaving: Iterable[str] = ()
) -> KnownChat:
    """The group as far as a change needs it: everyone who sits there, and the past of whoever is `asked` about."""
    hashes = {value: handle.value for handle, value in _hashes(keys, asked).items()}
    version = session.connection().execute(_VERSION, {"chat": chat_id}).scalar_one_or_none()
    rows = session.connection().execute(_SEATS, {"chat": chat_id, "hashes": list(hashes)}).all()
    named = [(row, hashes.get(bytes(row.lookup)) or keys.open(bytes(row.value_enc)).decode()) for row in rows]
    spans: dict[str, list[SeatSpan]] = {}
    for row, userid in _one_name_each(named, asked):
        spans.setdefault(userid, []).append(SeatSpan(row.joined_at, row.left_at))
    return KnownChat(
        chat_id=chat_id,
        member_version=version,
        members=frozenset(one for one, seats in spans.items() if any(seat.left_at is None for seat in seats)),
        spans=spans,
        staff=_staff(session, asked, hashes),
        leaving=frozenset(leaving),
    )


def note(session: Session, look: GroupChat) -> None:
    """Make the group known if it is not."""
    created_at = instant(look.create_time) if look.create_time else None
    meet_chat(session, GroupRecord(look.chat_id, look.owner, look.name, created_at))


def write(session: Session, update: ChatUpdate, *, at: datetime, renamed: bool = False) -> None:
    """What an update at that time says of the group itself. HQ's own title stays unless the group was `renamed`."""
    if update.owner:
        meet_associates(session, [update.owner])
    session.connection().execute(
        _WRITE,
        {
            "chat": update.chat_id,
            "version": update.version,
            "certain": update.certain and not update.dismissed,
            "owner": update.owner,
            "name": update.name if renamed else None,
            "dismissed": at if update.dismissed else None,
        },
    )


def _hashes(keys: KeyRing, userids: Iterable[str]) -> dict[Handle, bytes]:
    return lookups(keys, (Handle("external_userid", one) for one in userids))


def _one_name_each(named: list[tuple[Any, str]], asked: Collection[str]) -> list[tuple[Any, str]]:
    """Of a member with several names those that are asked about, else the first: a seat is nobody else's."""
    wanted, first = set(asked), dict[int, str]()
    met = {row.member_id for row, userid in named if userid in wanted}
    for row, userid in named:
        first.setdefault(row.member_id, userid)
    return [
        (row, userid)
        for row, userid in named
        if userid in wanted or (row.member_id not in met and first[row.member_id] == userid)
    ]


def _staff(session: Session, asked: Collection[str], hashes: dict[bytes, str]) -> frozenset[str]:
    """Employees of ours, and contacts who are staff of other companies: they hold no seats."""
    ours = session.connection().execute(_EMPLOYEES, {"userids": list(asked)}).scalars()
    others = session.connection().execute(_OTHER_STAFF, {"hashes": list(hashes)}).scalars()
    return frozenset({*ours, *(hashes[bytes(one)] for one in others)})


_VERSION = text("SELECT member_version FROM chats WHERE chat_id = :chat")
_SEATS = text("""
    SELECT s.member_id, i.lookup, i.value_enc, s.joined_at, s.left_at
    FROM chats c
    JOIN seats s ON s.chat_id = c.id
    JOIN identities i ON i.member_id = s.member_id AND i.kind = 'external_userid'
    WHERE c.chat_id = :chat AND (s.left_at IS NULL OR s.member_id IN (
        SELECT member_id FROM identities WHERE kind = 'external_userid' AND lookup = ANY(:hashes)))
    ORDER BY s.member_id, i.lookup, s.joined_at""")
_EMPLOYEES = text("SELECT wecom_userid FROM associates WHERE wecom_userid = ANY(:userids)")
_OTHER_STAFF = text("""
    SELECT i.lookup FROM identities i JOIN members m ON m.id = i.member_id
    WHERE i.kind = 'external_userid' AND i.lookup = ANY(:hashes) AND m.is_staff""")
_WRITE = text("""
    UPDATE chats SET
        member_version = CASE WHEN :certain THEN COALESCE(:version, member_version) END,
        owner_id = COALESCE((SELECT id FROM associates WHERE wecom_userid = CAST(:owner AS text)), owner_id),
        title = CASE WHEN CAST(:name AS text) IS NULL THEN title
            ELSE jsonb_build_object('zh', CAST(:name AS text), 'en', CAST(:name AS text)) END,
        dismissed_at = COALESCE(:dismissed, dismissed_at)
    WHERE chat_id = :chat""")
