"""What a command tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.definitions.source import Place
from rules.types import Json


@dataclass(frozen=True)
class Located:
    """A finding at its place in a file."""

    file: Path
    place: Place
    code: str
    severity: str
    pointer: str
    message: Mapping[str, str]

    def line(self, language: str) -> str:
        """The finding as compilers write theirs, so that editors can jump to it."""
        place = f"{self.file}:{self.place.line}:{self.place.column}"
        return f"{place}: {self.severity} [{self.code}] {self.message[language]}"

    def to_json(self) -> dict[str, Json]:
        """The finding for programs."""
        return {
            "file": str(self.file),
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code,
            "severity": self.severity,
            "pointer": self.pointer,
            "message": {**self.message},
        }


@dataclass
class Outcome:
    """Lines for people, `data` for programs, and whether all is well."""

    lines: list[str] = field(default_factory=list)
    data: dict[str, Json] = field(default_factory=dict)
    ok: bool = True

    def fail(self, line: str) -> None:
        """Tell of something that is not well."""
        self.lines.append(line)
        self.ok = False
