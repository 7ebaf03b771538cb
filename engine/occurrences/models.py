"""Tables of occurrences: the clock of each live entry, whom its occurrences chose, and of whom a condition holds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, number, reference

State = Literal["choosing", "deciding", "issuing", "done", "skipped", "stopped"]
"""choosing: nobody was looked at yet. deciding: SQL left some to closures. issuing: the chosen are told one page after
the other. Then done; skipped: it told nobody; stopped: it told not all of them."""

Reason = Literal["late", "too-old", "paused", "first-check", "changed", "retired", "too-slow"]
"""Why an occurrence was skipped or stopped. late: a later one of the entry was due already. too-old: older than the
journey's `entry_max_age`. first-check: of whom a condition was true when its journey was published does not enter."""


class EntryClock(SQLModel, table=True):
    """An entry of a live journey: when its next occurrence is due; None where somebody gives it.

    `checked_at` is the latest check that was finished, of one that becomes true; `issue_at` when its rate lets the next
    page be told.
    """

    __tablename__ = "entry_clocks"
    __table_args__ = (Index("ix_entry_clocks_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),)

    journey: str = Field(primary_key=True)
    entry: str = Field(primary_key=True)
    since: datetime = instant()
    next_at: datetime | None = instant(nullable=True)
    checked_at: datetime | None = instant(nullable=True)
    issue_at: datetime = instant()


class Occurrence(SQLModel, table=True):
    """One time that an entry chose members. `name` stands in the event that tells each of them.

    `version` and `hash` say by which condition they were chosen; of an entry that becomes true `since` is the
    last check that was finished before. `chosen` and `issued` count members; `by` is who gave a list.
    """

    __tablename__ = "occurrences"
    __table_args__ = (
        UniqueConstraint("journey", "name"),
        Index("ix_occurrences_entry", "journey", "entry", "id"),
        Index("ix_occurrences_open", "at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_occurrences_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: int = identity()
    journey: str
    name: str
    entry: str
    form: str
    at: datetime = instant()
    since: datetime | None = instant(nullable=True)
    version: int
    hash: str
    state: str = "choosing"
    reason: str | None = None
    chosen: int = 0
    issued: int = 0
    by: str | None = None
    opened_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class ChosenMember(SQLModel, table=True):
    """A member whom an occurrence chose; `doubtful` until closures have decided. `seq` is the event that told them.

    `fate` says what became of it: `entered`, `holdout`, or why the journey did not let them in.
    """

    __tablename__ = "chosen_members"
    __table_args__ = (
        Index("ix_chosen_members_left", "occurrence_id", "member_id", postgresql_where=text("seq IS NULL")),
        Index("ix_chosen_members_issued", "occurrence_id", "issued_at"),
        Index("ix_chosen_members_member", "member_id"),
        Index("ix_chosen_members_seq", "seq", postgresql_where=text("seq IS NOT NULL")),
    )

    occurrence_id: int = reference("occurrences.id", primary_key=True)
    member_id: int = reference("members.id", primary_key=True)
    doubtful: bool = False
    seq: int | None = number(nullable=True)
    issued_at: datetime | None = instant(nullable=True)
    fate: str | None = None


class EntryTruth(SQLModel, table=True):
    """A member of whom the condition of an entry that becomes true held at its last check, and since which check."""

    __tablename__ = "entry_truths"

    journey: str = Field(primary_key=True)
    entry: str = Field(primary_key=True)
    member_id: int = reference("members.id", primary_key=True, index=True)
    since: datetime = instant()
