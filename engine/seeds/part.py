"""What every part of the seed is given, and how it writes many rows at once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from engine.database.bulk import insert_rows, table_of
from engine.journeys.catalogue import Catalogue
from engine.secrets.keyring import KeyRing
from engine.seeds.figures import RANDOM_SEED, StoreFigures, stores_of

Row = dict[str, object]


@dataclass(frozen=True)
class Part:
    """One transaction of seeding. Every part draws from its own fixed chance, so that none depends on another."""

    session: Session
    keys: KeyRing
    catalogue: Catalogue
    now: datetime
    stores: int = 12
    password: str | None = None
    chance: random.Random = field(default_factory=lambda: random.Random(RANDOM_SEED))  # noqa: S311 - not a secret

    @property
    def figures(self) -> list[StoreFigures]:
        """The stores to make."""
        return list(stores_of(self.stores))

    def insert(self, table: type[SQLModel], rows: Sequence[Row]) -> None:
        """Write rows; all name the same columns, and none of them is an array."""
        insert_rows(self.session, table_of(table), rows)

    def insert_few(self, table: type[SQLModel], rows: Sequence[Row]) -> None:
        """Write rows that may hold arrays."""
        if rows:
            self.session.execute(insert(table), rows)

    def numbered(self, table: type[SQLModel], rows: Sequence[Row]) -> list[int]:
        """Write rows of a table whose ids the database gives out; their ids, in order."""
        taken = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
        given = {"table": table_of(table).name, "count": len(rows)}
        ids = list(self.session.execute(taken, given).scalars())
        self.insert(table, [{"id": number, **row} for number, row in zip(ids, rows, strict=True)])
        return ids

    def seal(self, plain: str) -> bytes:
        """Text as it is kept at rest."""
        return self.keys.seal(plain.encode())

    def ids(self, statement: str) -> dict[str, int]:
        """What a query for `key` and `id` finds."""
        return {row.key: row.id for row in self.session.execute(text(statement))}
