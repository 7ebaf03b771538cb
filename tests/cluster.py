"""A throw-away PostgreSQL cluster for one test run, made of the same parts as the service's own."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from workflows.service.account import database_account
from workflows.service.child import start
from workflows.service.logs import LogFile
from workflows.service.ports import Ports
from workflows.service.postgres import OWNER, SUPERUSER, Cluster, make_cluster, postgres_child
from workflows.service.programs import postgres_programs

UNSAFE_BUT_QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
UNDISTURBED = ("-c", "autovacuum=off")  # a worker of it would keep a test's database from being dropped


MEMORY = Path("/dev/shm")  # noqa: S108  # named once, entered by mkdtemp
ROOM = 3 * 2**30


def _roomy_memory() -> Path | None:
    """A folder in memory, if there is one with room: a database is copied there in a third of the time."""
    return MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None


@contextmanager
def running_cluster() -> Iterator[str]:
    """Start a cluster in a folder of its own, give the owner's address, and remove it all at the end."""
    home = Path(tempfile.mkdtemp(prefix="waystation-tests-", dir=_roomy_memory()))
    home.chmod(0o755)  # as root the server runs as another user, who must be able to pass
    account = database_account()
    cluster = Cluster(home, postgres_programs(account, home), account, Ports({}).take("postgres"), "test")
    make_cluster(cluster)
    child = postgres_child(cluster, LogFile(home / "postgres.log"))
    server = start(replace(child, argv=child.argv + UNSAFE_BUT_QUICK + UNDISTURBED))
    try:
        deadline = time.monotonic() + 30
        while not child.ready():
            assert server.poll() is None, (home / "postgres.log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL did not answer within 30 s"
            time.sleep(0.05)
        with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {OWNER} CREATEDB")
        yield cluster.url(OWNER, "postgres")
    finally:
        server.send_signal(child.stop_signal)
        server.wait(timeout=30)
        shutil.rmtree(home)
