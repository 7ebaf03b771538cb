"""Whether a database must be prepared (migrated, seeded) before the roles start.

Preparing a database that is as it should be takes seconds, mostly for loading libraries. So a mark beside the cluster
says what it was prepared with; while nothing of that has changed, the step is left out.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workflows.service.folder import write_private

CODE = Path(__file__).parents[2]
PREPARING = ("engine", "rules")


@dataclass(frozen=True)
class Preparation:
    """`mark` is the file beside the cluster, None for a database that is not ours; `wanted` is what it should say."""

    mark: Path | None
    wanted: str

    @property
    def needed(self) -> bool:
        """Whether the database was not prepared by this code with these settings."""
        return self.mark is None or not self.mark.exists() or self.mark.read_text() != self.wanted

    def done(self) -> None:
        """Remember that it was prepared."""
        if self.mark is not None and self.needed:
            write_private(self.mark, self.wanted)


def fingerprint(settings: Iterable[str], code: Path = CODE) -> str:
    """Return a hash of the settings and of all code that takes part in migrating and seeding."""
    digest = hashlib.sha256()
    for word in settings:
        digest.update(word.encode() + b"\0")
    for package in PREPARING:
        for path in sorted((code / package).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(code)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
