"""Many rows in one statement, whose text stays the same however many they are, so that the server keeps its plan.

The rows travel as one JSON text: that costs a fifth of what lists of parameters do.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from engine.database import direct

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects carry no annotations


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, suffix: str = "") -> None:
    """Insert rows that all have the same keys, in their order. `suffix` may say `ON CONFLICT …`."""
    if rows:
        direct.execute(session, f"{_insert(table, tuple(rows[0]))} {suffix}", {"rows": rows_text(rows)})


def rows_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as the parameter `rows` of a statement that reads `recordset`."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_plain)


def recordset(table: Table, names: Sequence[str]) -> str:
    """The rows of the parameter `rows`, each column with its type in `table`."""
    listed = ", ".join(f"{name} {table.c[name].type.compile(dialect=_DIALECT)}" for name in names)
    return f"json_to_recordset(CAST(%(rows)s AS json)) AS n ({listed})"


def bytes_array(values: Iterable[bytes]) -> str:
    """The text of a `bytea[]`, much cheaper than a list of parameters."""
    return "{" + ",".join(f'"\\\\x{value.hex()}"' for value in values) + "}"


@cache
def _insert(table: Table, names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    return f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {recordset(table, names)}"  # noqa: S608  # names of our own columns


def _plain(value: object) -> str:
    """What JSON has no form for, as PostgreSQL reads it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} cannot be written in bulk")
