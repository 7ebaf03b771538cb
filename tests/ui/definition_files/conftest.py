"""A service that is asked without a network, and a definition in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engine.access.store import add_key
from engine.access.tokens import new_key
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.secrets.keyring import KeyRing
from tests.engine.definitions.samples import CATALOGUE, text_of
from tests.ui.visitor import visiting
from ui.app import Dependencies, create_app
from ui.definition_files.service import Service


@pytest.fixture
def service(database: Database, keys: KeyRing, clock: FixedClock) -> Iterator[Service]:
    """The real application, asked with a key of scope `definitions`."""
    value = new_key()
    with database.begin() as session:
        add_key(session, "files", value, {"definitions"}, now=clock.now())
    with visiting(create_app(Dependencies(database, clock, keys, CATALOGUE))) as visitor:

        def answer(request: httpx.Request) -> httpx.Response:
            given = visitor.request(
                request.method, str(request.url), content=request.content, headers=dict(request.headers)
            )
            headers = {"content-type": given.headers.get("content-type", "")}
            return httpx.Response(given.status_code, content=given.content, headers=headers)

        with Service("http://testserver/", value, httpx.MockTransport(answer)) as service:
            yield service


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journey without findings."""
    path = tmp_path / "small.json"
    path.write_text(text_of(), encoding="utf-8")
    return path
