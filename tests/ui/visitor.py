"""A browser for tests: it keeps cookies, follows no redirect, and asks the application without a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from tests.ui.sample import PASSWORD


class Visitor:
    """Asks the application; each answer comes back as a plain `httpx.Response`."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://testserver")
        self._portal = portal
        self.app = app

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._portal.call(partial(self._client.request, method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def close(self) -> None:
        self._portal.call(self._client.aclose)


def signed_in(visitor: Visitor, name: str, password: str = PASSWORD) -> Visitor:
    """The visitor, once this person has signed in."""
    answer = visitor.post("/sign-in", data={"username": name, "password": password})
    assert answer.status_code == 303, answer.text
    return visitor


@contextmanager
def visiting(app: FastAPI) -> Iterator[Visitor]:
    """A visitor of this application."""
    with start_blocking_portal() as portal:
        visitor = Visitor(app, portal)
        yield visitor
        visitor.close()
