"""Reads the event log: events as rules see them, and a member's events in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.events.models import Event
from engine.events.personal import put_back
from engine.organisation.records import Record, records
from engine.secrets.keyring import KeyRing
from rules.types import Json


class Logged(Protocol):
    """An event of the log, or one on its way there."""

    @property
    def seq(self) -> int: ...
    @property
    def member_id(self) -> int | None: ...
    @property
    def type(self) -> str: ...
    @property
    def time(self) -> datetime: ...
    @property
    def channel_id(self) -> int | None: ...
    @property
    def store_id(self) -> int | None: ...
    @property
    def associate_id(self) -> int | None: ...
    @property
    def data(self) -> dict[str, Json]: ...


def events_facts(
    session: Session, events: Sequence[Logged], *, keys: KeyRing | None = None
) -> dict[int, dict[str, Json]]:
    """What rules see as `event.*`, by place in the log: `data` with `type` and `time`, references as records.

    A reference that we do not know is `{"key": …}`. With the key ring, personal parts stand at their places again.
    """
    known = records(
        session,
        channels=(one.channel_id for one in events if one.channel_id),
        stores=(one.store_id for one in events if one.store_id),
        associates=(one.associate_id for one in events if one.associate_id),
    )
    found: dict[int, dict[str, Json]] = {}
    for event in events:
        facts = dict(event.data)
        if keys is not None and isinstance(event, Event) and event.personal_enc is not None:
            facts = put_back(facts, keys.open_json(event.personal_enc))
        for name, record in (
            ("channel", known.channels.get(event.channel_id or 0)),
            ("store", known.stores.get(event.store_id or 0)),
            ("associate", known.associates.get(event.associate_id or 0)),
        ):
            _refer(facts, name, record)
        found[event.seq] = {**facts, "type": event.type, "time": instant_text(event.time)}
    return found


def plain_facts(event: Logged) -> dict[str, Json]:
    """The same of one event for rules that name no channel, store or associate: without personal parts and records."""
    return {**event.data, "type": event.type, "time": instant_text(event.time)}


def instant_text(at: datetime) -> str:
    """An instant as facts and answers carry it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def events_of(
    session: Session, member_id: int, *, after: int = 0, types: Iterable[str] | None = None, limit: int | None = None
) -> list[Event]:
    """A member's events in order of acceptance, those after a place in the log, if asked only some types."""
    wanted = select(Event).where(col(Event.member_id) == member_id, col(Event.seq) > after).order_by(col(Event.seq))
    if types is not None:
        wanted = wanted.where(col(Event.type).in_(sorted(set(types))))
    if limit is not None:
        wanted = wanted.limit(limit)
    return list(session.execute(wanted).scalars())


def _refer(facts: dict[str, Json], name: str, record: Record | None) -> None:
    given = facts.get(name)
    if record is not None:
        facts[name] = {key: value for key, value in record.items() if value is not None}
    elif isinstance(given, str):
        facts[name] = {"key": given}
