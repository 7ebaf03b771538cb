"""Statements sent straight to psycopg, in the session's own transaction, for the few paths that run for every event.

A statement through SQLAlchemy's `text` costs four times the CPU of one sent directly, and an ORM query ten times. What
runs once per turn or per routed event is written here as plain SQL; everything else uses the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import psycopg
from psycopg import Connection
from psycopg.rows import class_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import exc
from sqlalchemy.orm import Session

Row = TypeVar("Row")
Given = Mapping[str, Any]

DATABASE_IS_AWAY = (
    exc.OperationalError, exc.InternalError, exc.InterfaceError, exc.TimeoutError,
    psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError,
)  # fmt: skip
"""What is raised while the database cannot be reached, or asks for the same again: nothing is wrong with the work."""

__all__ = ["DATABASE_IS_AWAY", "Jsonb", "execute", "first", "objects", "rows", "scalars"]


def objects(session: Session, kind: type[Row], query: str, given: Given) -> list[Row]:
    """All rows, each as an object of `kind` made from the columns by name. Such objects belong to no session."""
    with _connection(session).cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query.encode(), given).fetchall()


def scalars(session: Session, query: str, given: Given) -> list[Any]:
    """The first column of all rows."""
    with _connection(session).cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query.encode(), given).fetchall()


def first(session: Session, query: str, given: Given) -> tuple[Any, ...] | None:
    """The first row, if there is one."""
    with _connection(session).cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query.encode(), given).fetchone()


def rows(session: Session, query: str, given: Given) -> list[tuple[Any, ...]]:
    """All rows."""
    with _connection(session).cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query.encode(), given).fetchall()


def execute(session: Session, query: str, given: Given) -> int:
    """Do it; how many rows it concerned."""
    with _connection(session).cursor() as cursor:
        return cursor.execute(query.encode(), given).rowcount


def _connection(session: Session) -> Connection[Any]:
    return cast("Connection[Any]", session.connection().connection.driver_connection)
