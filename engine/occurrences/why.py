"""Why somebody entered: the occurrence whose event began a run, and by which condition it chose."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.occurrences.models import ChosenMember, Occurrence
from engine.runs.models import Run


def chosen_by(session: Session, seq: int) -> Occurrence | None:
    """The occurrence that told the member by this event; None where another event began the run."""
    wanted = select(Occurrence).join(ChosenMember, col(ChosenMember.occurrence_id) == col(Occurrence.id))
    return session.execute(wanted.where(col(ChosenMember.seq) == seq)).scalar_one_or_none()


def that_chose(session: Session, runs: Collection[int]) -> dict[int, Occurrence]:
    """The occurrence behind each of these runs; runs that another event began are left out."""
    wanted = select(col(Run.id), Occurrence).join(ChosenMember, col(ChosenMember.seq) == col(Run.entry_seq))
    wanted = wanted.join(Occurrence, col(Occurrence.id) == col(ChosenMember.occurrence_id))
    return dict(session.execute(wanted.where(col(Run.id).in_(runs))).all())
