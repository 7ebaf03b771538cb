"""Reading a document: every breach of its format is a finding; what breaks it is left out, and the rest is kept.

A broken value is replaced by nothing, or where its place needs one by a stand-in. `Reading.mended` names those places,
so that the checks of meaning say nothing about them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from engine.journeys import messages
from engine.journeys.document import SCHEMA, Journey
from engine.journeys.findings import Finding, finding
from engine.journeys.relations import check_relations
from rules.documents.bounds import Mended, within_bounds
from rules.documents.mend import Format, Steps, mend
from rules.types import Json

MAX_BYTES = 256 * 1024

STAND_INS: dict[str, Json] = {
    "schema": SCHEMA, "key": "unnamed", "subject": "member", "entry": [], "nodes": {}, "start": "stand-in", "name": "?",
    "on": "stand.in", "port": "stand-in", "when": True, "outcome": "stand-in", "type": "text", "share_bp": 0,
    "activity": "", "from": "00:00", "to": "00:00", "at": "00:00", "time": "00:00", "zh": "?", "en": "?",
    "audience": True, "becomes": True, "check": "P1D", "date": True, "list": True, "schedule": "FREQ=DAILY",
    "assign": {}, "ruleset": "stand-in", "task": "stand-in", "journey": "stand-in", "mode": "start", "save": "stand-in",
    "node": "?",
}  # fmt: skip
"""By key: what takes the place of a value that must be there."""

_NO_EXPRESSIONS = frozenset({"tests", "fields", "note", "title"})
_READ = re.compile(r"vars\.([A-Za-z0-9_-]+)")

_FORMAT = Format(
    Journey, STAND_INS, tagged=frozenset({"nodes", "entry"}), telling=frozenset({"schedule", "becomes", "date", "list"})
)


@dataclass
class Reading(Mended):
    """What reading a document gave. `journey` is None only for what is no object.

    `unreadable` holds the ports of nodes that were left out, `names_read` what is read of `vars` anywhere.
    """

    journey: Journey | None = None
    findings: list[Finding] = field(default_factory=list)
    unreadable: dict[str, dict[str, str]] = field(default_factory=dict)
    names_read: frozenset[str] = frozenset()

    def leave(self, steps: Steps, holder: Json) -> None:
        """Keep the ports of a node of which something is left out."""
        if len(steps) == 2 and steps[0] == "nodes" and isinstance(holder, dict):
            self.unreadable[str(steps[1])] = _ports(holder.get(str(steps[1])))


def parse(document: Json) -> tuple[Journey | None, list[Finding]]:
    """The journey, and the `schema` findings. With findings, the journey is what is left of the document."""
    reading = read(document)
    return reading.journey, reading.findings


def read(document: Json) -> Reading:
    """Read a document of any shape. Never raises."""
    reading = Reading()
    mended = within_bounds(document, reading, max_bytes=MAX_BYTES)
    if not isinstance(mended, dict):
        reading.findings = [*_told(reading), finding("schema", "", *messages.NO_OBJECT)]
        return reading
    told = {key: part for key, part in mended.items() if key not in _NO_EXPRESSIONS}
    reading.names_read = frozenset(_READ.findall(json.dumps(told)))
    reading.journey = mend(mended, _FORMAT, reading, leaving=reading.leave)
    reading.findings = _told(reading)
    if reading.journey:
        reading.findings += [each for each in check_relations(reading.journey) if not reading.has_mended(each.pointer)]
    return reading


def _told(reading: Reading) -> list[Finding]:
    return [Finding(each.code, "error", each.pointer, each.message) for each in reading.problems]


def _ports(node: Json) -> dict[str, str]:
    ports = node.get("ports") if isinstance(node, dict) else None
    return (
        {port: target for port, target in ports.items() if isinstance(target, str)} if isinstance(ports, dict) else {}
    )
