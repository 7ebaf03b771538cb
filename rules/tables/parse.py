"""Reading a ruleset: every breach of its format is a problem; what breaks it is left out, and the rest is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.documents.bounds import Mended, within_bounds
from rules.documents.mend import Format, Steps, mend
from rules.tables.document import MAX_BYTES, SCHEMA, Ruleset
from rules.types import Json, Problem

STAND_INS: dict[str, Json] = {
    "schema": SCHEMA, "key": "unnamed", "inputs": [], "outputs": [], "rows": [], "field": "", "type": "text",
    "id": "stand-in", "when": [], "of": "stand-in", "name": "?", "vary": "stand.in", "among": [None, None],
    "same": ["stand-in"], "zh": "?", "en": "?",
}  # fmt: skip
"""By key: what takes the place of a value that must be there."""

_FORMAT = Format(Ruleset, STAND_INS)
NO_OBJECT = {
    "zh": "这不是规则集：文档必须是一个 JSON 对象。",
    "en": "This is no ruleset: a document is a JSON object.",
}


@dataclass
class Reading(Mended):
    """What reading a document gave. `ruleset` is None only for what is no object.

    `doubtful` holds the rows, inputs and outputs of which something was left out.
    """

    ruleset: Ruleset | None = None
    doubtful: set[str] = field(default_factory=set)

    def leave(self, steps: Steps, _holder: Json) -> None:
        """Note the part of the table that loses something."""
        self.doubtful.add("".join(f"/{step}" for step in steps[:2]))


def read(document: Json) -> Reading:
    """Read a document of any shape. Never raises."""
    reading = Reading()
    mended = within_bounds(document, reading, max_bytes=MAX_BYTES)
    if not isinstance(mended, dict):
        reading.problems.append(Problem("schema", "", NO_OBJECT))
        return reading
    reading.ruleset = mend(mended, _FORMAT, reading, leaving=reading.leave)
    return reading
