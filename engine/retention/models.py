"""How far a table that is trimmed from its beginning has been looked through."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Trim(SQLModel, table=True):
    """One such table: rows up to `upto` are gone, or stay for good."""

    __tablename__ = "trims"

    of: str = Field(primary_key=True)
    upto: int = Field(default=0, sa_type=BigInteger)
