"""`python -m bench.migration`: ten thousand people are inside a journey while it is published anew with a map.

Not one of the benchmarks: it judges no speed. It starts the whole service, lets people stand at three nodes, deletes,
inserts, turns round and re-purposes nodes, lets a tenth go first, kills the worker in the middle of the rest, and looks
at what came of it: exactly the runs that the plan named, nothing done twice, nobody left behind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import httpx
import typer
from sqlalchemy import text

from bench.figures import BenchError
from bench.service import Service, service
from engine.clock import SystemClock
from engine.database import retrying
from engine.events.incoming import IncomingEvent
from engine.events.ingest import ingest
from rules.types import Json

KEY = "crossing"
BATCH = 250
PATIENCE = 1_800.0
MAP: dict[str, Json] = {"second": "later", "rest": "rest"}


def before() -> dict[str, Json]:
    """A wait, an effect, a wait, an effect, a delay."""
    return _document(
        {
            "first": _wait("custom.step", "give"),
            "give": _emit("custom.gave", "second"),
            "second": _wait("custom.second", "note"),
            "note": _emit("custom.noted", "rest"),
            "rest": {"type": "delay", "for": "P30D", "ports": {"done": "end"}},
        }
    )


def after() -> dict[str, Json]:
    """`second` is gone, `later` and `extra` are new, `give` stands behind its wait, `rest` is a wait."""
    return _document(
        {
            "first": _wait("custom.step", "later"),
            "later": _wait("custom.second", "give", timeout="P3D"),
            "give": _emit("custom.gave", "extra"),
            "extra": _emit("custom.extra", "note"),
            "note": _emit("custom.noted", "rest"),
            "rest": _wait("custom.third", "end", timeout="P30D"),
        }
    )


def _document(nodes: dict[str, Json]) -> dict[str, Json]:
    end: dict[str, Json] = {"type": "end", "outcome": "over"}
    return {
        "schema": "waystation/journey@1",
        "key": KEY,
        "title": {"zh": "迁移", "en": "Crossing"},
        "entry": [{"on": "custom.enter"}],
        "policies": {"reentry": {"mode": "once"}, "max_age": "P60D"},
        "start": "first",
        "nodes": {**nodes, "end": end},
    }


def _wait(on: str, to: str, timeout: str = "P7D") -> dict[str, Json]:
    ports: dict[str, Json] = {"got": to, "timeout": "end"}
    return {"type": "wait", "for": [{"on": on, "port": "got"}], "timeout": timeout, "ports": ports}


def _emit(type_: str, to: str) -> dict[str, Json]:
    return {"type": "activity", "activity": "event.emit", "params": {"type": type_}, "ports": {"done": to}}


@dataclass
class Trial:
    """One service with a journey in it."""

    one: Service
    runs: int

    def __post_init__(self) -> None:
        self.database, self.keys, self.clock = self.one.database(), self.one.keys(), SystemClock()
        headers = {"Authorization": f"Bearer {self.one.secrets['api_key']}"}
        self.api = httpx.Client(base_url=f"{self.one.url}/api/v1", headers=headers, timeout=120)

    def run(self) -> dict[str, Any]:
        """Let it happen; the figures. Raises BenchError when a law does not hold."""
        self._publish(before())
        self._tell("custom.enter", range(self.runs))
        self._stand({"first": self.runs})
        half, tenth = self.runs // 2, self.runs // 10
        self._tell("custom.step", range(half))
        self._stand({"second": half, "first": self.runs - half})
        self._tell("custom.second", range(tenth))
        self._stand({"rest": tenth, "second": half - tenth, "first": self.runs - half})
        return self._cross(half, tenth)

    def _cross(self, half: int, tenth: int) -> dict[str, Any]:
        self.api.put(f"/definitions/journey/{KEY}/draft", json=after()).raise_for_status()
        began = time.monotonic()
        asked = {"in_flight": {"migrate": MAP}}
        plan = self.api.post(f"/definitions/journey/{KEY}/draft/plan", json=asked).raise_for_status().json()
        planned = time.monotonic() - began
        _demand(plan["errors"] == [] and plan["runs"] == self.runs, f"the plan: {plan}")
        job = self._publish(after(), {"migrate": MAP, "canary_bp": 1000})
        _until(lambda: self._job(job)["state"] == "stopped", "the share")
        share = self._count("version = 2")
        _demand(0 < share < self.runs // 5, f"{share} went first")
        began = time.monotonic()
        self.api.post(f"/jobs/{job}/continue").raise_for_status()
        _until(lambda: self._job(job)["done"] > self.runs // 3, "a third")
        self._kill_worker()
        _until(lambda: self._job(job)["state"] == "done", "the rest")
        took = time.monotonic() - began
        done = self._job(job)
        _demand(done["done"] == self.runs and self._count("version = 2") == self.runs, f"moved: {done}")
        self._stand({"rest": tenth, "later": half - tenth, "first": self.runs - half})
        self._go_on(half, tenth)
        return {
            "runs": self.runs, "plan_s": round(planned, 2), "went_first": share, "rest_s": round(took, 1),
            "a_second": round((self.runs - share) / took, 1), "events": self._events(),
        }  # fmt: skip

    def _go_on(self, half: int, tenth: int) -> None:
        """Whoever stands at `later` goes on: what they were given before is not given again."""
        self._tell("custom.second", range(tenth, half))
        self._stand({"rest": half, "first": self.runs - half})
        self._tell("custom.third", range(half))
        _until(lambda: self._count("ended_at IS NOT NULL") == half, "ends")
        _until(lambda: self._events().get("custom.extra") == half - tenth, "what is new")
        twice = self._scalar(
            "SELECT count(*) FROM (SELECT 1 FROM events WHERE type IN ('custom.gave', 'custom.noted', 'custom.extra')"
            " GROUP BY member_id, type HAVING count(*) > 1) AS twice"
        )
        _demand(twice == 0, f"{twice} things were done twice")
        _demand(self._events()["custom.gave"] == half and self._events()["custom.noted"] == half, str(self._events()))
        _demand(self._count("status = 'stuck'") == 0, "somebody is stuck")

    def _publish(self, document: dict[str, Json], in_flight: Json = "stay") -> str | None:
        address = f"/definitions/journey/{KEY}"
        self.api.put(f"{address}/draft", json=document).raise_for_status()
        done = self.api.post(f"{address}/publish", json={"in_flight": in_flight})
        if done.status_code != 201:
            raise BenchError(done.text)
        job: str | None = done.json().get("job")
        return job

    def _job(self, job: str | None) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/jobs/{job}").raise_for_status().json()
        return found

    def _tell(self, kind: str, people: Iterable[int]) -> None:
        numbers = list(people)
        for at in range(0, len(numbers), BATCH):
            now = self.clock.now()
            events = [
                IncomingEvent("bench", f"{kind}/{n}", kind, f"member:c{n}", now, {}) for n in numbers[at:][:BATCH]
            ]
            retrying.run(self.database, partial(ingest, events=events, now=now, keys=self.keys))

    def _stand(self, expected: dict[str, int]) -> None:
        _until(lambda: self._places() == expected, f"{expected}", lambda: str(self._places()))
        print(f"{expected}", file=sys.stderr)

    def _places(self) -> dict[str, int]:
        with self.database.begin() as session:
            rows = session.execute(
                text("SELECT node, count(*) FROM runs WHERE journey = :key AND status = 'waiting' GROUP BY 1"),
                {"key": KEY},
            )
            return {str(node): int(runs) for node, runs in rows}

    def _events(self) -> dict[str, int]:
        with self.database.begin() as session:
            rows = session.execute(
                text("SELECT type, count(*) FROM events WHERE type LIKE 'custom.%' GROUP BY 1 ORDER BY 1")
            )
            return {str(kind): int(events) for kind, events in rows}

    def _count(self, condition: str) -> int:
        return self._scalar(f"SELECT count(*) FROM runs WHERE journey = '{KEY}' AND {condition}")  # noqa: S608 - ours

    def _scalar(self, query: str) -> int:
        with self.database.begin() as session:
            return int(session.execute(text(query)).scalar_one())

    def _kill_worker(self) -> None:
        """kill -9; the supervisor starts another one."""
        pid = self.one.pid("worker")
        os.kill(pid, signal.SIGKILL)
        print(f"killed the worker {pid} in the middle", file=sys.stderr)


def _until(true: Callable[[], bool], what: str, told: Callable[[], str] = str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise BenchError(f"waited in vain for {what}; it is {told()}")
        time.sleep(0.5)


def _demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise BenchError(otherwise)


def main(runs: Annotated[int, typer.Option(help="How many people are inside.")] = 10_000) -> None:
    """Publish a journey with a map while people are inside; exit status 1 when a law does not hold."""
    with service() as one:
        try:
            figures = Trial(one, runs).run()
        except BenchError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(1) from error
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    typer.run(main)
