"""Findings: what `check` says about a document, in both languages, the consequence first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from rules.types import Json

Severity: TypeAlias = Literal["error", "warning"]

WARNINGS = frozenset(
    {"unreachable-node", "maybe-missing", "unused-value", "unknown-event", "entry-overlap", "hidden-case",
     "impossible-condition", "unknown-holidays", "changed-type"}
)  # fmt: skip
"""The codes that are shown and do not block publishing. All others do."""


@dataclass(frozen=True)
class Finding:
    """`pointer` is a JSON pointer into the document, `message` is `{"zh", "en"}`, `example` shows the case."""

    code: str
    severity: Severity
    pointer: str
    message: dict[str, str]
    example: Json = None

    def to_json(self) -> dict[str, Json]:
        """The finding as the API shows it."""
        plain: dict[str, Json] = {
            "code": self.code,
            "severity": self.severity,
            "pointer": self.pointer,
            "message": {**self.message},
        }
        return plain if self.example is None else {**plain, "example": self.example}


def finding(code: str, pointer: str, zh: str, en: str, example: Json = None) -> Finding:
    """A finding with the severity that its code has."""
    return Finding(code, "warning" if code in WARNINGS else "error", pointer, {"zh": zh, "en": en}, example)
