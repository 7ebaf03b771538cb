"""The web application on a real database, and browsers of people who are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.ui.sample import PASSWORD, Sample, sample
from tests.ui.visitor import Visitor, visiting
from ui.app import Dependencies, create_app

SignIn = Callable[[str], Visitor]


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    """What the application is given in these tests."""
    return Dependencies(database, clock, keys, demo=True, temporal_ui_url="http://127.0.0.1:8233")


@pytest.fixture
def client(deps: Dependencies) -> Iterator[Visitor]:
    """A browser that is not signed in and follows no redirect."""
    with visiting(create_app(deps)) as browser:
        yield browser


@pytest.fixture
def chain(database: Database, keys: KeyRing, clock: FixedClock) -> Sample:
    """The small chain of `tests.ui.sample`."""
    return sample(database, keys, clock)


@pytest.fixture
def admin(client: Visitor, chain: Sample) -> Visitor:
    """The browser of the signed-in administrator of the small chain."""
    answer = client.post("/sign-in", data={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 303
    return client
