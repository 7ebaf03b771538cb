"""The web application on a real database, and browsers of people who are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing, new_key
from tests.conftest import DAWN, copied_database, template_database
from tests.ui.apps import lent_app
from tests.ui.sample import Sample, sample
from tests.ui.visitor import Visitor, signed_in, visiting
from ui.app import Dependencies
from ui.http.auth import COOKIE

SignIn = Callable[[str], Visitor]


@dataclass(frozen=True)
class Furnished:
    """A database with the small chain in it, to be copied, and the cookie of its administrator, who is signed in."""

    template: str
    chain: Sample
    cookie: str


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    """One key ring for all: the small chain is sealed with it once."""
    return KeyRing.from_text(new_key())


@pytest.fixture(scope="session")
def furnished(server_url: str, template: str, keys: KeyRing) -> Iterator[Furnished]:
    """The small chain as every test finds it. Making it takes longer than most tests."""
    with template_database(server_url, "furnished", template) as (name, url):
        database = Database(url, pool_size=5, application="test")
        clock = FixedClock(DAWN)
        chain = sample(database, keys, clock)
        with lent_app(Dependencies(database, clock, keys)) as app, visiting(app) as browser:
            cookie = signed_in(browser, "admin").cookies[COOKIE]
        database.close()
        yield Furnished(name, chain, cookie)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, server_url: str, template: str) -> Iterator[str]:
    """The address of a migrated database: with the small chain where the test asks for that, else without rows."""
    if "furnished" in request.fixturenames:
        furnished: Furnished = request.getfixturevalue("furnished")
        template = furnished.template
    with copied_database(server_url, template) as url:
        yield url


@pytest.fixture
def deps(database: Database, keys: KeyRing, clock: FixedClock) -> Dependencies:
    """What the application is given in these tests."""
    return Dependencies(database, clock, keys, demo=True, temporal_ui_url="http://127.0.0.1:8233")


@pytest.fixture
def client(deps: Dependencies) -> Iterator[Visitor]:
    """A browser that is not signed in and follows no redirect."""
    with lent_app(deps) as app, visiting(app) as browser:
        yield browser


@pytest.fixture
def chain(furnished: Furnished) -> Sample:
    """The small chain of `tests.ui.sample`."""
    return furnished.chain


@pytest.fixture
def admin(client: Visitor, chain: Sample, furnished: Furnished) -> Visitor:
    """The browser of the signed-in administrator of the small chain."""
    client.cookies.set(COOKIE, furnished.cookie, domain="testserver.local")
    return client
