"""Work that meets other work on the same rows: done again when the database says that the two could not both be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from psycopg import errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.database.connection import Database, Scope

Answer = TypeVar("Answer")
ATTEMPTS = 8
_TEMPORARY = (errors.DeadlockDetected, errors.SerializationFailure)


class ContendedError(Exception):
    """Another transaction was quicker with the same thing; nothing is wrong, and trying again will find it done."""


def run(database: Database, work: Callable[[Session], Answer], stores: Scope = "*") -> Answer:
    """`work` in a transaction of its own; after a deadlock or `ContendedError` once more, up to 8 times in all."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with database.begin(stores) as session:
                return work(session)
        except (ContendedError, *_TEMPORARY):
            # A statement that was sent straight to the driver raises the driver's own error.
            if attempt == ATTEMPTS:
                raise
        except DBAPIError as error:
            if attempt == ATTEMPTS or not isinstance(error.orig, _TEMPORARY):
                raise
    raise AssertionError("unreachable")
