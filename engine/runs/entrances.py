"""The live journeys as routing sees them: which of them an event may start, compiled once per change of the live set.

A journey that this process cannot compile (its activity type is gone, say) is an entrance all the same: a closed one.
Whoever might enter there waits until it is mended; everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from engine.database import direct
from engine.definitions.context import event_entries
from engine.definitions.live import LiveJourney, live_journeys
from engine.definitions.plans import Plans
from engine.journeys.plan import Plan, PlanError
from engine.journeys.start import BY_HAND
from engine.journeys.state import EventIn
from engine.runs.start import JourneyBrokenError

log = structlog.get_logger()


@dataclass(frozen=True)
class Entrance:
    """A live journey and its plan; None where it cannot be compiled here."""

    live: LiveJourney
    plan: Plan | None

    def lets_in(self, event: EventIn) -> bool:
        """Whether the journey was published, and not retired, when the event was accepted.

        One that was retired and cannot be compiled any more lets nobody in: nothing would ever mend it.
        """
        at, retired_at = event.accepted_at, self.live.retired_at
        still = retired_at is None or (at < retired_at and self.plan is not None)
        return at >= self.live.first_published_at and still

    def compiled(self) -> tuple[LiveJourney, Plan]:
        """The journey and its plan. Raises JourneyBrokenError."""
        if self.plan is None:
            raise JourneyBrokenError(self.live.key)
        return self.live, self.plan


@dataclass(frozen=True)
class Entrances:
    """The live journeys by the event types that start them, as of a revision."""

    revision: int
    by_type: Mapping[str, Sequence[Entrance]]
    by_key: Mapping[str, Entrance]

    def of(self, event: EventIn) -> Sequence[tuple[LiveJourney, Plan]]:
        """The journeys that an event may start. Raises JourneyBrokenError."""
        return [entrance.compiled() for entrance in self._named(event) if entrance.lets_in(event)]

    def may_start(self, event_type: str) -> bool:
        """Whether events of this type may start any journey."""
        return event_type == BY_HAND or event_type in self.by_type

    def _named(self, event: EventIn) -> Sequence[Entrance]:
        if event.type == BY_HAND:
            wanted = self.by_key.get(str(event.data.get("journey")))
            return [wanted] if wanted else []
        return self.by_type.get(event.type, [])


@dataclass
class EntranceCache:
    """The entrances as they were read last. Threads may share it: each is given one whole revision."""

    plans: Plans
    _latest: Entrances | None = None

    def read(self, session: Session) -> Entrances:
        """The entrances now. Only the revision is looked at unless it has changed."""
        latest = self._latest
        if latest is None or direct.scalars(session, _REVISION, {}) != [latest.revision]:
            latest = self._latest = self._compiled(session)
        return latest

    def _compiled(self, session: Session) -> Entrances:
        live = live_journeys(session)
        entrances = [Entrance(journey, self._plan(session, journey)) for journey in live.journeys]
        by_type: dict[str, list[Entrance]] = {}
        for entrance in entrances:
            for event_type in _entry_types(entrance):
                by_type.setdefault(event_type, []).append(entrance)
        return Entrances(live.revision, by_type, {one.live.key: one for one in entrances})

    def _plan(self, session: Session, journey: LiveJourney) -> Plan | None:
        try:
            return self.plans.get(session, journey.bundle_hash)
        except PlanError as error:
            log.warning("a live journey cannot be compiled", journey=journey.key, reason=str(error))
            return None


def _entry_types(entrance: Entrance) -> frozenset[str]:
    if entrance.plan is not None:
        return entrance.plan.entry_event_types
    return frozenset(event_type for event_type, _ in event_entries(entrance.live.document))


_REVISION = "SELECT revision FROM live_revision"
