"""A role that starts before its database waits for it: the order in which processes are started does not matter."""

import time
from collections.abc import Callable

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
    while True:
        try:
            demand_ready(database)
        except NotReadyError as error:
            if looks % SAID_EVERY == 0:
                log.warning("waiting for the database", reason=str(error))
            looks += 1
            sleep(EVERY)
        else:
            return
