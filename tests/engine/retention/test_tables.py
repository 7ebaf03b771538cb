"""Every table of the schema is bounded or trimmed, the documents say the same, and each chore that is named exists."""

from __future__ import annotations

import re
from pathlib import Path

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.database.tables import metadata
from engine.retention.keep import Keep
from engine.retention.tables import TABLES, Bounded, Trimmed
from engine.secrets.keyring import KeyRing
from workflows.chores import Chores
from workflows.retention import Retention
from workflows.service.settings import Settings

DOCUMENT = (Path(__file__).parents[3] / "docs" / "retention.md").read_text(encoding="utf-8")
OF_THE_SWEEPER = {"trim"}


def test_every_table_is_named_and_no_other() -> None:
    assert set(TABLES) == {*metadata.tables, "alembic_version"}


def test_every_chore_that_trims_is_one_of_the_router_s(database: Database, keys: KeyRing, clock: FixedClock) -> None:
    done = [*Chores(database, clock, keys).all(), *Retention(database, clock).all()]
    named = {growth.chore for growth in TABLES.values() if isinstance(growth, Trimmed)}
    assert named <= {chore.name for chore in done} | OF_THE_SWEEPER


def test_the_document_tells_of_every_table() -> None:
    written = re.findall(r"^\| `(\w+)` \| (bounded|trimmed: ([\w -]+)) \| ([^|]+) \|$", DOCUMENT, re.MULTILINE)
    told = {
        name: Bounded(words.strip()) if how == "bounded" else (chore, words.strip())
        for name, how, chore, words in written
    }
    expected = {
        name: growth if isinstance(growth, Bounded) else (growth.chore, growth.kept) for name, growth in TABLES.items()
    }
    assert told == expected


def test_the_document_tells_of_every_setting_with_its_default() -> None:
    written = dict(re.findall(r"^\| `WAYSTATION_(KEEP_\w+)_DAYS` \| (\d+) \|", DOCUMENT, re.MULTILINE))
    settings = {name.removesuffix("_days").upper() for name in Settings.model_fields if name.startswith("keep_")}
    assert set(written) == settings
    assert {name: int(days) for name, days in written.items()} == {
        name: Settings.model_fields[f"{name.lower()}_days"].default for name in settings
    }
    named = {growth.setting for growth in TABLES.values() if isinstance(growth, Trimmed)} - {None}
    assert named == {f"WAYSTATION_{name}_DAYS" for name in settings}


def test_the_settings_defaults_are_those_of_the_chores() -> None:
    assert Settings().keep() == Keep()
