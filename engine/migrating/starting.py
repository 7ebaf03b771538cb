"""The job that takes runs over, asked for in the transaction that publishes: which runs it means is fixed there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.definitions.models import Version
from engine.definitions.plans import Plans
from engine.jobs import store
from engine.jobs.kinds import MIGRATE
from engine.jobs.models import Job
from engine.migrating.asked import InFlight, InFlightError
from engine.migrating.proposal import propose


def begin(session: Session, version: Version, in_flight: InFlight, plans: Plans, *, by: str, now: datetime) -> Job:
    """Ask for the job that takes the live runs of older versions over to this one, which was just published.

    Raises InFlightError.
    """
    new = plans.get(session, version.bundle_hash)
    proposal = propose(session, version.key, new, in_flight, plans)
    if proposal.faults:
        raise InFlightError(proposal.faults)
    upto = session.connection().execute(_HIGHEST, {"journey": version.key}).scalar_one()
    args = {
        "journey": version.key,
        "to": version.n,
        "bundle": version.bundle_hash,
        **in_flight.to_json(),
        "from": {str(n): runs for n, runs in proposal.versions.items()},
        "upto": upto,
    }
    return store.create(session, MIGRATE, args, total=proposal.runs, by=by, now=now, stores="*")


_HIGHEST = text("SELECT COALESCE(max(id), 0) FROM runs WHERE journey = :journey")
