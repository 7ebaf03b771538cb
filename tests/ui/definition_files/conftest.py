"""A service that is asked without a network, and a definition in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.definitions.samples import CATALOGUE, text_of
from tests.ui.apps import lent_app
from tests.ui.definition_files.asked import service_of
from tests.ui.visitor import visiting
from ui.app import Dependencies
from ui.definition_files.service import Service


@pytest.fixture
def service(database: Database, keys: KeyRing, clock: FixedClock) -> Iterator[Service]:
    """The real application, asked with a key of scope `definitions`."""
    deps = Dependencies(database, clock, keys, CATALOGUE)
    with lent_app(deps) as app, visiting(app) as visitor, service_of(visitor, database, clock) as service:
        yield service


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journey without findings."""
    path = tmp_path / "small.json"
    path.write_text(text_of(), encoding="utf-8")
    return path
