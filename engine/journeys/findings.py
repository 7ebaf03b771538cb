"""Findings: what `check` says about a document, in both languages, the consequence first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from rules.types import Json

Severity: TypeAlias = Literal["error", "warning"]

OVERLAP = "entry-overlap"
"""The code of a finding that another journey takes the same people."""

WARNINGS = frozenset(
    {"unreachable-node", "maybe-missing", "unused-value", "unknown-event", OVERLAP, "hidden-case",
     "impossible-condition", "not-proved", "unknown-holidays", "changed-type", "field-in-use"}
)  # fmt: skip
"""The codes that are shown and do not block publishing. All others do."""


@dataclass(frozen=True)
class Acceptance:
    """Who accepted a finding, when and why."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Finding:
    """`pointer` is a JSON pointer into the document, `message` is `{"zh", "en"}`, `example` shows the case.

    Of a ruleset also: the `rows` concerned, the `box` of cases as a cell for each field that matters, and the `count`
    of members and stores who are in it today.
    """

    code: str
    severity: Severity
    pointer: str
    message: dict[str, str]
    example: Json = None
    rows: tuple[str, ...] = ()
    box: Mapping[str, Json] | None = None
    count: Mapping[str, int] | None = None
    accepted: Acceptance | None = None

    @property
    def other(self) -> str | None:
        """The journey that takes the same people, of a finding that is about one."""
        if self.code != OVERLAP or not isinstance(self.example, dict):
            return None
        journey = self.example.get("journey")
        return journey if isinstance(journey, str) else None

    def to_json(self) -> dict[str, Json]:
        """The finding as the API shows it."""
        more: dict[str, Json] = {
            "example": self.example,
            "rows": [*self.rows] or None,
            "box": None if self.box is None else {**self.box},
            "count": None if self.count is None else {**self.count},
            "accepted": None if self.accepted is None else _acceptance(self.accepted),
        }
        return {
            "code": self.code,
            "severity": self.severity,
            "pointer": self.pointer,
            "message": {**self.message},
            **{name: value for name, value in more.items() if value is not None},
        }


def _acceptance(accepted: Acceptance) -> Json:
    return {"by": accepted.by, "at": accepted.at.isoformat(), "reason": accepted.reason}


def finding(code: str, pointer: str, zh: str, en: str, example: Json = None) -> Finding:
    """A finding with the severity that its code has."""
    return Finding(code, "warning" if code in WARNINGS else "error", pointer, {"zh": zh, "en": en}, example)
