"""A small chain to count in: members, two stores, two channels, and runs that are put where a test wants them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from sqlalchemy.orm import Session

from engine.members.models import Member
from engine.organisation.models import Associate, Channel, Region, Store
from engine.runs.models import Run

STAGES = ("scanned", "added", "joined")
NOON = datetime(2026, 1, 7, 4, tzinfo=UTC)


@dataclass
class World:
    session: Session
    stores: list[int]
    channels: list[int]
    associates: list[int]
    members: list[int]

    def __post_init__(self) -> None:
        self._numbers = count(1)

    def run(
        self,
        member: int = 0,
        *,
        store: int | None = 0,
        channel: int | None = 0,
        associate: int | None = None,
        entered_at: datetime = NOON,
        version: int = 1,
        journey: str = "hook-coupon",
    ) -> Run:
        """A run of the member, store and so on with these numbers."""
        number = next(self._numbers)
        run = Run(
            journey=journey,
            version=version,
            bundle_hash="b",
            member_id=self.members[member],
            n=number,
            workflow_id=f"journey/{number}",
            entry_seq=number,
            store_id=None if store is None else self.stores[store],
            channel_id=None if channel is None else self.channels[channel],
            associate_id=None if associate is None else self.associates[associate],
            entered_at=entered_at,
            now=entered_at,
        )
        self.session.add(run)
        self.session.flush()
        return run


def make_world(session: Session, *, members: int = 5) -> World:
    """Two of everything, and some members."""
    region = Region(key="east", title={"zh": "东", "en": "East"})
    session.add(region)
    session.flush()
    stores = [Store(key=f"E0{n}", title={"zh": f"店{n}", "en": f"Store {n}"}, region_id=region.id) for n in (1, 2)]
    session.add_all(stores)
    session.flush()
    channels = [Channel(key=f"c{n}", state=f"s{n}", title={"zh": "码"}, kind="pos") for n in (1, 2)]
    associates = [Associate(key=f"a{n}", store_id=stores[n - 1].id) for n in (1, 2)]
    people = [Member(created_at=NOON) for _ in range(members)]
    session.add_all([*channels, *associates, *people])
    session.flush()
    return World(
        session, [s.id for s in stores], [c.id for c in channels], [a.id for a in associates], [p.id for p in people]
    )
