"""The funnel's figures: appended deltas, folded into sums every second, so that no row is contended."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from engine.database.columns import identity, json_value, number


class FunnelDelta(SQLModel, table=True):
    """What one turn added to a cell. `kind` is stage, outcome, holdout or refused; 0 stands for "none" in the places.

    `firsts` are the bits of `engine.funnel.people`, to be counted `weight` times.
    """

    __tablename__ = "funnel_deltas"

    id: int = identity()
    journey: str
    version: int
    day: date
    store_id: int = number(default=0)
    channel_id: int = number(default=0)
    associate_id: int = number(default=0)
    kind: str
    name: str
    times: int = 0
    entered_here: int = 0
    bucket: int | None = None
    firsts: int = 0
    weight: int = 1


class FunnelSum(SQLModel, table=True):
    """A cell of the funnel, all deltas so far folded in; `histogram` maps a log bucket of seconds to a count.

    The columns of people are those of `engine.funnel.people`: summed over the cells of a span they count members once.
    """

    __tablename__ = "funnel_sums"
    __table_args__ = (Index("ix_funnel_sums_journey_day", "journey", text("day DESC")),)

    journey: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    store_id: int = number(primary_key=True)
    channel_id: int = number(primary_key=True)
    associate_id: int = number(primary_key=True)
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    times: int = 0
    entered_here: int = 0
    people: int = 0
    people_version: int = 0
    people_day: int = 0
    people_store: int = 0
    people_channel: int = 0
    people_associate: int = 0
    people_week: int = 0
    people_month: int = 0
    histogram: dict[str, Any] = json_value()
