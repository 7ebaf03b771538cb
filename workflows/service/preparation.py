"""Whether a database must be prepared (migrated, seeded) before the roles start.

Preparing a database that is as it should be takes seconds, mostly for loading libraries. So a mark beside the
cluster, and one beside the simulator's memory, say what they were prepared with; while nothing of that has changed,
the step is left out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workflows.service.folder import write_private

CODE = Path(__file__).parents[2]
PREPARING = ("engine", "rules")
NO_PART = {"__pycache__", ".md"}
"""What Python keeps beside the code, and makes while others read it; and what is written for people."""


@dataclass(frozen=True)
class Preparation:
    """`marks` are files beside what is prepared, none for a database that is not ours. They should say `wanted`.

    A mark goes with the folder that it lies in, so whoever removes a folder has it prepared anew.
    """

    marks: tuple[Path, ...]
    wanted: str

    @property
    def needed(self) -> bool:
        """Whether something was not prepared by this code with these settings."""
        return not self.marks or any(not mark.exists() or mark.read_text() != self.wanted for mark in self.marks)

    def done(self) -> None:
        """Remember that all was prepared."""
        if self.needed:
            for mark in self.marks:
                write_private(mark, self.wanted)


def fingerprint(settings: Iterable[str], code: Path = CODE) -> str:
    """Return a hash of the settings and of all code that takes part in migrating and seeding."""
    digest = hashlib.sha256()
    for word in settings:
        digest.update(word.encode() + b"\0")
    for package in PREPARING:
        for path in sorted((code / package).rglob("*")):
            if NO_PART.isdisjoint((path.parent.name, path.suffix)) and path.is_file():
                digest.update(str(path.relative_to(code)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
