"""Work that may meet the same work elsewhere: done again after a deadlock, and 503 if it never comes through."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from engine.database import retrying
from engine.database.connection import Database
from ui.problems import Unavailable

Answer = TypeVar("Answer")


def retried(database: Database, work: Callable[[Session], Answer]) -> Answer:
    """`work` in a transaction that sees all stores; the caller's scope is the work's own business."""
    try:
        return retrying.run(database, work)
    except retrying.ContendedError as error:
        raise Unavailable("Others change the same members at this moment. Try again shortly.", retry_after=1) from error
