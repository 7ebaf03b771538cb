"""Why a run went its way, line by line of its timeline, as far as its turns recorded what they read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from engine.definitions.errors import UnknownDefinitionError
from engine.definitions.plans import Plans
from engine.definitions.versions import read_version
from engine.fields.personal import personal_now
from engine.journeys.plan import Plan, PlanError
from engine.journeys.trying.recorded import Because, Recorded, because
from engine.runs.models import Run
from engine.runs.record import open_reads
from engine.runs.timeline import TimelineItem
from engine.secrets.keyring import KeyRing


def reasons_of(
    session: Session, keys: KeyRing, plans: Plans, run: Run, timeline: Sequence[TimelineItem]
) -> list[Because | None]:
    """One for each line; None where nothing more is known. Each line is read by the version that wrote it.

    What is personal now, or ever was, is withheld from those lines too that were written when it was not.
    """
    personal = personal_now(session)
    lines = [_recorded(each, keys) for each in timeline]
    told: list[Because | None] = []
    for (first, last), plan in _written_by(session, plans, run, timeline):
        for place in range(first, last):
            before = lines[place - 1] if place else None
            told.append(because(plan, lines[place], before, personal) if plan else None)
    return told


def _written_by(
    session: Session, plans: Plans, run: Run, timeline: Sequence[TimelineItem]
) -> list[tuple[tuple[int, int], Plan | None]]:
    """The stretches of the timeline between migrations, each with the plan of its version."""
    crossings = [(place, each) for place, each in enumerate(timeline) if each.kind == "migrated"]
    parts: list[tuple[tuple[int, int], Plan | None]] = []
    begun = 0
    for place, crossing in crossings:
        version = crossing.detail.get("from")
        parts.append(((begun, place), _plan(session, plans, run, version if isinstance(version, int) else None)))
        begun = place
    return [*parts, ((begun, len(timeline)), _plan(session, plans, run, run.version))]


def _plan(session: Session, plans: Plans, run: Run, version: int | None) -> Plan | None:
    """The plan of a version; None where it is not known, or cannot be compiled here."""
    try:
        hash_ = run.bundle_hash
        if version != run.version:
            hash_ = read_version(session, "journey", run.journey, version or 0).bundle_hash
        return plans.get(session, hash_)
    except (UnknownDefinitionError, PlanError):
        return None


def _recorded(item: TimelineItem, keys: KeyRing) -> Recorded:
    reads = open_reads(item.sealed, keys) if item.sealed else {}
    return Recorded(item.kind, item.at, item.node, item.port, item.detail, reads)
