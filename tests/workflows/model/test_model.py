"""Random journeys, people and bad luck on a real database: whatever happens, the laws of `Audit` hold.

WAYSTATION_EXAMPLES=50 uv run pytest -n0 tests/workflows/model/test_model.py
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any, cast

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.law import law
from tests.workflows.model.audit import Audit
from tests.workflows.model.happenings import Happening, Stage, scripts
from tests.workflows.model.journeys import documents
from tests.workflows.model.outside import PERFORMS
from tests.workflows.model.plays import Play


def test_whatever_happens_the_laws_hold_and_every_run_ends(database: Database, keys: KeyRing) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(cast("Any", PERFORMS))

    @law(20)
    @given(documents, st.integers(0, 3), scripts)
    def hold(published: list[dict[str, Any]], stock: int, script: Sequence[Happening]) -> None:
        empty(database)
        with asyncio.Runner() as loop, closing(Play(database, keys, loop)) as play:
            perform(play, published, stock, script)

    hold()


def perform(play: Play, published: Sequence[dict[str, Any]], stock: int, script: Sequence[Happening]) -> None:
    """Play a script, let everything come to rest, and let time pass until no run is left."""
    audit = Audit(play)
    stage = Stage(play, audit)
    play.publish(published, stock)
    for name, given_, named in script:
        getattr(stage, name)(*given_, **named)
        audit.look()
    stage.all_goes_well()
    for run in play.runs():
        play.resume(run, "extend")
    for i in range(len(play.journeys)):
        play.change_journey(i, "hold")
    stage.all_goes_well()
    play.clock.advance(timedelta(days=40))
    stage.all_goes_well()
    audit.stages_are_those_of_the_log()
    assert play.runs() == [], "a run outlives its age"


def empty(database: Database) -> None:
    """Leave nothing of the play before, numbers included, so that an example is the same whenever it is tried."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        names = [name for (name,) in connection.execute(_FILLED)]
        connection.execute(cast("Any", f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))


_FILLED = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT IN ('alembic_version', 'live_revision')"""
