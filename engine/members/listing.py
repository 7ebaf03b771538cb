"""Lists of members, by what outside systems filter them by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class MemberFilter:
    """What members must be; None asks nothing. Stores and chats by key."""

    member_id: int | None = None
    friend: bool | None = None
    in_group: bool | None = None
    owner_store: str | None = None
    store: str | None = None
    registered: bool | None = None


@dataclass(frozen=True)
class MemberLine:
    """One member of a list."""

    id: int
    created_at: datetime
    friend: bool
    in_group: bool
    registered: bool
    store: str | None
    owner: str | None
    owner_store: str | None


def list_members(
    session: Session, wanted: MemberFilter, *, before: int | None = None, limit: int = 50
) -> list[MemberLine]:
    """Members that are no aliases, newest first."""
    given: dict[str, Any] = {
        "member": wanted.member_id,
        "friend": wanted.friend,
        "in_group": wanted.in_group,
        "owner_store": wanted.owner_store,
        "store": wanted.store,
        "registered": wanted.registered,
        "before": before,
        "limit": limit,
    }
    rows = session.connection().execute(_LIST, given)
    return [
        MemberLine(
            row.id, row.created_at, row.friend, row.in_group, row.registered, row.store, row.owner, row.owner_store
        )
        for row in rows
    ]


_LIST = text("""
    SELECT m.id, m.created_at, f.friend, g.in_group, n.registered, s.key AS store, o.key AS owner, p.key AS owner_store
    FROM members m
    LEFT JOIN stores s ON s.id = m.store_id
    LEFT JOIN associates o ON o.id = m.owner_id
    LEFT JOIN stores p ON p.id = o.store_id
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM relations r JOIN associates a ON a.id = r.associate_id
        WHERE r.member_id = m.id AND r.full_at IS NOT NULL AND r.ended_at IS NULL AND a.active) AS friend) f
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM seats t WHERE t.member_id = m.id AND t.left_at IS NULL) AS in_group) g
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM identities i WHERE i.member_id = m.id AND i.kind = 'member') AS registered) n
    WHERE m.merged_into IS NULL
      AND (CAST(:member AS bigint) IS NULL OR m.id = :member)
      AND (CAST(:before AS bigint) IS NULL OR m.id < :before)
      AND (CAST(:friend AS boolean) IS NULL OR f.friend = :friend)
      AND (CAST(:in_group AS boolean) IS NULL OR g.in_group = :in_group)
      AND (CAST(:registered AS boolean) IS NULL OR n.registered = :registered)
      AND (CAST(:store AS text) IS NULL OR s.key = :store)
      AND (CAST(:owner_store AS text) IS NULL OR p.key = :owner_store)
    ORDER BY m.id DESC LIMIT :limit""")
