"""The small chain whose service knows the built-in activity types, with a draft of its journey."""

from __future__ import annotations

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from ui.app import Dependencies
from workflows.activities.registry import catalogue_of, load_activities


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    """What the application is given: the activity types too."""
    return Dependencies(database, clock, keys, catalogue=catalogue_of(load_activities()))
