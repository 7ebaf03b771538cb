"""A test's name tells its walk from others: by which event, which ways, to which end."""

from __future__ import annotations

from typing import Any

import pytest

from engine.journeys.trying.script import Script
from engine.journeys.trying.simulation import Simulation, simulate
from tests.engine.journeys.world import activity, plan_of, wait
from ui.trying.naming import name_of

NODES: dict[str, Any] = {
    "one": wait("custom.b", timeout="P1D", ports={"got": "two", "timeout": "two"}),
    "two": wait("custom.c", timeout="P1D", ports={"got": "say", "timeout": "late"}),
    "say": activity("note", ports={"done": "end"}),
}
PLAN = plan_of(NODES)
IN = {"at": "PT0S", "on": "custom.a"}
B = {"at": "PT1H", "on": "custom.b"}


def walked(*when: dict[str, Any], until: str = "end") -> Simulation:
    return simulate(PLAN, Script.model_validate({"when": [*when], "until": until}))


@pytest.mark.parametrize(
    ("found", "taken", "name"),
    [
        (walked(IN), (), "custom.a → Timed out → late"),
        (walked(IN, B), ("custom.a → Timed out → late",), "custom.a → got → Timed out → late"),
        (walked(IN), ("custom.a → Timed out → late",), "custom.a → Timed out → late 2"),
        (walked(IN), ("custom.a → Timed out → late", "custom.a → Timed out → late 2"), "custom.a → Timed out → late 3"),
        (walked(IN, until="last"), (), "custom.a → Waiting"),
        (walked({**IN, "on": "custom.c"}), (), "custom.c → Nobody enters"),
        (walked(), ("Nobody enters",), "Nobody enters 2"),
    ],
)
def test_a_name_has_as_few_ports_as_tell_it_from_others(found: Simulation, taken: tuple[str, ...], name: str) -> None:
    assert name_of(found, taken, {"one": "Waiting"}, "en") == name


def test_a_long_name_is_short() -> None:
    long = name_of(walked(IN, until="last"), (), {"one": "等" * 90}, "zh")
    assert (len(long) < 30, long[-1]) == (True, "…")
