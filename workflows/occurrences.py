"""The chores of entries that are no events: open what is due, choose its members, tell them. Any number of routers do
it side by side: each row is one router's at a time, and a transaction that is lost leaves it as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import retrying
from engine.database.connection import Database
from engine.definitions.plans import Plans
from engine.occurrences import choosing, issuing, opening
from engine.secrets.keyring import KeyRing
from workflows.measures import CHOSEN_TOLD, OCCURRENCE_LAG, OCCURRENCES
from workflows.router import Chore

EVERY_SECOND = 1.0


@dataclass(frozen=True)
class Occurrences:
    """The chores of one database."""

    database: Database
    clock: Clock
    keys: KeyRing
    plans: Plans

    def all(self) -> list[Chore]:
        """Three, so that a long look at all members keeps nobody from being told."""
        return [
            Chore("open occurrences", EVERY_SECOND, self.open),
            Chore("choose members", EVERY_SECOND, self.choose),
            Chore("tell the chosen", EVERY_SECOND, self.tell),
        ]

    async def open(self) -> None:
        """Open what is due."""
        await asyncio.to_thread(self.open_all)

    async def choose(self) -> None:
        """Choose the members of what was opened."""
        await asyncio.to_thread(self.choose_all)

    async def tell(self) -> None:
        """Tell the chosen, as quickly as rates and the routers' work allow."""
        await asyncio.to_thread(self.tell_all)

    def open_all(self) -> None:
        """The same, for whoever has a thread."""
        with self.database.begin() as session:
            due = opening.due_clocks(session, self.clock.now())
        for journey, entry in due:
            now = self.clock.now()
            with self.database.begin() as session:
                opened = opening.open_due(session, journey, entry, plans=self.plans, now=now)
                counted = [(each.state, each.reason, each.at) for each in opened]
            for state, reason, at in counted:
                OCCURRENCES.labels(reason or "opened").inc()
                if state == "choosing":
                    OCCURRENCE_LAG.observe((now - at).total_seconds())

    def choose_all(self) -> None:
        """The same."""
        with self.database.begin() as session:
            waiting = choosing.unchosen(session)
        for each in waiting:
            self._until_done(choosing.choose_page, each)

    def tell_all(self) -> None:
        """The same."""
        with self.database.begin() as session:
            waiting = issuing.untold(session, self.clock.now())
        for each in waiting:
            CHOSEN_TOLD.inc(self._until_done(issuing.tell_page, each))

    def _until_done(self, page: Callable[..., int], occurrence: int) -> int:
        """One transaction after the other, until one finds nothing to do; what they did."""
        done = 0

        def work(session: Session) -> int:
            return page(session, occurrence, plans=self.plans, keys=self.keys, now=self.clock.now())

        while some := retrying.run(self.database, work):
            done += some
        return done
