"""Walking the routes of the API, and a world in which every one of them has something to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from engine.alerts import fold, store
from tests.ui.api.made import tell
from tests.workflows.world import World, only

BASE = "/api/v1"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PASSWORD = "correct horse battery"
SIMPLE = {
    "schema": "waystation/journey@1",
    "key": "simple",
    "title": "Simple",
    "subject": "member",
    "entry": [{"on": "store.visited"}],
    "start": "over",
    "nodes": {"over": {"type": "end", "outcome": "over"}},
}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of everything below `/api/v1`, as the API describes itself."""
    paths = {
        path.removeprefix(BASE): methods
        for path, methods in app.openapi()["paths"].items()
        if path.startswith(f"{BASE}/")
    }
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def lists(app: FastAPI) -> list[str]:
    """The paths whose answer has items and a next."""
    described = app.openapi()
    return [path for method, path in routes(app) if method == "GET" and {"items", "next"} <= _fields(described, path)]


def _fields(described: dict[str, Any], path: str) -> set[str]:
    content = described["paths"][f"{BASE}{path}"]["get"]["responses"]["200"]["content"]
    name = content.get("application/json", {}).get("schema", {}).get("$ref", "/").rpartition("/")[2]
    return set(described["components"]["schemas"].get(name, {}).get("properties", ()))


@dataclass
class Ground:
    """Makes things through the API, and beneath it what no route makes. `number` keeps names apart."""

    api: httpx.AsyncClient
    world: World
    number: int = 0

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer to a request that must succeed."""
        answer = await self.api.request(method, f"{BASE}{path}", json=body)
        assert answer.status_code < 300, (method, path, answer.text)
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def records(self) -> list[tuple[str, dict[str, Any]]]:
        """One record of each noun of the chain, with names of their own."""
        n = self.number
        return [
            (f"/regions/r{n}", {"title": "区", "parent": "all"}),
            (f"/stores/s{n}", {"title": "店", "region": "east"}),
            (f"/associates/a{n}", {"name": "林", "store": "S1", "wecom_userid": f"w{n}"}),
            (f"/group-chats/wc{n}", {"title": "群", "store": "S1", "owner": "lin", "hosts": []}),
            (f"/channels/c{n}", {"title": "码", "kind": "pos", "store": "S1", "associates": ["lin"]}),
            (f"/coupon-batches/B{n}", {"title": "券", "stock": 1, "value": {"minor": 1, "currency": "CNY"}}),
            (f"/users/u{n}", {"role": "auditor", "password": PASSWORD}),
        ]

    async def key(self) -> str:
        """A new API key; its id."""
        self.number += 1
        made = await self.done("POST", "/api-keys", {"name": f"k{self.number}", "scopes": ["events"]})
        return str(made["id"])

    async def stuck(self) -> str:
        """A run that is stuck, of a member of its own."""
        self.number += 1
        self.world.tell("contact.scanned", {"channel": "till-1"}, who=f"member:{5000 + self.number}")
        self.world.route()
        run = self.world.runs()[-1]
        self.world.take(run)
        return str(run.id)

    async def member(self) -> str:
        """A new member; the identity."""
        self.number += 1
        await tell(self.api, "store.visited", f"member:{1001 + self.number}", f"new-{self.number}")
        return f"member:{1001 + self.number}"

    async def parked(self) -> str:
        """A parked member; the internal id."""
        who = await self.member()
        found = await self.done("GET", f"/members/{who}")
        self._execute("UPDATE member_queue SET parked_at = since WHERE member_id = :member", member=int(found["id"]))
        return str(found["id"])

    async def alert(self) -> str:
        """An open alert; its id."""
        self.number += 1
        with self.world.database.begin() as session:
            store.signal(session, "run-stuck", f"run/{self.number}", now=self.world.clock.now())
            fold.fold(session)
        return str((await self.done("GET", "/alerts?limit=1"))["items"][0]["id"])

    async def coupon(self) -> str:
        """A coupon that somebody holds; its code."""
        await self.member()
        code = f"C{self.number}"
        self._execute(
            "INSERT INTO coupons (code, batch_id, status, member_id, issued_at)"
            " SELECT :code, min(b.id), 'issued', min(m.id), :now FROM coupon_batches b, members m",
            code=code,
            now=self.world.clock.now(),
        )
        return code

    async def job(self) -> str:
        """A job that waits; its id."""
        return str((await self.done("POST", "/runs/bulk", {"action": "pause", "ids": [await self.stuck()]}))["id"])

    async def draft(self) -> str:
        """A draft that can be published; its key."""
        self.number += 1
        key = f"j{self.number}"
        await self.done("PUT", f"/definitions/journey/{key}/draft", {**SIMPLE, "key": key})
        return key

    async def published(self) -> str:
        """A journey with two versions and a draft; its key."""
        key = await self.draft()
        await self.done("POST", f"/definitions/journey/{key}/publish")
        await self.done("PUT", f"/definitions/journey/{key}/draft", {**SIMPLE, "key": key, "title": "Anew"})
        await self.done("POST", f"/definitions/journey/{key}/publish")
        return key

    async def one_of_each(self) -> None:
        """One more of everything that lists show."""
        self.number += 1
        for path, body in self.records():
            await self.done("PUT", path, body)
        await tell(self.api, "store.visited", "member:1001", f"visit-{self.number}", link=f"l{self.number}")
        for make in (self.key, self.alert, self.coupon, self.job, self.draft, self.parked):
            await make()

    def _execute(self, sql: str, **given: object) -> None:
        with self.world.database.begin() as session:
            session.connection().execute(text(sql), given)


def stuck_journey() -> dict[str, Any]:
    """A journey whose runs get stuck at once, if the world's stage says so."""
    return only("test.give", {"what": "x"})
