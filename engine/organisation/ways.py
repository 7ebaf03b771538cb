"""Contact ways: the code of WeCom behind which one account receives for one channel (facts/wecom.md, 3.3).

A way is wanted when a visitor should meet the account, and one for each channel ahead of its first visitor; a company
has 500,000 in all, so that none is made for everybody everywhere. The router role makes what is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.wecom.reception import Codes


@dataclass(frozen=True)
class Wanted:
    """A way that is to be made. `failures`: how often that did not succeed."""

    channel_id: int
    channel: str
    state: str
    userid: str
    failures: int


@dataclass(frozen=True)
class Ways:
    """The ways of one channel: pictures by userid, and for whom none can be made now."""

    pictures: Mapping[str, str]
    refused: frozenset[str]

    @property
    def codes(self) -> Codes:
        return Codes(self.pictures.keys(), self.refused)


def read(session: Session, channel_id: int, *, now: datetime) -> Ways:
    """What there is for a channel."""
    rows = session.connection().execute(_READ, {"channel": channel_id, "now": now}).all()
    return Ways({row.userid: row.qr_url for row in rows if row.qr_url}, frozenset(r.userid for r in rows if r.refused))


def want(session: Session, channel_id: int, userid: str, *, now: datetime) -> None:
    """Have a way made, unless there is one."""
    session.connection().execute(_WANT, {"channel": channel_id, "userid": userid, "now": now})


def want_ahead(session: Session, *, now: datetime, limit: int) -> int:
    """Have a way made for channels that have receivers and no code at all, the newest first; for how many."""
    return session.connection().execute(_WANT_AHEAD, {"now": now, "limit": limit}).rowcount


def lease(session: Session, *, now: datetime, until: datetime, limit: int) -> list[Wanted]:
    """Ways to make, for nobody else until then."""
    rows = session.connection().execute(_LEASE, {"now": now, "until": until, "limit": limit})
    return [Wanted(row.channel_id, row.key, row.state, row.userid, row.failures) for row in rows]


def made(session: Session, wanted: Wanted, config_id: str, picture: str | None) -> None:
    """Keep a new way. Of two made at once the first stays."""
    given = {"channel": wanted.channel_id, "userid": wanted.userid, "config": config_id, "picture": picture}
    session.connection().execute(_MADE, given)


def failed(session: Session, wanted: Wanted, reason: str, *, until: datetime) -> None:
    """It could not be made; it may be wanted anew after a rest."""
    given = {"channel": wanted.channel_id, "userid": wanted.userid, "reason": reason, "until": until}
    session.connection().execute(_FAILED, given)


_READ = text("""
    SELECT userid, qr_url, qr_url IS NULL AND (config_id IS NOT NULL OR (failures > 0 AND not_before > :now)) AS refused
    FROM contact_ways WHERE channel_id = :channel""")
_WANT = text("""
    INSERT INTO contact_ways AS w (channel_id, userid, wanted_at, failures) VALUES (:channel, :userid, :now, 0)
    ON CONFLICT (channel_id, userid) DO UPDATE SET wanted_at = EXCLUDED.wanted_at
    WHERE w.config_id IS NULL AND w.wanted_at IS NULL""")
_WANT_AHEAD = text("""
    INSERT INTO contact_ways AS w (channel_id, userid, wanted_at, failures)
    SELECT c.id, first.userid, :now, 0 FROM channels c CROSS JOIN LATERAL (
        SELECT a.wecom_userid AS userid FROM unnest(c.associates || c.backups) WITH ORDINALITY AS p(id, n)
        JOIN associates a ON a.id = p.id WHERE a.active AND a.activated AND a.wecom_userid IS NOT NULL
        ORDER BY p.n LIMIT 1) AS first
    WHERE (c.expires_at IS NULL OR c.expires_at > :now) AND NOT EXISTS (
        SELECT 1 FROM contact_ways o WHERE o.channel_id = c.id
        AND (o.config_id IS NOT NULL OR o.wanted_at IS NOT NULL OR o.not_before > :now))
    ORDER BY c.id DESC LIMIT :limit
    ON CONFLICT (channel_id, userid) DO UPDATE SET wanted_at = EXCLUDED.wanted_at
    WHERE w.config_id IS NULL AND w.wanted_at IS NULL""")
_LEASE = text("""
    WITH next AS MATERIALIZED (
        SELECT channel_id, userid FROM contact_ways
        WHERE wanted_at IS NOT NULL AND (not_before IS NULL OR not_before <= :now)
        ORDER BY wanted_at LIMIT :limit FOR UPDATE SKIP LOCKED)
    UPDATE contact_ways w SET not_before = :until FROM next, channels c
    WHERE c.id = w.channel_id AND (w.channel_id, w.userid) = (next.channel_id, next.userid)
    RETURNING w.channel_id, c.key, c.state, w.userid, w.failures""")
_MADE = text("""
    UPDATE contact_ways SET config_id = :config, qr_url = :picture,
        wanted_at = NULL, not_before = NULL, failures = 0, error = NULL
    WHERE channel_id = :channel AND userid = :userid AND config_id IS NULL""")
_FAILED = text("""
    UPDATE contact_ways SET failures = failures + 1, error = :reason, wanted_at = NULL, not_before = :until
    WHERE channel_id = :channel AND userid = :userid AND config_id IS NULL""")
