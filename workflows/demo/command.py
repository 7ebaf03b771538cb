"""`server.py demo`: finds the running service, plays, shows the summary, and says by its status whether it agrees."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

import httpx
from rich.console import Console

from engine.clock import Clock
from rules.types import Json
from workflows.demo.doors import NoDoorsError
from workflows.demo.outside import Outside, OutsideError, Service, Simulator
from workflows.demo.run import PATIENCE, PATIENCE_WITH_FAULTS, Play, Summary, play
from workflows.demo.show import bar, show
from workflows.service.errors import ServiceError
from workflows.service.folder import Running, read_running

TIMEOUT = 30.0


class DemoError(ServiceError):
    """The demonstration cannot be played; the message says what to do."""


@dataclass(frozen=True)
class Keys:
    """What the demonstration shows at the doors of the API: one key to send events, one to read."""

    events: str
    reading: str


def run_demo(
    data: Path,
    clock: Clock,
    *,
    customers: int,
    seconds: float,
    faults: bool = False,
    as_json: bool = False,
    api_key: str | None = None,
) -> int:
    """Play `customers` within about `seconds` against the service of a folder; 0 when the funnel agrees, else 1.

    With `faults` the simulator plays WeCom's bad days meanwhile. `api_key` is the key to read with, by default the
    folder's own. Raises DemoError.
    """
    running, keys = _running(data), _keys(data, api_key)
    console = Console(stderr=as_json)
    asked = Play(
        customers,
        seconds,
        token_hex(2),
        random.Random(),  # noqa: S311 - fates of invented people
        faults=faults,
        patience=PATIENCE_WITH_FAULTS if faults else PATIENCE,
    )
    try:
        summary = asyncio.run(_play(asked, running, keys, clock, console))
    except (NoDoorsError, OutsideError) as error:
        raise DemoError(str(error)) from error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise DemoError(
            "The play was interrupted before the funnel could be compared. No faults strike now."
        ) from error
    if as_json:
        _print(summary.to_json())
    else:
        show(console, summary)
    return 0 if summary.agrees else 1


async def _play(asked: Play, running: Running, keys: Keys, clock: Clock, console: Console) -> Summary:
    playing = asyncio.current_task()
    if playing is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)

    def client(url: str, key: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False)

    async with (
        client(running.url, keys.events) as events,
        client(running.url, keys.reading) as reading,
        client(running.simulator_url) as hands,
    ):
        service = Service(Outside(events, "Waystation"), Outside(reading, "Waystation"))
        return await play(
            asked, service, Simulator(Outside(hands, "The WeCom simulator")), clock, partial(bar, console)
        )


def _running(data: Path) -> Running:
    running = read_running(data)
    if running is None:
        raise DemoError(f"No service runs in {data}. Start it with: uv run server.py dev --data {data}")
    return running


def _keys(data: Path, api_key: str | None) -> Keys:
    try:
        kept = json.loads((data / "secrets.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DemoError(f"{data / 'secrets.json'} is missing: the demonstration needs the keys in it.") from error
    return Keys(events=kept["events_key"], reading=api_key or kept["api_key"])


def _print(content: dict[str, Json]) -> None:
    Console(soft_wrap=True).print_json(json.dumps(content, ensure_ascii=False))
