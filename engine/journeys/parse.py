"""Reading a document: every breach of its format is a finding; what breaks it is left out, and the rest is kept.

A broken value is replaced by nothing, or where its place needs one by a stand-in. `Reading.mended` names those places,
so that the checks of meaning say nothing about them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.journeys import messages
from engine.journeys.bounds import Mended, within_bounds
from engine.journeys.document import SCHEMA, Journey
from engine.journeys.findings import Finding, finding
from engine.journeys.relations import check_relations
from rules.limits import escape
from rules.types import Json

MAX_ROUNDS = 50

STAND_INS: dict[str, Json] = {
    "schema": SCHEMA, "key": "unnamed", "subject": "member", "entry": [], "nodes": {}, "start": "stand-in", "name": "?",
    "on": "stand.in", "port": "stand-in", "when": True, "outcome": "stand-in", "type": "text", "share_bp": 0,
    "activity": "", "from": "00:00", "to": "00:00", "at": "00:00", "time": "00:00", "zh": "?", "en": "?",
    "audience": True, "becomes": True, "check": "P1D", "date": True, "list": True, "schedule": "", "assign": {},
    "ruleset": "stand-in", "task": "stand-in", "journey": "stand-in", "mode": "start", "save": "stand-in", "node": "?",
}  # fmt: skip
"""By key: what takes the place of a value that must be there."""

_NO_EXPRESSIONS = frozenset({"tests", "fields", "note", "title"})
_READ = re.compile(r"vars\.([A-Za-z0-9_-]+)")

_TAGGED = frozenset({"nodes", "entry"})
"""Below these the third step of pydantic's places names a form of a union, which is no part of the document."""


@dataclass
class Reading(Mended):
    """What reading a document gave. `journey` is None only for what is no object.

    `unreadable` holds the ports of nodes that were left out, `names_read` what is read of `vars` anywhere.
    """

    journey: Journey | None = None
    unreadable: dict[str, dict[str, str]] = field(default_factory=dict)
    names_read: frozenset[str] = frozenset()


def parse(document: Json) -> tuple[Journey | None, list[Finding]]:
    """The journey, and the `schema` findings. With findings, the journey is what is left of the document."""
    reading = read(document)
    return reading.journey, reading.findings


def read(document: Json) -> Reading:
    """Read a document of any shape. Never raises."""
    reading = Reading()
    mended = within_bounds(document, reading)
    if not isinstance(mended, dict):
        reading.findings.append(finding("schema", "", *messages.NO_OBJECT))
        return reading
    told = {key: part for key, part in mended.items() if key not in _NO_EXPRESSIONS}
    reading.names_read = frozenset(_READ.findall(json.dumps(told)))
    reading.journey = _mend(mended, reading)
    if reading.journey:
        reading.findings.extend(
            each for each in check_relations(reading.journey) if not reading.has_mended(each.pointer)
        )
    return reading


def _mend(document: dict[str, Json], reading: Reading) -> Journey | None:
    """Validate, take what is wrong out of `document`, and again, until a journey is left."""
    for _ in range(MAX_ROUNDS):
        try:
            return Journey.model_validate(document)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            for problem, steps in [(problem, _steps(document, problem)) for problem in problems]:
                if steps:
                    _mend_one(document, problem, steps, reading)
    return None


def _mend_one(document: dict[str, Json], problem: ErrorDetails, steps: list[str | int], reading: Reading) -> None:
    kind = problem["type"]
    pointer = "".join(f"/{escape(str(step))}" for step in steps)
    if not reading.is_mended(pointer):
        shown = pointer.rpartition("/")[0] if kind == "missing" else pointer
        if kind == "union_tag_invalid":
            shown += "/type"
        reading.findings.append(finding("schema", shown, *messages.of(problem, Journey)))
    if kind != "extra_forbidden":
        reading.mended.add(pointer)
    holder = _at(document, steps[:-1])
    if len(steps) == 2 and steps[0] == "nodes" and isinstance(holder, dict):
        reading.unreadable[str(steps[1])] = _ports(holder.get(str(steps[1])))
    _replace(holder, steps[-1], kind)


def _steps(document: Json, problem: ErrorDetails) -> list[str | int]:
    """The place of a problem as steps through the document."""
    places = list(problem["loc"])
    if len(places) > 2 and places[0] in _TAGGED and places[2] != "[key]":
        del places[2]
    steps: list[str | int] = []
    for i, place in enumerate(places):
        here = _at(document, steps)
        last_missing = problem["type"] == "missing" and i == len(places) - 1
        in_list = isinstance(here, list) and isinstance(place, int) and place < len(here)
        if last_missing or in_list or (isinstance(here, dict) and place in here):
            steps.append(place)
    return steps


def _at(document: Json, steps: list[str | int]) -> Json:
    here = document
    for step in steps:
        if isinstance(here, dict):
            here = here.get(str(step))
        elif isinstance(here, list) and isinstance(step, int):
            here = here[step]
    return here


def _replace(holder: Json, step: str | int, kind: str) -> None:
    """Take a broken value out of what holds it; put a stand-in where there must be one."""
    if isinstance(holder, list) and isinstance(step, int):
        holder[step] = "?" if kind.startswith("string") else {}
    elif isinstance(holder, dict) and kind == "missing":
        holder[str(step)] = STAND_INS.get(str(step))
    elif isinstance(holder, dict):
        holder.pop(str(step), None)


def _ports(node: Json) -> dict[str, str]:
    ports = node.get("ports") if isinstance(node, dict) else None
    return (
        {port: target for port, target in ports.items() if isinstance(target, str)} if isinstance(ports, dict) else {}
    )
