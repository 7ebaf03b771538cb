"""Writes an activity type and its test."""

import re
from dataclasses import dataclass
from pathlib import Path

from workflows.scaffold.writing import ScaffoldError, write_new

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*(\.[a-z][a-z0-9]*(_[a-z0-9]+)*)+")


@dataclass(frozen=True)
class NewActivity:
    """What to write: an activity type that works in our database, or a remote one that calls the outside world."""

    name: str
    remote: bool = False

    def write(self, root: Path) -> list[Path]:
        """Write type and test below `root`, and return both. Raises ScaffoldError; an existing file is left alone."""
        if not NAME.fullmatch(self.name):
            raise ScaffoldError(
                f"{self.name!r} is no name for an activity type: use words with a dot, as in coupon.issue"
            )
        function = self.name.replace(".", "_")
        kind = "remote" if self.remote else "local"
        files = {
            root / "workflows" / "activities" / f"{function}.py": f"{kind}.txt",
            root / "tests" / "workflows" / "activities" / f"test_{function}.py": f"{kind}_test.txt",
        }
        words = {"name": self.name, "function": function, "title": self.name.rpartition(".")[2].replace("_", " ")}
        return write_new(files, words)
