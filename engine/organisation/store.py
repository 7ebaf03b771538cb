"""The chain by key. A write replaces the whole record; references are resolved, or refused by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.organisation.nouns import BodyT, Noun, RowT, ViewT
from engine.secrets.keyring import KeyRing


@dataclass(frozen=True)
class Written(Generic[ViewT]):
    """What a write made; `before` is None when the record is new."""

    view: ViewT
    before: ViewT | None


def read(session: Session, keys: KeyRing, noun: Noun[RowT, BodyT, ViewT], key: str) -> ViewT | None:
    """The record of this key, if it is in sight."""
    row = _row(session, noun, key)
    return None if row is None else noun.views(session, keys, [row])[0]


def read_list(
    session: Session, keys: KeyRing, noun: Noun[RowT, BodyT, ViewT], *, after: str = "", limit: int = 50
) -> Sequence[ViewT]:
    """Records by key, those after one key."""
    column = col(getattr(noun.model, noun.key))
    wanted = select(noun.model).where(column > after).order_by(column).limit(limit)
    return noun.views(session, keys, list(session.execute(wanted).scalars()))


def write(session: Session, keys: KeyRing, noun: Noun[RowT, BodyT, ViewT], key: str, body: BodyT) -> Written[ViewT]:
    """Makes the record what `body` says. Raises OrganisationError. Writers of one key wait for each other."""
    lock(session, noun, key)
    row = _row(session, noun, key)
    before = None if row is None else noun.views(session, keys, [row])[0]
    if row is None:
        row = noun.adopt(session, key, body) or noun.new(key)
    noun.fill(session, keys, row, body)
    session.add(row)
    session.flush()
    return Written(noun.views(session, keys, [row])[0], before)


def lock(session: Session, noun: Noun[RowT, BodyT, ViewT], key: str) -> None:
    """Holds off other writers of this key until the transaction ends."""
    session.connection().execute(_LOCK, {"name": f"{noun.name}/{key}"})


def _row(session: Session, noun: Noun[RowT, BodyT, ViewT], key: str) -> RowT | None:
    column = col(getattr(noun.model, noun.key))
    return session.execute(select(noun.model).where(column == key)).scalar_one_or_none()


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
