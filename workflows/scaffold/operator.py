"""Writes an operator of rules and its test."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workflows.scaffold.writing import ScaffoldError, write_new

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True)
class NewOperator:
    """What to write; `known` are the names that are taken, `refused` tells of names why none may have them."""

    name: str
    known: Container[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def write(self, root: Path) -> list[Path]:
        """Write both below `root`, and return them. Raises ScaffoldError; an existing file is left alone."""
        if not NAME.fullmatch(self.name):
            raise ScaffoldError(f"{self.name!r} is no name for an operator: use small letters, as in starts_with")
        if self.name in self.refused:
            raise ScaffoldError(self.refused[self.name])
        if self.name in self.known:
            raise ScaffoldError(f"there is an operator {self.name} already")
        files = {
            root / "rules" / "operators" / f"{self.name}.py": "operator.txt",
            root / "tests" / "rules" / "operators" / f"test_{self.name}.py": "operator_test.txt",
        }
        class_name = "".join(word.capitalize() for word in self.name.split("_"))
        return write_new(files, {"name": self.name, "class_name": class_name})
