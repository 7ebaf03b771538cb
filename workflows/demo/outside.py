"""What the demonstration touches, by HTTP alone: the WeCom simulator's hands, and the service's API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import httpx

from rules.types import Json

ATTEMPTS = 18
LONGEST_PAUSE = 5.0
"""Seconds between two attempts; with their number it gives patience for a little more than a minute."""
PATIENCE = frozenset({429, 500, 502, 503, 504})
"""What a program answers while it, or what it needs, is busy or starts again."""


class OutsideError(Exception):
    """A call failed for good; the message says which and why. `status` is what was answered, if anything was."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Outside:
    """One program that is asked by HTTP. While it is busy or away, a call is tried a few times again."""

    def __init__(self, http: httpx.AsyncClient, name: str) -> None:
        self._http = http
        self._name = name

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        params: Mapping[str, str] | None = None,
        media_type: str = "application/json",
    ) -> dict[str, Json]:
        """The answer's JSON. Raises OutsideError."""
        problem, status = "", None
        headers = {} if body is None else {"Content-Type": media_type}
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(min(0.2 * 2**attempt, LONGEST_PAUSE))
            try:
                answer = await self._http.request(method, path, json=body, params=params, headers=headers)
            except httpx.TransportError as error:
                problem, status = f"does not answer ({error})", None
            else:
                if answer.is_success:
                    found: dict[str, Json] = answer.json()
                    return found
                problem, status = f"answered {answer.status_code}: {answer.text[:200]}", answer.status_code
                if status not in PATIENCE:
                    break
        raise OutsideError(f"{self._name} {problem} at {method} {path}", status)


class Simulator:
    """The customers' hands."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def do(self, deed: str, person: str, **more: str) -> dict[str, Json]:
        """A deed of the control interface; the ids of the person who did it."""
        return await self._outside.ask("POST", f"/control/{deed}", {"person": person, **more})

    async def set_faults(self, faults: Mapping[str, Json]) -> None:
        """These faults strike from now on, and no others."""
        await self._outside.ask("POST", "/control/faults", dict(faults))

    async def struck(self) -> Counter[str]:
        """How often each fault has struck since the simulator was started."""
        counts = (await self._outside.ask("GET", "/control/faults"))["struck"]
        found = counts if isinstance(counts, dict) else {}
        return Counter({name: count for name, count in found.items() if isinstance(count, int)})

    async def people(self) -> list[Json]:
        """Everybody, with the groups that they sit in."""
        items = (await self._outside.ask("GET", "/control/people"))["items"]
        return items if isinstance(items, list) else []


class Service:
    """The running service: events in with one key, everything else read with another."""

    def __init__(self, events: Outside, reading: Outside) -> None:
        self._events = events
        self._reading = reading

    async def send(self, name: str, subject: str, data: Mapping[str, Json], *, source: str, at: datetime) -> None:
        """An event, as the mini-program or the till sends it."""
        event: dict[str, Json] = {
            "specversion": "1.0",
            "id": uuid4().hex,
            "source": source,
            "type": name,
            "subject": subject,
            "time": at.isoformat(),
            "datacontenttype": "application/json",
            "data": dict(data),
        }
        await self._events.ask("POST", "/api/v1/events", event, media_type="application/cloudevents+json")

    async def items(self, path: str, **params: str) -> list[Json]:
        """All items of a list."""
        found: list[Json] = []
        cursor: Json = None
        while True:
            asked = {"limit": "200", **params, **({"cursor": str(cursor)} if cursor is not None else {})}
            page = await self._reading.ask("GET", f"/api/v1/{path}", params=asked)
            items, cursor = page["items"], page["next"]
            found += items if isinstance(items, list) else []
            if cursor is None:
                return found

    async def read(self, path: str, **params: str) -> dict[str, Json]:
        """One object."""
        return await self._reading.ask("GET", f"/api/v1/{path}", params=params)
