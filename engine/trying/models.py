"""Tables of backtests: their figures, added up page by page, and the members who would be treated otherwise."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from engine.database.columns import json_value, number


class BacktestSum(SQLModel, table=True):
    """One figure of a backtest. `side` is would (the draft) or was (what is live), `what` and `of` say what is counted.

    `store_id` is 0 and `day` empty where a figure is not told by store or day.
    """

    __tablename__ = "backtest_sums"

    job_id: int = Field(sa_type=BigInteger, foreign_key="jobs.id", ondelete="CASCADE", primary_key=True)
    side: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    of: str = Field(primary_key=True)
    store_id: int = Field(primary_key=True, sa_type=BigInteger)
    day: str = Field(primary_key=True)
    n: int = Field(sa_type=BigInteger)


class BacktestDiffers(SQLModel, table=True):
    """One member, or one decision of a ruleset, for whom the draft comes to something else."""

    __tablename__ = "backtest_differs"

    job_id: int = Field(sa_type=BigInteger, foreign_key="jobs.id", ondelete="CASCADE", primary_key=True)
    n: int = Field(primary_key=True)
    member_id: int | None = number(nullable=True)
    was: dict[str, Any] = json_value()
    would: dict[str, Any] = json_value()
