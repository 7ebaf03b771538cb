"""What a running service takes up at one moment: memory by process, rows and bytes by table, bytes by file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from bench.service import Service


@dataclass(frozen=True)
class Table:
    """One table: its rows, and its bytes with indexes and the room that dead rows still take."""

    rows: int
    size: int


@dataclass(frozen=True)
class Sample:
    """What was seen `at` so many seconds. Sizes are bytes."""

    at: float
    processes: Mapping[str, int]
    tables: Mapping[str, Table]
    files: Mapping[str, int]
    accepted: int
    unrouted: int


def sample(one: Service, at: float) -> Sample:
    """Look at everything now."""
    running = one.running
    pids = {"supervisor": running.pid, **running.processes}
    with psycopg.connect(running.database_url, autocommit=True) as database:
        tables = dict(_tables(database))
        accepted, unrouted = _row(database, "SELECT count(*), count(*) FILTER (WHERE routed_at IS NULL) FROM events")
    return Sample(
        at=at,
        processes={name: _memory(pid, alone=name == "supervisor") for name, pid in pids.items() if pid},
        tables=tables,
        files=dict(_files(one.folder / "data")),
        accepted=accepted,
        unrouted=unrouted,
    )


def _memory(pid: int, *, alone: bool) -> int:
    """What a process and its children have for themselves (USS): what is shared comes and goes with others."""
    try:
        process = psutil.Process(pid)
        children = [] if alone else process.children(recursive=True)
        return sum(map(_own_share, (process, *children)))
    except psutil.NoSuchProcess:
        return 0


def _own_share(process: psutil.Process) -> int:
    try:
        info = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0
    return int(info.uss)


def _tables(database: psycopg.Connection[tuple[object, ...]]) -> Iterator[tuple[str, Table]]:
    names = database.execute("SELECT relname FROM pg_stat_user_tables ORDER BY relname").fetchall()
    for (name,) in names:
        table = sql.Identifier(str(name))
        query = sql.SQL("SELECT count(*), pg_total_relation_size({}) FROM {}")
        rows, size = _row(database, query.format(sql.Literal(str(name)), table))
        yield str(name), Table(rows, size)


def _row(database: psycopg.Connection[tuple[object, ...]], query: str | sql.Composed) -> tuple[int, int]:
    found = database.execute(query if isinstance(query, sql.Composed) else query.encode()).fetchone()
    if found is None:
        raise LookupError(query)
    one, other = found
    return int(str(one)), int(str(other))


def _files(data: Path) -> Iterator[tuple[str, int]]:
    """Temporal's file, the simulator's memory and the logs, each with what belongs to it."""
    for name in ("temporal", "simulator", "logs"):
        yield name, sum(path.stat().st_size for path in (data / name).rglob("*") if path.is_file())
