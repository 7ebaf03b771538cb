"""One event while it is being accepted: what arrived, and what ingest has found out about it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from engine.events.incoming import IncomingEvent
from engine.organisation.references import Place
from rules.types import Json


@dataclass
class Entry:
    """`type` and `data` are those of the log: ledgers may change them before the event is appended.

    `personal` holds what was taken out of `data`, by JSON pointer. `heard` says whether journeys name the type.
    """

    index: int
    event: IncomingEvent
    digest: bytes
    type: str
    data: dict[str, Json]
    place: Place
    subject: str | None = None
    personal: dict[str, Json] = field(default_factory=dict)
    member_id: int | None = None
    seq: int = 0
    heard: bool = True

    @property
    def time(self) -> datetime:
        """The event's own time."""
        return self.event.time

    @property
    def channel_id(self) -> int | None:
        """The channel that the event names."""
        return self.place.channel_id

    @property
    def store_id(self) -> int | None:
        """The store that the event belongs to."""
        return self.place.store_id

    @property
    def associate_id(self) -> int | None:
        """The associate that the event names."""
        return self.place.associate_id

    def text(self, name: str) -> str | None:
        """A field of `data`, if it is a text."""
        value = self.data.get(name)
        return value if isinstance(value, str) else None
