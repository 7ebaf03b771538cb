"""The log files of the children: one a child, set aside when it has grown large, read back when one dies."""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

ROTATE_ABOVE = 8 * 1024 * 1024
KEPT = 3
TAIL_BYTES = 16_384
TROUBLE = re.compile(r"\[(error|critical)\s*\]|\"level\": ?\"(error|critical)\"|\bPANIC:", re.IGNORECASE)


@dataclass
class LogFile:
    """What one child writes to standard output and standard error."""

    path: Path
    _read_to: int = field(default=0, init=False)

    def rotate(self) -> None:
        """Set the file aside when it has grown large; its last three predecessors are kept."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        if self._size() > ROTATE_ABOVE:
            self._make_way()
            self.path.replace(self._numbered(1))
        self._read_to = self._size()

    def turn_over(self) -> None:
        """Do the same while a child writes: it goes on in the file, which is emptied. A line or two may be lost."""
        if self._size() > ROTATE_ABOVE:
            with suppress(OSError):  # without room for a copy the file is emptied all the same
                self._make_way()
                shutil.copy2(self.path, self._numbered(1))
            os.truncate(self.path, 0)
            self._read_to = 0

    def open(self) -> BinaryIO:
        """Open it for a child to append to; only its owner may read it."""
        return os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")

    def tail(self, lines: int) -> list[str]:
        """Return the last lines, for a person who asks why the child ended."""
        return self._read(max(0, self._size() - TAIL_BYTES))[-lines:]

    def new_trouble(self) -> list[str]:
        """Return the lines of level error or worse that were written since the last call."""
        start = max(self._read_to, self._size() - TAIL_BYTES)
        self._read_to = self._size()
        return [line for line in self._read(start) if TROUBLE.search(line)]

    def _make_way(self) -> None:
        for number in range(KEPT - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))

    def _read(self, start: int) -> list[str]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace").splitlines()

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
