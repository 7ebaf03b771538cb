"""An event on its way in: parsed and checked, from whatever door it came through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rules.types import Json

INTERNAL = "waystation:"
"""Sources that begin so are the product's own; nobody outside may use them."""


@dataclass(frozen=True)
class IncomingEvent:
    """One event as ingest takes it: a CloudEvent's attributes and its `data`, already checked.

    `subject` and the items of `data.identities` are `<kind>:<value>`. `id` is the sender's: (source, id) is what makes
    a duplicate. Our own events may name their member by the internal `member_id`, with or without a subject.
    """

    source: str
    id: str
    type: str
    subject: str | None
    time: datetime
    data: dict[str, Json] = field(default_factory=dict)
    member_id: int | None = None


@dataclass(frozen=True)
class Rejection:
    """An event that was refused: its place in the batch, the place of the mistake in it, and how to mend it."""

    index: int
    pointer: str
    message: str


@dataclass(frozen=True)
class IngestResult:
    """What became of a batch. `seqs` are the places in the log, None for a duplicate or a rejected event.

    `merged`: so many members proved to be others.
    """

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...] = ()
    seqs: Sequence[int | None] = ()
    merged: int = 0
