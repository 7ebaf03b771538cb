"""Why somebody entered: the occurrence whose event began a run, and by which condition it chose."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.occurrences.models import ChosenMember, Occurrence


def chosen_by(session: Session, seq: int) -> Occurrence | None:
    """The occurrence that told the member by this event; None where another event began the run."""
    wanted = select(Occurrence).join(ChosenMember, col(ChosenMember.occurrence_id) == col(Occurrence.id))
    return session.execute(wanted.where(col(ChosenMember.seq) == seq)).scalar_one_or_none()
