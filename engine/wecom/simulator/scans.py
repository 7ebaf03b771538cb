"""What a customer's phone does before WeCom hears of it: it opens a code's page, or the mini-program."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from uuid import uuid4

import httpx

from engine.clock import Clock
from engine.wecom.simulator.settings import SimulatorSettings
from rules.types import Json

SOURCE = "simulator/mini-program"
ATTEMPTS = 4
PATIENCE = {429, 502, 503, 504}


class UnheardError(Exception):
    """Waystation could not be told; the text says what it answered."""


class Phone:
    """Calls Waystation as a phone or the mini-program behind it would. Its time is the real one, not WeCom's."""

    def __init__(self, settings: SimulatorSettings, http: httpx.AsyncClient, clock: Clock) -> None:
        self._settings, self._http, self._clock = settings, http, clock

    async def open_page(self, channel_state: str) -> None:
        """An anonymous scan: the code's page is opened, and nothing tells who by."""
        address = f"{self._settings.public_url.rstrip('/')}/q/{channel_state}"
        await self._call("GET", address)

    async def scan(self, channel_state: str, person: sqlite3.Row) -> None:
        """A scan in the mini-program, which knows the unionid and sends `contact.scanned`.

        The code is all that the mini-program reads: it stands for the channel's key and for its state.
        """
        unionid, openid = person["unionid"], person["openid"]
        event: dict[str, Json] = {
            "specversion": "1.0",
            "id": uuid4().hex,
            "source": SOURCE,
            "type": "contact.scanned",
            "subject": f"unionid:{unionid}" if unionid else f"openid:{openid}",
            "time": self._clock.now().isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": {
                "channel": channel_state,
                "state": channel_state,
                **({"identities": [f"openid:{openid}"]} if unionid else {}),
            },
        }
        headers = {
            "Authorization": f"Bearer {self._settings.events_key}",
            "Content-Type": "application/cloudevents+json",
        }
        await self._call("POST", self._settings.events_url, event, headers)

    async def _call(
        self, method: str, address: str, body: Json = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Call Waystation; while it is away or asks for patience, a few times again."""
        for attempt in range(ATTEMPTS):
            try:
                response = await self._http.request(method, address, json=body, headers=headers, follow_redirects=True)
            except httpx.TransportError:
                problem = "does not answer"
            else:
                if response.is_success:
                    return
                problem = f"answered {response.status_code}"
                if response.status_code not in PATIENCE:
                    break
            await asyncio.sleep(0.5 * (attempt + 1))
        raise UnheardError(f"Waystation {problem} at {address}.")
