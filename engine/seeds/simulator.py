"""The seeded chain as the WeCom simulator takes it (`POST /control/load`).

Without it a look at WeCom would find that none of the seeded friendships exist, and end them.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.secrets.keyring import KeyRing
from rules.types import Json

PART = "chain-1"
"""The simulator takes each part once, so that what happened there since stays."""


def simulator_load(session: Session, keys: KeyRing) -> dict[str, Json]:
    """Staff, groups, people with their ids, and friendships, from the database. Times are ISO 8601."""
    return {
        "part": PART,
        "departments": _departments(session),
        "associates": _associates(session, keys),
        "people": _people(session, keys),
        "relations": _relations(session, keys),
        "chats": _chats(session, keys),
    }


def _departments(session: Session) -> list[Json]:
    root: Json = {"id": 1, "parentid": 0, "name": "驿程果园 · 演示连锁"}
    stores = session.execute(text("SELECT id, title FROM stores ORDER BY id"))
    return [root, *({"id": 1 + row.id, "parentid": 1, "name": row.title["zh"]} for row in stores)]


def _associates(session: Session, keys: KeyRing) -> list[Json]:
    rows = session.execute(
        text("""
        SELECT wecom_userid, key, name_enc, store_id, capacity, friends_elsewhere FROM associates
        WHERE wecom_userid IS NOT NULL AND active ORDER BY id
        """)
    )
    return [
        {
            "userid": row.wecom_userid,
            "name": keys.open(bytes(row.name_enc)).decode() if row.name_enc else row.key,
            "department": 1 + (row.store_id or 0),
            "capacity": row.capacity,
            "friends_elsewhere": row.friends_elsewhere,
        }
        for row in rows
    ]


def _people(session: Session, keys: KeyRing) -> list[Json]:
    """Whoever WeCom knows; the external id serves as the person's name in the control interface."""
    rows = session.execute(
        text("""
        SELECT external.value_enc AS external_userid, union_id.value_enc AS unionid, open_id.value_enc AS openid,
            members.personal_enc
        FROM identities AS external
        JOIN members ON members.id = external.member_id
        LEFT JOIN identities AS union_id ON union_id.member_id = members.id AND union_id.kind = 'unionid'
        LEFT JOIN identities AS open_id ON open_id.member_id = members.id AND open_id.kind = 'openid'
        WHERE external.kind = 'external_userid' ORDER BY members.id
        """)
    )
    return [
        {
            "person": _opened(keys, row.external_userid),
            "external_userid": _opened(keys, row.external_userid),
            "unionid": _opened(keys, row.unionid),
            "openid": _opened(keys, row.openid),
            "name": keys.open_json(bytes(row.personal_enc)).get("nickname") if row.personal_enc else None,
        }
        for row in rows
    ]


def _relations(session: Session, keys: KeyRing) -> list[Json]:
    """The friendships of today, and those that a customer ended: WeCom keeps listing these. Of a pair the newest first,
    which is the one that the simulator takes.
    """
    rows = session.execute(
        text("""
        SELECT wecom_userid, identities.value_enc, state, full_at, ended_at, COALESCE(add_way, 0) AS add_way
        FROM relations
        JOIN associates ON associates.id = associate_id
        JOIN identities ON identities.member_id = relations.member_id AND identities.kind = 'external_userid'
        LEFT JOIN channels ON channels.id = channel_id
        WHERE full_at IS NOT NULL AND (ended_at IS NULL OR ended_by = 'customer') AND wecom_userid IS NOT NULL
        ORDER BY relations.id DESC
        """)
    )
    return [
        {
            "associate": row.wecom_userid,
            "external_userid": _opened(keys, row.value_enc),
            "state": row.state,
            "stage": "full" if row.ended_at is None else "lost",
            "add_way": row.add_way,
            "at": row.full_at.isoformat(),
        }
        for row in rows
    ]


def _chats(session: Session, keys: KeyRing) -> list[Json]:
    seats: dict[int, list[Json]] = {}
    for row in session.execute(
        text("""
        SELECT chat_id, value_enc FROM seats
        JOIN identities ON identities.member_id = seats.member_id AND identities.kind = 'external_userid'
        WHERE left_at IS NULL ORDER BY seats.id
        """)
    ):
        seats.setdefault(row.chat_id, []).append(_opened(keys, row.value_enc))
    chats = session.execute(
        text("""
        SELECT chats.id, chats.chat_id, title, wecom_userid, member_version, created_at FROM chats
        JOIN associates ON associates.id = owner_id WHERE dismissed_at IS NULL ORDER BY chats.id
        """)
    )
    return [
        {
            "chat_id": row.chat_id,
            "owner": row.wecom_userid,
            "name": row.title["zh"],
            "members": seats.get(row.id, []),
            "member_version": row.member_version,
            "created_at": row.created_at.isoformat() if row.created_at else None,
        }
        for row in chats
    ]


def _opened(keys: KeyRing, sealed: bytes | None) -> str | None:
    return keys.open(bytes(sealed)).decode() if sealed is not None else None
