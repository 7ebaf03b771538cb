"""The simulator's memory: one SQLite file, used by one thread, whole after a crash."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from engine.clock import Clock

SCHEMA = Path(__file__).with_name("schema.sql").read_text()
KEPT = {"loads", "tokens", "sqlite_sequence"}

Value = str | int | float | None


class State:
    """Rows and time. Time is the clock's, moved forward by `advance_clock`."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._db = sqlite3.connect(folder / "wecom.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)

    def close(self) -> None:
        self._db.close()

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._offset())

    def seconds(self) -> float:
        """WeCom's time in seconds since 1970."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> None:
        self.run("INSERT OR REPLACE INTO settings VALUES ('offset', ?)", self._offset() + seconds)

    def _offset(self) -> float:
        row = self.row("SELECT value FROM settings WHERE name = 'offset'")
        return float(row["value"]) if row else 0.0

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing. What runs inside never waits, so nobody else comes between."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def run(self, sql: str, *values: Value) -> int:
        """Change rows; how many."""
        return self._db.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        self._db.executemany(sql, rows)

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Value) -> int:
        return int(self._db.execute(sql, values).fetchone()[0])

    def clear(self) -> None:
        """Forget everything but tokens and what was loaded."""
        names = [row["name"] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if name not in KEPT:
                self.run(f"DELETE FROM {name}")  # noqa: S608  # names of our own tables
