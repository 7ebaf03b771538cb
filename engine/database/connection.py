"""Connections to PostgreSQL: one transaction for each piece of work, always with a scope of stores.

Every connection works in the role `waystation_app`, which owns no table, so that row-level security binds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlmodel import Session

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
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            hide_parameters=True,
            connect_args={"options": f"-c role={APP_ROLE}", "application_name": application, "connect_timeout": 10},
        )

    @contextmanager
    def begin(self, stores: Scope = "*") -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back by an exception in it.

        `stores` bounds what row-level security lets the transaction see and write.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.connection().execute(_SET_SCOPE, {"stores": scope_text(stores)})
            yield session

    def close(self) -> None:
        """Give all connections back to the server."""
        self.engine.dispose()


def scope_text(stores: Scope) -> str:
    """A scope as the policies read it: `*`, or store ids with commas between."""
    return "*" if stores == "*" else ",".join(str(store) for store in stores)


_SET_SCOPE = text("SELECT set_config('waystation.stores', :stores, true)")
