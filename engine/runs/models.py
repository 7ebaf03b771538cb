"""Tables of runs: where each stands, each turn that was decided, what it was given and what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, instant, json_list, json_value, long_text, number, reference, sealed


class Run(SQLModel, table=True):
    """One member's way through one journey. PostgreSQL is the truth about it; Temporal makes it go on.

    While it is live, `wake_at` is never null: the sweeper finds every run that should have moved. One that was ended
    from outside keeps it until its execution has been told. `execution` is what Temporal calls that of the last turn.
    `trimmed` says what retention has done with an ended one (engine.retention.runs).
    """

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("journey", "entry_seq"),
        UniqueConstraint("journey", "member_id", "n"),
        Index("ix_runs_wake", "wake_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_runs_paused", "journey", postgresql_where=text("status = 'paused'")),
        Index("ix_runs_called_off", "id", postgresql_where=text("ended_at IS NOT NULL AND wake_at IS NOT NULL")),
        Index("ix_runs_place", "journey", "status", "node"),
        Index("ix_runs_listing", "journey", "id"),
        Index(
            "ix_runs_standing",
            "journey",
            "version",
            "node",
            "status",
            postgresql_include=["store_id"],
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_runs_to_trim", "trimmed", "ended_at", postgresql_where=text("ended_at IS NOT NULL AND trimmed < 2")),
    )

    id: int = identity()
    journey: str
    version: int
    bundle_hash: str
    member_id: int = reference("members.id", index=True)
    n: int
    workflow_id: str = Field(unique=True)
    entry_seq: int = number()
    store_id: int | None = reference("stores.id", index=True, nullable=True)
    associate_id: int | None = reference("associates.id", nullable=True)
    channel_id: int | None = reference("channels.id", nullable=True)
    status: str = "running"
    node: str | None = None
    node_entered_at: datetime | None = instant(nullable=True)
    deadline: datetime | None = instant(nullable=True)
    state: dict[str, Any] = json_value()
    outcome: str | None = None
    entered_at: datetime = instant()
    now: datetime = instant()
    turn: int = 0
    wake_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    ended_seq: int | None = number(nullable=True)
    stuck_reason: str | None = None
    execution: str | None = None
    trimmed: int = 0


class Turn(SQLModel, table=True):
    """A turn, claimed by its insertion and decided once: its answer, its log and the fields that it read.

    No foreign key to `runs`: the claim comes before any other lock.
    """

    __tablename__ = "turns"

    run_id: int = Field(primary_key=True, sa_type=BigInteger)
    n: int = Field(primary_key=True)
    at: datetime = instant()
    answer: dict[str, Any] = json_value()
    log: list[dict[str, Any]] = json_list()
    reads: dict[str, Any] = json_value()


class Delivery(SQLModel, table=True):
    """An event handed to a run; `state` is new, kept, consumed or dropped."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_new", "run_id", postgresql_where=text("state = 'new'")),)

    run_id: int = reference("runs.id", primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    state: str = "new"
    at: datetime = instant()


class Effect(SQLModel, table=True):
    """What an activity node did or asks for; `state` is asked, started, settled, failed, cancelled or unknown.

    `contact` is what its type declares: none, reply or push. `known_as` is the key under which the world outside knows
    it, where a migration has given it another place.
    """

    __tablename__ = "effects"
    __table_args__ = (
        Index("ix_effects_settled", "journey", "node", "settled_at"),
        Index("ix_effects_open", "type", "asked_at", postgresql_where=text("settled_at IS NULL")),
    )

    run_id: int = reference("runs.id", primary_key=True)
    node: str = Field(primary_key=True)
    visit: int = Field(primary_key=True)
    journey: str
    type: str
    state: str = "asked"
    contact: str = "none"
    failures: int = 0
    params_enc: bytes | None = sealed()
    port: str | None = None
    result_enc: bytes | None = sealed()
    error: str | None = long_text(nullable=True)
    asked_at: datetime = instant()
    started_at: datetime | None = instant(nullable=True)
    settled_at: datetime | None = instant(nullable=True)
    known_as: str | None = None


class Call(SQLModel, table=True):
    """A journey node's question to another journey; its effect's row holds the answer. `state` is asked, entered (the
    called run is live and its end is waited for), then over; `taken` once the caller's turn has taken the answer.

    `seq` is the event that asks. `depth` counts the callers above. A call enters the version `bundle_hash`.
    """

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_seq", "seq"),
        Index("ix_calls_called", "called_run_id", postgresql_where=text("called_run_id IS NOT NULL")),
        Index("ix_calls_untaken", "run_id", postgresql_where=text("state = 'over' AND NOT taken")),
    )

    run_id: int = reference("runs.id", primary_key=True)
    node: str = Field(primary_key=True)
    visit: int = Field(primary_key=True)
    journey: str
    mode: str
    version: int | None = None
    bundle_hash: str | None = None
    attempt: int = 1
    depth: int = 1
    seq: int = number()
    called_run_id: int | None = number(nullable=True)
    state: str = "asked"
    taken: bool = False


class RunCommand(SQLModel, table=True):
    """What an operator asked of a run; taken by its next turn."""

    __tablename__ = "run_commands"
    __table_args__ = (Index("ix_run_commands_untaken", "run_id", postgresql_where=text("taken_turn IS NULL")),)

    id: int = identity()
    run_id: int = reference("runs.id")
    kind: str
    args: dict[str, Any] = json_value()
    by: str
    at: datetime = instant()
    taken_turn: int | None = None


class RunStage(SQLModel, table=True):
    """A stage of the funnel that a run has reached; once per stage.

    `firsts` are bits by which people are counted: whether this was the member's first time at the stage in the journey,
    and within the run's version, day, store and so on (`engine.funnel.people`).
    """

    __tablename__ = "run_stages"
    __table_args__ = (Index("ix_run_stages_again", "run_id", postgresql_where=text("firsts & 1 = 0")),)

    run_id: int = reference("runs.id", primary_key=True)
    stage: str = Field(primary_key=True)
    at: datetime = instant()
    entered_here: bool = False
    firsts: int = 0
    since_previous: float | None = None


class Pause(SQLModel, table=True):
    """An interval in which a journey, or one run of it, stood still; `mode` says what its deadlines do."""

    __tablename__ = "pauses"
    __table_args__ = (
        Index("ix_pauses_journey", "journey", postgresql_where=text("run_id IS NULL")),
        Index("ix_pauses_lasting", "journey", "run_id", postgresql_where=text("to_at IS NULL")),
    )

    id: int = identity()
    journey: str
    run_id: int | None = reference("runs.id", nullable=True, index=True)
    from_at: datetime = instant()
    to_at: datetime | None = instant(nullable=True)
    mode: str | None = None
