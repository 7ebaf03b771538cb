"""Seed the demonstration chain, part by part: what a database has it keeps, what is missing is added."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.clock import Clock
from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from engine.seeds.chain import seed_chain
from engine.seeds.coupons import seed_coupons, seed_library_coupons
from engine.seeds.figures import STORES
from engine.seeds.members import seed_members
from engine.seeds.models import SeedRecord
from engine.seeds.part import Part
from engine.seeds.published import seed_journeys, seed_rulesets
from engine.seeds.users import seed_users

PARTS: Mapping[str, tuple[int, Callable[[Part], None]]] = {
    "chain": (1, seed_chain),
    "members": (1, seed_members),
    "users": (1, seed_users),
    "coupons": (1, seed_coupons),
    "library coupons": (1, seed_library_coupons),
    "rulesets": (1, seed_rulesets),
    "journeys": (1, seed_journeys),
}
"""Each part with its version, in the order of their needs. A newer version is for what is added to a part later."""


@dataclass(frozen=True)
class SeedReport:
    """Which parts were added now, and which had been there."""

    added: tuple[str, ...]
    kept: tuple[str, ...]


def seed(
    database: Database,
    keys: KeyRing,
    clock: Clock,
    *,
    catalogue: Catalogue,
    stores: int = len(STORES),
    password: str | None = None,
) -> SeedReport:
    """Add the parts that are missing, each in one transaction. `password` is what the demonstration's users get.

    `catalogue` are the activity types by which the journeys are checked before they are published.
    """
    added = []
    for name, (version, write) in PARTS.items():
        with database.begin() as session:
            if session.get(SeedRecord, name) is not None:
                continue
            write(Part(session, keys, catalogue, clock.now(), stores, password))
            session.add(SeedRecord(part=name, version=version, at=clock.now()))
            added.append(name)
    return SeedReport(tuple(added), tuple(name for name in PARTS if name not in added))


def is_seeded(session: Session) -> bool:
    """Whether this is a demonstration: its pages carry the mark 演示数据."""
    return session.execute(select(col(SeedRecord.part)).limit(1)).first() is not None
