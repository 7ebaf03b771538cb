"""Whether the database can be worked with: it answers, and its schema is not older than this program."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from engine.database.connection import Database
from engine.database.direct import DATABASE_IS_AWAY

VERSIONS = Path(__file__).parent / "versions"


class NotReadyError(Exception):
    """The database cannot be worked with; the message says what to do."""


def demand_ready(database: Database) -> None:
    """Raise NotReadyError unless the database answers with a schema that this program knows, or a newer one."""
    try:
        with database.begin() as session:
            found: str | None = session.connection().execute(_REVISION).scalar()
    except DATABASE_IS_AWAY as error:
        raise NotReadyError("the database does not answer") from error
    except ProgrammingError as error:
        raise NotReadyError("the database holds no tables yet: run `server.py migrate`") from error
    if found is None or found < newest():
        raise NotReadyError("the database's schema is older than this program: run `server.py migrate`")


@cache
def newest() -> str:
    """The revision that this program's migrations lead to; revisions are numbers of four digits."""
    return max(path.name[:4] for path in VERSIONS.glob("[0-9][0-9][0-9][0-9]_*.py"))


_REVISION = text("SELECT version_num FROM alembic_version")
