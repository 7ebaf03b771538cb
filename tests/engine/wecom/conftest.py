"""A simulator over real HTTP, with somebody to call back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from engine.clock import SystemClock
from engine.wecom.callback import App
from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.simulator.app import create_app
from engine.wecom.simulator.settings import SimulatorSettings
from tests.engine.wecom.servers import Receiver, serve, until
from tests.engine.wecom.vectors import AES_KEY

APP = App(corp_id="ww_demo_orchard", agent_id=1000002, secret="app-secret", token="token", aes_key=AES_KEY)


@dataclass
class Simulator:
    """Hands for a test: control calls, and what they led to."""

    url: str
    http: httpx.Client
    receiver: Receiver

    def control(self, verb: str, **body: object) -> dict[str, str]:
        response = self.http.post(f"/control/{verb}", json=body)
        assert response.is_success, response.text
        answer: dict[str, str] = response.json()
        return answer

    def outbox(self, **query: str) -> list[dict[str, object]]:
        items: list[dict[str, object]] = self.http.get("/control/outbox", params=query).json()["items"]
        return items

    def token(self) -> str:
        """An access token of the app."""
        query = {"corpid": APP.corp_id, "corpsecret": APP.secret}
        return str(self.http.get("/cgi-bin/gettoken", params=query).json()["access_token"])

    def calls(self, api: str) -> dict[int | None, int]:
        """How often an API was called, by the errcode of the answer; None: there was none."""
        items = self.http.get("/control/calls").json()["items"]
        return {one["errcode"]: one["count"] for one in items if one["api"] == api}

    def settle(self) -> None:
        """Wait until no callback is on its way."""
        until(lambda: self.http.get("/control/callbacks").json()["pending"] == 0)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One simulator and one receiver for all tests: starting them takes longer than most tests."""
    receiver = Receiver(APP)
    with serve(receiver.asgi()) as receiver_url:
        settings = replace(make_settings(receiver_url), answer_seconds=0.5)
        app = create_app(tmp_path_factory.mktemp("simulator"), settings, SystemClock())
        with serve(app) as url, httpx.Client(base_url=url, trust_env=False) as http:
            yield Simulator(url, http, receiver)


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    """The simulator as if it had just been started for the first time."""
    running.settle()
    running.control("reset", everything=True)
    running.receiver.forget()
    return running


@pytest.fixture
def receiver(simulator: Simulator) -> Receiver:
    return simulator.receiver


def make_settings(receiver_url: str) -> SimulatorSettings:
    return SimulatorSettings(
        apps={"main": APP},
        callback_url=f"{receiver_url}/wecom/callback/{{app}}",
        events_url=f"{receiver_url}/api/v1/events",
        events_key="key",
        public_url=receiver_url,
    )


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def slept() -> list[float]:
    """How long the client under test would have slept."""
    return []


@pytest.fixture
def wecom(simulator: Simulator, http: httpx.AsyncClient, slept: list[float]) -> WeCom:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return WeCom(APP, Calls(APP, http, simulator.url, SystemClock(), sleep))
