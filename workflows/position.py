"""What passes between the shell in Temporal and the turn in our database: numbers and keys, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

JOURNEYS_QUEUE = "waystation-journeys"
"""The task queue of the shell and its turns; any number of workers serve it."""


def queue_name(queue: str) -> str:
    """The task queue of remote types that share a rate (`wecom`, `outside`)."""
    return f"waystation-{queue}"


@dataclass(frozen=True)
class Position:
    """Where an execution stands: the run, and the number of the turn to ask for next."""

    run: int
    turn: int


@dataclass(frozen=True)
class Answer:
    """What a turn tells the shell.

    `next` is the turn to ask for next time, `done` that the run has ended, `effect` the key of a remote effect that is
    to be executed on `queue`, `wake_at` when the run itself wants to go on at the latest, `node` where it stands.
    `stale`: this was decided before it was asked for, so it may not know what woke the shell: ask for the next one.
    """

    next: int
    done: bool = False
    node: str | None = None
    wake_at: datetime | None = None
    effect: str | None = None
    queue: str | None = None
    stale: bool = False

    def to_json(self) -> dict[str, Any]:
        """The answer as it is kept with the turn and in histories: as short as may be."""
        kept = {name: value for name, value in vars(self).items() if value not in (None, False)}
        return {**kept, "wake_at": self.wake_at.isoformat()} if self.wake_at else kept

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Answer:
        """Read what `to_json` wrote."""
        wake_at = kept.get("wake_at")
        return cls(**{**kept, "wake_at": datetime.fromisoformat(wake_at) if wake_at else None})
