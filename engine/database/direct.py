"""Statements sent straight to psycopg, in the session's own transaction, for the few paths that run for every event.

A statement through SQLAlchemy's `text` costs four times the CPU of one sent directly, and an ORM query ten times. What
runs once per turn or per routed event is written here as plain SQL; everything else uses the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import RowFactory, RowMaker, class_row, scalar_row, tuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import exc, inspect
from sqlalchemy.orm import ClassManager, Mapper, Session, configure_mappers

Row = TypeVar("Row")
Given = Mapping[str, Any]

DATABASE_IS_AWAY = (
    exc.OperationalError, exc.InternalError, exc.InterfaceError, exc.TimeoutError,
    psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError,
)  # fmt: skip
"""What is raised while the database cannot be reached, or asks for the same again: nothing is wrong with the work."""

__all__ = ["DATABASE_IS_AWAY", "Jsonb", "execute", "first", "objects", "remember", "rows", "scalars"]


def objects(session: Session, kind: type[Row], query: str, given: Given) -> list[Row]:
    """All rows, each as an object of `kind` made from the columns by name. Such objects belong to no session.

    `kind` is a table's class, whose rows are taken as they are, or a dataclass.
    """
    with _connection(session).cursor(row_factory=_factory(cast("Any", kind))) as cursor:
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


def remember(session: Session) -> None:
    """Let a session whose only transaction has begun hand its connection out without looking for it each time."""
    session.info[_CONNECTION] = _connection(session)


def _connection(session: Session) -> Connection[Any]:
    """SQLAlchemy sends a savepoint only when the session is asked for its connection within it."""
    remembered: Connection[Any] | None = None if session.in_nested_transaction() else session.info.get(_CONNECTION)
    return remembered or cast("Connection[Any]", session.connection().connection.driver_connection)


@cache
def _factory(kind: Any) -> RowFactory[Any]:
    mapper: Mapper[Any] | None = inspect(kind, raiseerr=False)
    if mapper is None:
        return class_row(kind)
    configure_mappers()  # which nobody may have done yet, without a query of SQLAlchemy's own
    return _table_row(mapper.class_manager)


def _table_row(manager: ClassManager[Row]) -> RowFactory[Row]:
    """Makes objects as SQLAlchemy's own loading does: without the class's constructor, which costs more than the query.

    What the database holds was checked when it was written.
    """

    def factory(cursor: Cursor[Any]) -> RowMaker[Row]:
        names = [column.name for column in cursor.description or ()]

        def make(values: Sequence[Any]) -> Row:
            made = manager.new_instance()
            vars(made).update(zip(names, values, strict=True))
            return made

        return make

    return factory


_CONNECTION = "waystation.connection"
