"""What tests of the JSON API share: the application on a database of its own, asked with a key of full scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from engine.access.roles import Place
from engine.access.store import add_key
from engine.access.tokens import new_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys.catalogue import Catalogue
from engine.journeys.context import Proofs
from engine.secrets.keyring import KeyRing
from tests.ui.apps import lent_app
from ui.dependencies import Dependencies

ClientFor = Callable[..., httpx.AsyncClient]


@pytest.fixture
def catalogue() -> Catalogue:
    """The activity types that the application knows; modules that need some give their own."""
    return {}


@pytest.fixture
def wecom_apps() -> dict[str, dict[str, str]]:
    """The WeCom apps that the application knows; modules that need one give their own."""
    return {}


@pytest.fixture
def proofs() -> Proofs | None:
    """How definitions are proved; modules about proofs give their own."""
    return None


@pytest.fixture
def approvals() -> frozenset[str]:
    """The kinds of definitions that need a second person; modules about that give their own."""
    return frozenset()


@pytest.fixture
async def client_for(
    database: Database,
    keys: KeyRing,
    clock: FixedClock,
    catalogue: Catalogue,
    wecom_apps: dict[str, dict[str, str]],
    proofs: Proofs | None,
    approvals: frozenset[str],
) -> AsyncIterator[ClientFor]:
    """Makes clients: `client_for("events", store_id=3)` asks with a key of that scope and place."""
    deps = Dependencies(database, clock, keys, catalogue, wecom_apps, proofs=proofs, approvals=approvals)
    made: list[httpx.AsyncClient] = []
    with lent_app(deps) as app:
        yield _maker(httpx.ASGITransport(app), database, clock, made)
        for client in made:
            await client.aclose()


def _maker(
    transport: httpx.ASGITransport, database: Database, clock: FixedClock, made: list[httpx.AsyncClient]
) -> ClientFor:

    def make(*scopes: str, store_id: int | None = None, region_id: int | None = None) -> httpx.AsyncClient:
        value = new_key()
        with database.begin() as session:
            place = Place(region_id, store_id)
            add_key(session, f"key-{len(made)}", value, set(scopes), now=clock.now(), place=place)
        headers = {"Authorization": f"Bearer {value}"}
        client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        made.append(client)
        return client

    return make


@pytest.fixture
def api(client_for: ClientFor) -> httpx.AsyncClient:
    """A client that may do everything."""
    return client_for("full")
