"""Where a sync stands: which employees come next, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Employee:
    """An associate with a WeCom account."""

    id: int
    key: str
    userid: str


def next_employees(session: Session, *, after: str, limit: int) -> list[Employee]:
    """Those on the staff by userid, behind one of them."""
    rows = session.connection().execute(_NEXT, {"after": after, "limit": limit})
    return [Employee(row.id, row.key, row.userid) for row in rows]


def employee(session: Session, userid: str) -> Employee | None:
    """One who is on the staff."""
    row = session.connection().execute(_ONE, {"userid": userid}).first()
    return Employee(row.id, row.key, row.userid) if row else None


def unseen_employees(session: Session, *, since: datetime, after: int, limit: int) -> list[Employee]:
    """Those on the staff who were in no department since then, by id."""
    rows = session.connection().execute(_UNSEEN, {"since": since, "after": after, "limit": limit})
    return [Employee(row.id, row.key, row.userid) for row in rows]


def count_employees(session: Session) -> int:
    """How many are on the staff."""
    return int(session.connection().execute(_COUNT).scalar_one())


def has_friends(session: Session, associate_id: int) -> bool:
    """Whether the ledger holds an open relation of an associate."""
    return session.connection().execute(_FRIENDS, {"id": associate_id}).first() is not None


def open_chats(session: Session, owners: Sequence[str], *, unowned: bool) -> list[str]:
    """The groups that we believe to stand of these owners, by userid; `unowned` adds those of nobody we know."""
    given = {"owners": list(owners), "unowned": unowned}
    return list(session.connection().execute(_CHATS, given).scalars())


_NEXT = text("""
    SELECT id, key, wecom_userid AS userid FROM associates
    WHERE active AND wecom_userid COLLATE "C" > :after ORDER BY wecom_userid COLLATE "C" LIMIT :limit""")
_ONE = text("SELECT id, key, wecom_userid AS userid FROM associates WHERE active AND wecom_userid = :userid")
_UNSEEN = text("""
    SELECT id, key, wecom_userid AS userid FROM associates
    WHERE active AND wecom_userid IS NOT NULL AND (seen_at IS NULL OR seen_at < :since) AND id > :after
    ORDER BY id LIMIT :limit""")
_COUNT = text("SELECT count(*) FROM associates WHERE active AND wecom_userid IS NOT NULL")
_FRIENDS = text("SELECT 1 FROM relations WHERE associate_id = :id AND ended_at IS NULL LIMIT 1")
_CHATS = text("""
    SELECT c.chat_id FROM chats c LEFT JOIN associates a ON a.id = c.owner_id
    WHERE c.dismissed_at IS NULL AND (a.wecom_userid = ANY(:owners) OR (:unowned AND a.wecom_userid IS NULL))
    ORDER BY c.id""")
