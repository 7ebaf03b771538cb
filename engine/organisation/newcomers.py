"""Employees and groups of whom only WeCom has told: recorded at once, so that nothing about them is lost.

Headquarters describes them later (`PUT /associates/…`, `/group-chats/…`, a sync); until then they have no store and no
name. An employee gets a key like the userid, which fits almost always.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class GroupRecord:
    """A customer group as WeCom describes it; `owner` is a userid."""

    chat_id: str
    owner: str
    name: str
    created_at: datetime | None = None


def meet_associates(session: Session, userids: Iterable[str]) -> None:
    """Makes those employees known of whom there is no record by userid or key."""
    wanted = sorted({one for one in userids if one})
    if wanted:
        session.connection().execute(_MEET, {"userids": wanted, "keys": [key_for(one) for one in wanted]})


def rename(session: Session, userid: str, new: str) -> None:
    """An employee has a new userid, and keeps all that is known of them. Somebody who has it already stays apart."""
    session.connection().execute(_RENAME, {"userid": userid, "new": new})


def meet_chat(session: Session, group: GroupRecord) -> bool:
    """Makes a group known, at the store of its owner; whether it was new."""
    meet_associates(session, [group.owner])
    name = group.name or group.chat_id
    given = {"chat": group.chat_id, "name": name, "owner": group.owner, "at": group.created_at}
    return session.connection().execute(_MEET_CHAT, given).rowcount > 0


def key_for(userid: str) -> str:
    """The key of an employee of whom only WeCom has told."""
    if _KEY.fullmatch(userid):
        return userid
    return "wecom-" + hashlib.sha1(userid.encode(), usedforsecurity=False).hexdigest()[:16]


_MEET = text("""
    INSERT INTO associates (key, wecom_userid, role, active, capacity, friends_elsewhere)
    SELECT n.key, n.userid, 'associate', true, 20000, 0
    FROM unnest(CAST(:userids AS text[]), CAST(:keys AS text[])) AS n (userid, key)
    WHERE NOT EXISTS (SELECT 1 FROM associates a WHERE a.wecom_userid = n.userid OR a.key = n.userid)
    ORDER BY n.userid
    ON CONFLICT DO NOTHING""")
_RENAME = text("""
    UPDATE associates SET wecom_userid = :new WHERE wecom_userid = :userid
    AND NOT EXISTS (SELECT 1 FROM associates o WHERE o.wecom_userid = :new)""")
_MEET_CHAT = text("""
    INSERT INTO chats (chat_id, title, store_id, owner_id, hosts, kind, created_at)
    SELECT :chat, jsonb_build_object('zh', CAST(:name AS text), 'en', CAST(:name AS text)), a.store_id, a.id, '{}',
        'store', :at
    FROM (SELECT 1) AS one LEFT JOIN associates a ON a.wecom_userid = :owner
    ON CONFLICT DO NOTHING""")
