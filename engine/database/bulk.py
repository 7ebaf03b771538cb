"""Many rows in one statement, whose text stays the same however many they are, so that the server keeps its plan."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects carry no annotations


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, suffix: str = "") -> None:
    """Insert rows that all have the same keys, in their order. `suffix` may say `ON CONFLICT …`.

    Columns of an array type are not supported: PostgreSQL would flatten them.
    """
    if not rows:
        return
    names = tuple(rows[0])
    statement = text(f"{_insert(table, names)} {suffix}")
    session.connection().execute(statement, columns(table, names, rows))


def columns(table: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows turned into one list per column; JSON as text."""
    found: dict[str, list[Any]] = {}
    for name in names:
        values = [row[name] for row in rows]
        if isinstance(table.c[name].type, JSONB):
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        found[name] = values
    return found


def unnest(table: Table, names: Sequence[str]) -> str:
    """`unnest(…)` over parameters named as the columns, each cast to its column's type."""
    lists = ", ".join(f"CAST(:{name} AS {_sql_type(table, name)}[])" for name in names)
    return f"unnest({lists})"


@cache
def _insert(table: Table, names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    return f"INSERT INTO {table.name} ({listed}) SELECT * FROM {unnest(table, names)}"  # noqa: S608  # names of our own columns


def _sql_type(table: Table, name: str) -> str:
    return str(table.c[name].type.compile(dialect=_DIALECT))
