"""Members and journeys that choose some of them, with the router's work done by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlmodel import col

from engine.clock import FixedClock
from engine.database import direct
from engine.database.connection import Database
from engine.definitions import life
from engine.events import queue
from engine.journeys.plan import Plan
from engine.members.models import Member
from engine.occurrences import clocks
from engine.occurrences.models import ChosenMember, EntryTruth, Occurrence
from engine.secrets.keyring import KeyRing
from rules.types import Json
from tests.workflows.world import World
from workflows.occurrences import Occurrences

GOLD: Json = {"==": [{"var": "member.tier"}, "gold"]}
NODES: dict[str, Json] = {
    "stay": {"type": "delay", "for": "P30D", "ports": {"done": "end"}},
    "end": {"type": "end", "outcome": "over"},
}
FIELDS: dict[str, Json] = {
    "member.tier": {"type": "text", "optional": True},
    "member.joined_on": {"type": "date", "optional": True},
    "member.patience": {"type": "duration", "optional": True},
}


def journey(key: str = "test", **parts: Any) -> dict[str, Any]:
    """A journey that whoever enters stays in for a month."""
    return {
        "schema": "waystation/journey@1", "key": key, "entry": [], "fields": FIELDS, "start": "stay", "nodes": NODES,
        **parts,
    }  # fmt: skip


def daily(at: str = "09:00", audience: Json = GOLD, **more: Json) -> dict[str, Json]:
    """An entry every day."""
    return {"schedule": "FREQ=DAILY", "at": at, "audience": audience, **more}


@dataclass
class Chosen:
    """A world in which entries choose. Its clock is set by hand."""

    database: Database
    keys: KeyRing
    clock: FixedClock
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.database, self.clock, self.keys)
        self.version = 0

    @property
    def work(self) -> Occurrences:
        return Occurrences(self.database, self.clock, self.keys, self.world.plans)

    def publish(self, document: dict[str, Any]) -> Plan:
        """Make the journey live, as publishing does."""
        self.version += 1
        hashed = self.world.publish(document, self.version)
        with self.database.begin() as session:
            plan = self.world.plans.get(session, hashed)
            clocks.follow(session, plan, now=self.clock.now())
        return plan

    def retire(self, key: str = "test") -> None:
        with self.database.begin() as session:
            life.retire(session, key, by="test", now=self.clock.now())

    def people(self, *tiers: str | None, **attributes: Json) -> list[int]:
        """Members, one for each tier."""
        with self.database.begin() as session:
            made = [
                Member(created_at=self.clock.now(), attributes={**({"tier": tier} if tier else {}), **attributes})
                for tier in tiers
            ]
            session.add_all(made)
            session.flush()
            return [one.id for one in made]

    def change(self, member: int, **attributes: Json) -> None:
        with self.database.begin() as session:
            session.get_one(Member, member).attributes = attributes

    def until(self, moment: str | datetime) -> None:
        """Let it be this time of 2026 in Shanghai; `01-08 09:00`, say."""
        self.clock.set(moment if isinstance(moment, datetime) else datetime.fromisoformat(f"2026-{moment}:00+08:00"))

    def look(self, *, tell: bool = True) -> None:
        """What the router's chores do in one round."""
        self.work.open_all()
        self.work.choose_all()
        if tell:
            self.work.tell_all()

    def tell_and_route(self) -> None:
        self.look()
        self.route()

    def route(self) -> None:
        with self.database.begin() as session:
            now = self.clock.now()
            members = queue.lease(session, "test", now=now, until=now + timedelta(seconds=30), limit=100_000)
        for member in members:
            with self.database.begin() as session:
                self.world.route_member(session, member)

    def occurrences(self) -> list[Occurrence]:
        with self.database.begin() as session:
            found = list(session.execute(select(Occurrence).order_by(col(Occurrence.at), col(Occurrence.id))).scalars())
            session.expunge_all()
            return found

    def told(self) -> list[tuple[str, int, int]]:
        """State or reason of each occurrence, how many it chose, how many it told."""
        return [(each.reason or each.state, each.chosen, each.issued) for each in self.occurrences()]

    def fates(self) -> dict[int, str | None]:
        with self.database.begin() as session:
            return {one.member_id: one.fate for one in session.execute(select(ChosenMember)).scalars()}

    def truths(self) -> list[int]:
        with self.database.begin() as session:
            return sorted(session.execute(select(col(EntryTruth.member_id))).scalars())

    def entered(self) -> list[int]:
        """The members of the runs, in order of their entry."""
        return [run.member_id for run in self.world.runs()]

    def events(self) -> list[tuple[int, str]]:
        """Who was told by which occurrence."""
        with self.database.begin() as session:
            rows = direct.rows(session, _EVENTS, {})
        return [(member, occurrence) for member, occurrence in rows]

    def sql(self, statement: str, **given: object) -> Sequence[Any]:
        with self.database.begin() as session:
            return session.connection().execute(text(statement), given).all()


_EVENTS = """
SELECT member_id, data ->> 'occurrence' FROM events WHERE type = 'audience.matched' ORDER BY seq"""
