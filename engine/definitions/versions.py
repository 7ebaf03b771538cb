"""Published versions: immutable documents, and the bundles they resolve to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.definitions.errors import UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.models import Bundle, Live, Version


def texts_of(session: Session, kind: str, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The documents of versions by key and number, as they were written; those that there are."""
    wanted = tuple_(col(Version.key), col(Version.n)).in_(versions)
    found = select(col(Version.key), col(Version.n), col(Version.document)).where(col(Version.kind) == kind, wanted)
    return {(key, n): document for key, n, document in session.execute(found)}


def read_version(session: Session, kind: Kind, key: str, n: int) -> Version:
    """One version. Raises UnknownDefinitionError."""
    version = session.get(Version, (kind, key, n))
    if version is None:
        raise UnknownDefinitionError(f"There is no version {n} of {kind}/{key}.")
    return version


def find_live_version(session: Session, kind: Kind, key: str) -> Version | None:
    """The version that is live (paused and retired ones included), if anything was published."""
    live = session.get(Live, (kind, key))
    return read_version(session, kind, key, live.version) if live else None


def live_bundles(session: Session, kind: Kind, keys: Collection[str]) -> dict[str, str]:
    """The hashes of the bundles that are live, by key; none for a key of which nothing was published."""
    live = (col(Live.kind) == col(Version.kind)) & (col(Live.key) == col(Version.key))
    found = (
        select(col(Version.key), col(Version.bundle_hash))
        .join(Live, live & (col(Live.version) == col(Version.n)))
        .where(col(Version.kind) == kind, col(Version.key).in_(keys))
    )
    return dict(session.execute(found).all())


def list_versions(
    session: Session, kind: Kind, key: str, *, limit: int, before: int | None = None
) -> Sequence[Version]:
    """Versions, newest first, from below `before` on."""
    chosen = select(Version).where(col(Version.kind) == kind, col(Version.key) == key)
    if before is not None:
        chosen = chosen.where(col(Version.n) < before)
    return session.execute(chosen.order_by(col(Version.n).desc()).limit(limit)).scalars().all()


def last_number(session: Session, kind: Kind, key: str) -> int:
    """The number of the newest version, 0 if there is none."""
    newest = select(func.max(col(Version.n))).where(col(Version.kind) == kind, col(Version.key) == key)
    return session.execute(newest).scalar_one() or 0


def bundle(session: Session, bundle_hash: str) -> dict[str, Any]:
    """All that a version resolves to. Raises UnknownDefinitionError."""
    found = session.get(Bundle, bundle_hash)
    if found is None:
        raise UnknownDefinitionError(f"There is no bundle {bundle_hash}.")
    return found.content
