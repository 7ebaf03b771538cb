"""A real browser on a served application. Skipped where there is no browser, unless WAYSTATION_NO_SKIPS=1."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from tests.ui.apps import lent_app
from tests.ui.sample import PASSWORD, Sample
from ui import assets
from ui.app import Dependencies
from ui.http.auth import COOKIE
from ui.pages.render import LANGUAGE_COOKIE, THEME_COOKIE

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)  # fmt: skip
SCREENSHOTS = os.environ.get("WAYSTATION_SCREENSHOTS")
"""A folder for a picture of every page that the walks see, to be looked at by a person."""


def _missing(what: str) -> None:
    if os.environ.get("WAYSTATION_NO_SKIPS") == "1":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from the system, named by WAYSTATION_CHROMIUM or found on the path.

    It ends with its module: while it lives, Playwright keeps an event loop running that other tests would trip over.
    """
    names = (os.environ.get("WAYSTATION_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if name and (found := shutil.which(name))), None)
    if program is None:
        _missing("no Chromium: install one, or name it by WAYSTATION_CHROMIUM")
    try:
        assets.install()
    except assets.AssetsError as error:
        _missing(str(error))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield started
        started.close()


class Address(str):
    """Where the application is served, and the cookie of its administrator, where somebody has signed in already."""

    __slots__ = ("cookie",)
    cookie: str | None


@pytest.fixture
def address(request: pytest.FixtureRequest, deps: Dependencies, chain: Sample) -> Iterator[Address]:
    """The address of the application, served on a free port with the small chain in it."""
    listening = socket.create_server(("127.0.0.1", 0))
    with lent_app(deps) as app:
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        address = Address(f"http://127.0.0.1:{listening.getsockname()[1]}")
        is_furnished = "furnished" in request.fixturenames
        address.cookie = request.getfixturevalue("furnished").cookie if is_furnished else None
        yield address
        server.should_exit = True
        thread.join()


@dataclass
class Walk:
    """A page of a browser that remembers whatever its console or the network complained about."""

    page: Page
    address: Address
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.address + path, wait_until="load")

    def sign_in(self, *, lang: str = "zh", theme: str = "light") -> None:
        self.go(f"/sign-in?lang={lang}&theme={theme}")
        self.page.fill("#username", "admin")
        self.page.fill("#password", PASSWORD)
        self.page.click("form button[type=submit]")
        self.page.wait_for_url(self.address + "/")

    def enter(self, *, lang: str = "zh", theme: str = "light") -> None:
        """Be the administrator, who signed in yesterday and chose language and theme then."""
        assert self.address.cookie is not None, "nobody has signed in here yet"
        kept = {COOKIE: self.address.cookie, LANGUAGE_COOKIE: lang, THEME_COOKIE: theme}
        self.page.context.add_cookies([{"name": name, "value": kept[name], "url": self.address} for name in kept])

    def picture(self, name: str) -> None:
        """A screenshot, if somebody wants to look at it."""
        if SCREENSHOTS:
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


@pytest.fixture
def walk(browser: Browser, address: str) -> Iterator[Walk]:
    """A walk at the size of a desk."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Walk(page, address)
    page.close()
