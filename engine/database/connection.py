"""Connections to PostgreSQL: one transaction for each piece of work, always with a scope of stores.

Every connection works in the role `waystation_app`, which owns no table, so that row-level security binds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from psycopg import Connection, OperationalError
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlmodel import Session

from engine.database import direct

APP_ROLE = "waystation_app"

Scope = Literal["*"] | tuple[int, ...]
"""The stores that a transaction may see: all of them, or those with these ids."""


def sqlalchemy_url(url: str) -> URL:
    """The address as SQLAlchemy wants it, whatever driver name it came with.

    Raises ValueError when it is not the address of a PostgreSQL database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("WAYSTATION_DATABASE_URL must begin with postgresql:// (no other database is supported)")
    return parsed.set(drivername="postgresql+psycopg")


class Database:
    """A pool of connections. Share one per process. Errors do not repeat the values of a statement, so logs do not."""

    def __init__(self, url: str, *, pool_size: int = 10, application: str = "waystation") -> None:
        self.url = url
        self.engine = create_engine(
            sqlalchemy_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            connect_args={"options": _OPTIONS, "application_name": application, "connect_timeout": 10},
        )
        event.listen(self.engine, "checkout", _look_for_farewell)

    @contextmanager
    def begin(self, stores: Scope = "*") -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception in it.

        `stores` bounds what row-level security lets the transaction see and write. It ends with the transaction.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            if stores != "*":
                session.connection().execute(_SET_SCOPE, {"stores": scope_text(stores)})
            direct.remember(session)
            yield session

    def close(self) -> None:
        """Give all connections back to the server."""
        self.engine.dispose()


def scope_text(stores: Scope) -> str:
    """A scope as the policies read it: `*`, or store ids with commas between."""
    return "*" if stores == "*" else ",".join(str(store) for store in stores)


def _look_for_farewell(connection: Connection[Any], _record: object, _pooled: object) -> None:
    """Take no connection from the pool that the server has closed, as a restart does; this costs no round trip.

    The server's last words and the end of the stream are two things to read.
    """
    try:
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except OperationalError as error:
        raise InvalidatePoolError from error


_OPTIONS = f"-c role={APP_ROLE} -c waystation.stores=*"
"""What every connection begins with. A narrower scope is set for one transaction, and the server takes it back."""
_SET_SCOPE = text("SELECT set_config('waystation.stores', :stores, true)")
