"""Plays on the running service, each in a thread of its own, so that a test can do harm meanwhile."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from secrets import token_hex
from threading import Condition

import httpx

from engine.clock import SystemClock
from rules.types import Json
from tests.e2e.laws import Laws
from tests.service.running import Service
from tests.workflows.service.stand_ins import eventually
from workflows.demo.outside import Outside, Simulator
from workflows.demo.outside import Service as Waystation
from workflows.demo.run import Play, Summary, play
from workflows.service.folder import Running, read_running

PATIENCE = 300.0
CLUES = ("without enrichment", "was given up", "is parked", "without WeCom's word")
HELD = frozenset({"add", "join_group", "delete_associate"})
"""Deeds that only WeCom tells of, by a callback; whoever does not get one in 15 s never hears of it."""


class Turnstile:
    """Lets deeds of WeCom through, but for those that are held."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: frozenset[str] = frozenset()
        self._inside = 0

    def enter(self, deed: str) -> bool:
        """Go in, if this deed is not held."""
        with self._changed:
            self._inside += deed not in self._held
            return deed not in self._held

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @contextmanager
    def held(self, deeds: frozenset[str] = HELD) -> Iterator[None]:
        """None of these deeds begins meanwhile. If it is all of them, none is under way either."""
        with self._changed:
            self._held = deeds
            self._changed.wait_for(lambda: self._inside == 0 or deeds != HELD)
        try:
            yield
        finally:
            with self._changed:
                self._held = frozenset()


class Hands(Simulator):
    """The customers' hands, which a turnstile can hold."""

    def __init__(self, outside: Outside, turnstile: Turnstile) -> None:
        super().__init__(outside)
        self._turnstile = turnstile

    async def do(self, deed: str, person: str, **more: str) -> dict[str, Json]:
        if deed not in HELD:
            return await super().do(deed, person, **more)
        while not self._turnstile.enter(deed):  # noqa: ASYNC110 - whoever opens it lives in another thread
            await asyncio.sleep(0.05)
        try:
            return await super().do(deed, person, **more)
        finally:
            self._turnstile.leave()


class Theatre:
    """A seeded service and the plays on it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._turnstile = Turnstile()

    @property
    def running(self) -> Running:
        """What `dev.json` says now."""
        running = read_running(self.service.folder)
        assert running is not None, self.service.console
        return running

    @property
    def laws(self) -> Laws:
        """What must hold in the database."""
        return Laws(self.running.database_url)

    @contextmanager
    def playing(self, customers: int, seconds: float) -> Iterator[None]:
        """Within it a play goes on. At its end it is over, the funnel tells what was played, and all laws hold."""
        with ThreadPoolExecutor(1) as threads:
            playing = threads.submit(asyncio.run, self._play(customers, seconds))
            yield
            self._judge(playing)
        assert eventually(lambda: self.laws.unfinished() == {}, PATIENCE), self._complaint(self.laws.unfinished())
        assert self.laws.broken() == {}

    @contextmanager
    def nobody_waiting_for_wecom(self) -> Iterator[None]:
        """No callback is on its way meanwhile, and whoever was added is known. All else goes on."""
        with self._turnstile.held():
            assert eventually(lambda: self.letters() == 0, PATIENCE)
            assert eventually(lambda: self.laws.strangers() == 0, PATIENCE)
            yield

    def nobody_joining(self) -> AbstractContextManager[None]:
        """No customer joins a group meanwhile, so that they all have something to do afterwards."""
        return self._turnstile.held(frozenset({"join_group"}))

    def letters(self) -> int:
        """Callbacks on their way."""
        found: int = httpx.get(f"{self.running.simulator_url}/control/callbacks", timeout=20).json()["pending"]
        return found

    def faults(self, **faults: Json) -> None:
        """These faults strike from now on, and no others."""
        httpx.post(f"{self.running.simulator_url}/control/faults", json=faults, timeout=20).raise_for_status()

    def pid(self, name: str) -> int:
        """The process of a child."""
        pid = self.running.processes[name]
        assert pid is not None
        return pid

    def await_successors(self, *dead: int) -> None:
        """Wait until none of these processes stands in `dev.json` any more, and all children are ready."""
        gone = eventually(lambda: not {*self.running.processes.values()} & {*dead}, PATIENCE)
        assert gone, self._complaint("not started again")

    async def _play(self, customers: int, seconds: float) -> Summary:
        running = self.running
        secrets = json.loads((self.service.folder / "secrets.json").read_text())

        def client(url: str, key: str = "") -> httpx.AsyncClient:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            return httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False)

        async with (
            client(running.url, secrets["events_key"]) as events,
            client(running.url, secrets["api_key"]) as reading,
            client(running.simulator_url) as hands,
        ):
            chance = random.Random()  # noqa: S311 - fates of invented people
            asked = Play(customers, seconds, token_hex(3), chance, PATIENCE)
            service = Waystation(Outside(events, "Waystation"), Outside(reading, "Waystation"))
            simulator = Hands(Outside(hands, "The simulator"), self._turnstile)
            return await play(asked, service, simulator, SystemClock(), _unseen)

    def _judge(self, playing: Future[Summary]) -> None:
        """Wait for the play's end. What WeCom gave up meanwhile nobody could know of: it is sent again."""
        while not eventually(playing.done, 1):
            with suppress(httpx.TransportError):
                httpx.post(f"{self.running.simulator_url}/control/deliver_again", timeout=20)
        summary = playing.result()
        assert summary.agrees, self._complaint(json.dumps(summary.to_json(), ensure_ascii=False, indent=1))

    def _complaint(self, what: object) -> str:
        clues = [
            line
            for log in (self.service.folder / "logs").glob("*.log")
            for line in log.read_text().splitlines()
            if any(clue in line for clue in CLUES)
        ]
        return "\n".join((str(what), *clues, self.service.console))


@contextmanager
def _unseen(_steps: int) -> Iterator[Callable[[], None]]:
    yield lambda: None
