"""The live set: which version of each journey takes events. A revision is counted up by every change of it.

Whoever changes the live set calls `change_live` first: changes stand in a row, and a reader that sees a revision sees
all that came before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.models import Live, LiveRevision, Version


@dataclass(frozen=True)
class LiveJourney:
    """A journey that was published. `state` is live, paused or retired; only live ones let people in.

    An event starts a run only if it was accepted at or after `first_published_at`, and before `retired_at`.
    """

    key: str
    version: int
    bundle_hash: str
    document: str
    first_published_at: datetime
    state: str
    retired_at: datetime | None


@dataclass(frozen=True)
class LiveSet:
    """All published journeys, as of a revision."""

    revision: int
    journeys: tuple[LiveJourney, ...]


def live_revision(session: Session) -> int:
    """The number of the last change of the live set."""
    return session.execute(select(col(LiveRevision.revision))).scalar_one()


def change_live(session: Session) -> int:
    """Lock the live set for a change until the transaction ends; the revision that the change will have."""
    counted = update(LiveRevision).values(revision=col(LiveRevision.revision) + 1).returning(col(LiveRevision.revision))
    return session.execute(counted).scalar_one()


def live_journeys(session: Session) -> LiveSet:
    """All published journeys, retired ones included. The revision is read first, so it is never too new."""
    revision = live_revision(session)
    rows = session.execute(
        select(
            col(Live.key),
            col(Live.version),
            col(Version.bundle_hash),
            col(Version.document),
            col(Live.first_published_at),
            col(Live.state),
            col(Live.retired_at),
        )
        .join(
            Version,
            (col(Version.kind) == col(Live.kind))
            & (col(Version.key) == col(Live.key))
            & (col(Version.n) == col(Live.version)),
        )
        .where(col(Live.kind) == "journey")
        .order_by(col(Live.key))
    )
    return LiveSet(revision, tuple(LiveJourney(*row) for row in rows))
