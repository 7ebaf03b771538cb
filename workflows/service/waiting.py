"""A role that starts before its database waits for it: the order in which processes are started does not matter."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from engine.database.connection import Database
from engine.database.readiness import NotReadyError, demand_ready

EVERY = 1.0
"""Seconds between looks."""
SAID_EVERY = 10
"""So many looks after a log line comes the next one."""

log = structlog.get_logger()


def wait_for_database(database: Database, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return when the database answers with a schema that this program can work with."""
    looks = 0
    while not _is_there(database, looks):
        looks += 1
        sleep(EVERY)


async def database_is_there(database: Database, stopping: asyncio.Event) -> bool:
    """The same for a role that may be asked to stop meanwhile; then False."""
    looks = 0
    while not stopping.is_set():
        if await asyncio.to_thread(_is_there, database, looks):
            return True
        looks += 1
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), EVERY)
    return False


def _is_there(database: Database, looks: int) -> bool:
    try:
        demand_ready(database)
    except NotReadyError as error:
        if looks % SAID_EVERY == 0:
            log.warning("waiting for the database", reason=str(error))
        return False
    return True
