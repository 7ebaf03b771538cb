"""The table of decisions that were made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from engine.database.columns import identity, instant, json_list, json_value, number, sealed


class DecisionRecord(SQLModel, table=True):
    """One decision. `version` is null for a draft; `facts_enc` are the facts that were read, by path, sealed."""

    __tablename__ = "decisions"

    id: int = identity()
    at: datetime = instant()
    by: str
    ruleset: str
    version: int | None = None
    hash: str
    now: datetime = instant()
    zone: str
    member_id: int | None = number(nullable=True)
    store_id: int | None = number(nullable=True)
    reason: str
    outcome: Any = json_value(nullable=True)
    rows: list[str] = json_list()
    missing: list[str] = json_list()
    trouble: dict[str, str] | None = json_value(nullable=True)
    facts_enc: bytes = sealed(nullable=False)
