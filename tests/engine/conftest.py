"""What tests of the engine share beside a database."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.chain import Chain, build_chain


@pytest.fixture
def chain(database: Database, keys: KeyRing) -> Chain:
    """A small chain on a database of the test's own."""
    return build_chain(database, keys)
