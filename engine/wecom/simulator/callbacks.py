"""Callbacks: put down with the change that causes them, then delivered as WeCom does.

Each delivery may take five seconds; without an answer it is repeated, three times in all, and then given up. Callbacks
about one customer or one group leave in order, others side by side. What is not delivered yet survives a restart.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from engine.wecom import crypto, xml
from engine.wecom.callback import App
from engine.wecom.simulator.faults import FaultBox
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State

LANES = 16
HELD_SECONDS = 1.0
VERIFY_SECONDS = 1.0
LOG = logging.getLogger(__name__)


def put(
    state: State,
    settings: SimulatorSettings,
    event: str,
    change: str,
    fields: Mapping[str, str | int | list[str] | None],
) -> None:
    """Put a callback down for every app of the corp, which is that of the first app.

    Fields that are None are left out, as WeCom leaves them out.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    lane = str(given.get("ChatId") or given.get("ExternalUserID") or "")
    for name, app in settings.own_apps().items():
        head: dict[str, str | int | list[str]] = {
            "ToUserName": app.corp_id,
            "FromUserName": "sys",
            "CreateTime": int(state.seconds()),
            "MsgType": "event",
            "Event": event,
            "ChangeType": change,
        }
        body = xml.write({**head, **given})
        state.run("INSERT INTO callbacks (app, lane, body, given_up) VALUES (?, ?, ?, 0)", name, lane, body)


def pending(state: State) -> dict[str, int]:
    """How many callbacks wait, and how many were given up."""
    return {
        "pending": state.count("SELECT count(*) FROM callbacks WHERE NOT given_up"),
        "given_up": state.count("SELECT count(*) FROM callbacks WHERE given_up"),
    }


@dataclass(frozen=True)
class Letter:
    """A callback on its way."""

    id: int
    app: str
    lane: int
    body: str


def _letter(row: sqlite3.Row) -> Letter:
    return Letter(row["id"], row["app"], zlib.crc32(row["lane"].encode()) % LANES, row["body"])


class Postman:
    """Takes what was put down and delivers it, through the faults that are set."""

    def __init__(self, state: State, settings: SimulatorSettings, faults: FaultBox, http: httpx.AsyncClient) -> None:
        self._state, self._settings, self._faults, self._http = state, settings, faults, http
        self._taken = 0
        self._woken = asyncio.Event()
        self._woken.set()
        self._lanes: list[asyncio.Queue[Letter]] = [asyncio.Queue() for _ in range(LANES)]
        self._held: Letter | None = None

    def wake(self) -> None:
        """Something may have been put down."""
        self._woken.set()

    def again(self) -> int:
        """Deliver once more what was given up, which WeCom never would; how many."""
        found = self._state.rows("SELECT * FROM callbacks WHERE given_up ORDER BY id")
        for row in found:
            self._state.run("UPDATE callbacks SET given_up = 0 WHERE id = ?", row["id"])
            self._send_off(_letter(row))
        return len(found)

    async def verify(self, name: str) -> bool:
        """What WeCom's console does when a callback URL is saved: it wants an echo decrypted within a second."""
        app, word = self._settings.apps[name], secrets.token_hex(10)
        echo = crypto.encrypt(app.key, word.encode(), app.corp_id)
        query = {**_signed(app, echo, int(self._state.seconds())), "echostr": echo}
        try:
            response = await self._http.get(self._address(name), params=query, timeout=VERIFY_SECONDS)
        except httpx.TransportError:
            return False
        return response.status_code == httpx.codes.OK and response.text == word

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(self._serve(lane))
            while True:
                await self._woken.wait()
                self._woken.clear()
                self._take()

    def _take(self) -> None:
        found = self._state.rows("SELECT * FROM callbacks WHERE id > ? AND NOT given_up ORDER BY id", self._taken)
        for row in found:
            self._taken = row["id"]
            self._sort(_letter(row))

    def _sort(self, letter: Letter) -> None:
        """Let the faults have their way with a letter, then send it off."""
        if self._faults.strikes("drop"):
            self._done(letter)
            return
        if self._held is not None:
            held, self._held = self._held, None
            self._send_off(letter)
            self._send_off(Letter(held.id, held.app, letter.lane, held.body))
        elif self._faults.strikes("reorder"):
            self._held = letter
            asyncio.get_running_loop().call_later(HELD_SECONDS, self._let_go, letter)
        else:
            self._send_off(letter)

    def _let_go(self, letter: Letter) -> None:
        if self._held is letter:
            self._held = None
            self._send_off(letter)

    def _send_off(self, letter: Letter) -> None:
        copies = 2 if self._faults.strikes("duplicate") else 1
        lane = self._lanes[letter.lane]
        for _ in range(copies):
            if self._faults.delay:
                self._faults.struck["delay"] += 1
                asyncio.get_running_loop().call_later(self._faults.delay, lane.put_nowait, letter)
            else:
                lane.put_nowait(letter)

    async def _serve(self, lane: asyncio.Queue[Letter]) -> None:
        while True:
            letter = await lane.get()
            if await self._deliver(letter):
                self._done(letter)
            else:
                LOG.warning("callback %s was given up after %s deliveries", letter.id, self._settings.deliveries)
                self._state.run("UPDATE callbacks SET given_up = 1 WHERE id = ?", letter.id)

    async def _deliver(self, letter: Letter) -> bool:
        for attempt in range(self._settings.deliveries):
            started, is_last = asyncio.get_running_loop().time(), attempt + 1 == self._settings.deliveries
            is_lost = not is_last and self._faults.strikes("lose")
            if not is_lost and await self._post(letter):
                return True
            if not is_last:
                passed = asyncio.get_running_loop().time() - started
                await asyncio.sleep(max(0.0, self._settings.answer_seconds - passed))
        return False

    async def _post(self, letter: Letter) -> bool:
        app = self._settings.apps[letter.app]
        query, body = seal(app, letter.body, int(self._state.seconds()))
        try:
            response = await self._http.post(
                self._address(letter.app),
                params=query,
                content=body,
                headers={"Content-Type": "text/xml"},
                timeout=self._settings.answer_seconds,
            )
        except httpx.TransportError:
            return False
        return response.status_code == httpx.codes.OK or not self._settings.repeat_after_refusal

    def _address(self, app: str) -> str:
        return self._settings.callback_url.replace("{app}", app)

    def _done(self, letter: Letter) -> None:
        self._state.run("DELETE FROM callbacks WHERE id = ?", letter.id)


def seal(app: App, message: str, now: int) -> tuple[dict[str, str], str]:
    """The query and the body of a callback."""
    encrypted = crypto.encrypt(app.key, message.encode(), app.corp_id)
    body = xml.write({"ToUserName": app.corp_id, "AgentID": str(app.agent_id), "Encrypt": encrypted})
    return _signed(app, encrypted, now), body


def _signed(app: App, encrypted: str, now: int) -> dict[str, str]:
    timestamp, nonce = str(now), secrets.token_hex(5)
    signature = crypto.signature(app.token, timestamp, nonce, encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
