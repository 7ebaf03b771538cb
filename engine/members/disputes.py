"""Cases in which events say that two members are one and nothing merges by itself: kept once each, for a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.members.identities import Disputed


def record(session: Session, disputes: Sequence[tuple[Disputed, int | None]], *, now: datetime) -> None:
    """Keeps disputes with the place in the log of the event that raised them, if one did; each pair once."""
    for dispute, seq in disputes:
        given = {"a": dispute.member_a, "b": dispute.member_b, "seq": seq, "reason": dispute.reason, "now": now}
        session.connection().execute(_RECORD, given)


_RECORD = text("""
    INSERT INTO disputes (member_a, member_b, event_seq, reason, at)
    SELECT CAST(:a AS bigint), CAST(:b AS bigint), CAST(:seq AS bigint), CAST(:reason AS text), :now
    WHERE NOT EXISTS (
        SELECT 1 FROM disputes WHERE member_a = CAST(:a AS bigint) AND member_b = CAST(:b AS bigint)
        AND reason = CAST(:reason AS text))""")
