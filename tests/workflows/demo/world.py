"""A simulator and a service in one, small enough to be seen through: they count at once what customers do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from workflows.demo.fates import STAGES
from workflows.demo.outside import Outside, Service, Simulator

CHANNELS = [
    {"key": "E01-till", "state": "E01-till", "kind": "pos", "store": "E01", "associates": ["E01-1"]},
    {"key": "E02-till", "state": "E02-till", "kind": "pos", "store": "E02", "associates": ["gone", "E02-1"]},
    {"key": "banner", "state": "banner", "kind": "banner", "store": None, "associates": ["E01-1"]},
    {"key": "E03-till", "state": "E03-till", "kind": "pos", "store": "E03", "associates": []},
]
ASSOCIATES = [
    {"key": "E01-1", "wecom_userid": "u1", "active": True},
    {"key": "gone", "wecom_userid": "u0", "active": False},
    {"key": "E02-1", "wecom_userid": "u2", "active": True},
]
CHATS = [
    {"chat_id": "wr_e01_1", "store": "E01"},
    {"chat_id": "wr_e01_2", "store": "E01"},
    {"chat_id": "wr_e01_3", "store": "E01", "dismissed_at": "2026-01-01T00:00:00Z"},
    {"chat_id": "wr_e02_1", "store": "E02"},
]


@dataclass
class World:
    """`holds_out` chooses persons, `forgets` stages that the funnel does not count; groups have `room` for so many."""

    holds_out: Callable[[str], bool] = lambda _: False
    forgets: tuple[str, ...] = ()
    stock: int = 1_000
    busy: int = 0
    room: int = 200
    seats: dict[str, list[str]] = field(default_factory=dict)
    seen: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    coupons: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    refuses: str = ""

    def service(self) -> Service:
        return Service(self._outside("Waystation"), self._outside("Waystation"))

    def simulator(self) -> Simulator:
        return Simulator(self._outside("The simulator"))

    def _outside(self, name: str) -> Outside:
        transport = httpx.MockTransport(self._answer)
        return Outside(httpx.AsyncClient(transport=transport, base_url="http://world"), name)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.busy:
            self.busy -= 1
            return httpx.Response(503)
        path = request.url.path.removeprefix("/api/v1/")
        if request.method == "POST":
            return self._happen(path, json.loads(request.content))
        return httpx.Response(200, json=self._read(path, request.url.params))

    def _happen(self, path: str, body: dict[str, Any]) -> httpx.Response:
        self.calls.append((path, body))
        if path == "/control/faults":
            self.faults.append(body)
            if self.refuses == path:
                return httpx.Response(409)
            self.struck["duplicate"] += bool(body)
            return httpx.Response(200, json=body)
        if path == "events":
            step = {"coupon.claimed": "claim", "coupon.redeemed": "redeem"}[body["type"]]
            person = body["subject"].removeprefix("unionid:")
            self._reach(person, step, *self._place_of(person))
            return httpx.Response(202, json={"accepted": 1})
        person, deed = body["person"], path.rpartition("/")[2]
        if deed == "leave_group":
            self.seats[body["chat"]].remove(person)
            return httpx.Response(200, json={"unionid": person})
        if deed == "join_group":
            guests = self.seats.setdefault(body["chat"], [])
            if len(guests) >= self.room:
                return httpx.Response(409, json={"detail": "full"})
            guests.append(person)
        step = {"scan": "scan", "add": "add", "join_group": "join", "delete_associate": "leave"}[deed]
        state = body.get("channel_state") or body.get("state")
        place = (state, state.partition("-")[0]) if state else self._place_of(person)
        self._reach(person, step, *place)
        if step == "join" and not self.holds_out(person) and len(self.coupons) < self.stock:
            self.coupons[person] = f"code-{person}"
        return httpx.Response(200, json={"person": person, "unionid": person, "external_userid": "", "openid": ""})

    def _place_of(self, person: str) -> tuple[str, str]:
        _, channel, store = self.seen[person][0]
        return channel, store

    def _reach(self, person: str, step: str, channel: str, store: str) -> None:
        self.seen.setdefault(person, []).append((step, channel, store))
        if not self.holds_out(person):
            self.outcomes.update({"redeem": ["goal"], "leave": ["lost"]}.get(step, []))

    def _read(self, path: str, params: httpx.QueryParams) -> Any:
        person = params.get("member", "").removeprefix("unionid:")
        if path == "/control/faults":
            return {"struck": dict(self.struck)}
        if path == "/control/people":
            seated = [(one, chat) for chat, guests in self.seats.items() for one in guests]
            return {"items": [{"person": one, "chats": [chat]} for one, chat in seated]}
        lists: dict[str, Any] = {"channels": CHANNELS, "associates": ASSOCIATES, "group-chats": CHATS}
        if path in lists:
            return {"items": lists[path], "next": None}
        if path == "coupons":
            return {"items": [{"code": self.coupons[person]}] if person in self.coupons else [], "next": None}
        if path == "runs":
            status = "holdout" if self.holds_out(person) else "waiting"
            steps = [step for step, _, _ in self.seen.get(person, ())]
            node = "wait_join" if "add" in steps else "wait_add"
            return {"items": [{"status": status, "node": node}] if steps else [], "next": None}
        return self._funnel(params["by"])

    def _funnel(self, by: str) -> Any:
        cells: Counter[tuple[str, str]] = Counter()
        entered: Counter[str] = Counter()
        for person, steps in self.seen.items():
            for index, (step, channel, store) in enumerate(steps):
                stage = STAGES.get(step)
                if stage and stage not in self.forgets and not self.holds_out(person):
                    cells[channel if by == "channel" else store, stage] += 1
                    entered[stage] += index == 0
        places = sorted({place for place, _ in cells})
        totals = {stage: sum(n for (_, of), n in cells.items() if of == stage) for stage in STAGES.values()}
        return {
            "stages": [
                {"stage": stage, "people": count, "entered_here": entered[stage]} for stage, count in totals.items()
            ],
            "groups": [
                {"key": place, "stages": [{"stage": s, "times": cells[place, s]} for s in STAGES.values()]}
                for place in places
            ],
            "outcomes": dict(self.outcomes),
            "holdout": {"times": sum(self.holds_out(person) for person in self.seen), "outcomes": {}},
        }
