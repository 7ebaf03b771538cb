"""Statements sent straight to the driver: rows as objects of a table's class or of a dataclass."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from engine.database import direct
from engine.database.connection import Database
from engine.runs.models import Pause

ROOT = Path(__file__).parents[3]
PAUSE = (
    "SELECT 7::bigint AS id, 'hook' AS journey, NULL::bigint AS run_id, now() AS from_at, NULL AS to_at, 'hold' AS mode"
)


@dataclass(frozen=True)
class Pair:
    """A row of no table."""

    one: int
    two: str


def test_rows_of_a_table_are_objects_that_can_be_changed(database: Database) -> None:
    with database.begin() as session:
        [pause] = direct.objects(session, Pause, PAUSE, {})
        assert (pause.id, pause.journey, pause.to_at) == (7, "hook", None)
        pause.mode = "extend"
        assert pause.mode == "extend"
        assert pause not in session


def test_other_rows_are_made_from_their_columns(database: Database) -> None:
    with database.begin() as session:
        assert direct.objects(session, Pair, "SELECT 1 AS one, 'b' AS two", {}) == [Pair(1, "b")]
        assert direct.rows(session, "SELECT 1, 2 UNION SELECT 3, 4 ORDER BY 1", {}) == [(1, 2), (3, 4)]
        assert direct.scalars(session, "SELECT generate_series(1, %(n)s)", {"n": 3}) == [1, 2, 3]
        assert direct.first(session, "SELECT 1 WHERE false", {}) is None


def test_a_process_may_begin_with_a_row_before_any_query_was_made_with_its_class(database_url: str) -> None:
    program = (
        "from engine.database import direct, tables\n"
        "from engine.database.connection import Database\n"
        "from engine.runs.models import Pause\n"
        f"database = Database({database_url!r})\n"
        "with database.begin() as session:\n"
        f"    assert direct.objects(session, Pause, {PAUSE!r}, {{}})[0].journey == 'hook'\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_what_is_done_within_a_savepoint_is_undone_with_it_and_the_transaction_goes_on(database: Database) -> None:
    with database.begin() as session:
        direct.execute(session, "SELECT set_config('waystation.test', 'outside', true)", {})
        with suppress(psycopg.errors.DivisionByZero), session.begin_nested():
            direct.execute(session, "SELECT set_config('waystation.test', 'inside', true)", {})
            direct.execute(session, "SELECT 1 / 0", {})
        assert direct.scalars(session, "SELECT current_setting('waystation.test')", {}) == ["outside"]
