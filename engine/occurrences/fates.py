"""What became of the chosen: written by routing in the transaction that lets them in, or does not."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sqlalchemy.orm import Session

from engine.database import direct
from engine.journeys.audience_entries import MATCHED, SOURCE
from engine.journeys.state import EventIn

Fate: TypeAlias = Literal["entered", "holdout", "once", "live", "cooldown", "paused", "too-old", "retired", "changed"]
"""`once`, `live`, `cooldown`: re-entry refused. `changed`: the live version has no such entry any more."""


def is_ours(event: EventIn) -> bool:
    """Whether the event tells of somebody whom an occurrence chose."""
    return event.type == MATCHED and event.source == SOURCE


def note(session: Session, seq: int, fate: Fate) -> None:
    """Keep what became of whom this event told."""
    direct.execute(session, _NOTE, {"seq": seq, "fate": fate})


_NOTE = "UPDATE chosen_members SET fate = %(fate)s WHERE seq = %(seq)s"
