"""A world for entries that choose members."""

from __future__ import annotations

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.occurrences.world import Chosen


@pytest.fixture
def chosen(database: Database, keys: KeyRing, clock: FixedClock) -> Chosen:
    """10:00 in Shanghai on Wednesday 2026-01-07, and nobody there yet."""
    return Chosen(database, keys, clock)
