"""Which parts of the demonstration chain a database holds."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from engine.database.columns import instant


class SeedRecord(SQLModel, table=True):
    """A part that was seeded, and in which version, so that later releases add theirs to an old folder."""

    __tablename__ = "seeds"

    part: str = Field(primary_key=True)
    version: int
    at: datetime = instant()
