"""Definitions as files: read, with the place of everything in them, and what is found in them told by line."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from engine.definitions.errors import NotReadableError
from engine.definitions.kinds import KEY, KINDS, Kind
from engine.definitions.source import Place, Source, read_source
from rules.types import Json

_SCHEMA = re.compile(r"waystation/([a-z-]+)@[0-9]+")


@dataclass(frozen=True)
class Told:
    """A finding at its place in a file."""

    path: Path
    place: Place
    code: str
    severity: str
    pointer: str
    message: str

    def line(self) -> str:
        """As compilers write it, so that editors can jump there."""
        return f"{self.path}:{self.place.line}:{self.place.column}: {self.severity} {self.code}: {self.message}"

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "file": str(self.path),
            "line": self.place.line,
            "column": self.place.column,
            "code": self.code,
            "severity": self.severity,
            "pointer": self.pointer,
            "message": self.message,
        }


@dataclass(frozen=True)
class File:
    """One file. `source` is None where it cannot be read; then `problem` says why."""

    path: Path
    source: Source | None
    kind: Kind = "journey"
    key: str | None = None
    problem: Told | None = field(default=None, repr=False)

    @property
    def document(self) -> dict[str, Json]:
        """The document; empty for a file that cannot be read."""
        return self.source.document if self.source else {}

    @property
    def name(self) -> str:
        """What the definition is called."""
        return f"{self.kind}/{self.key}"

    def told(self, findings: Iterable[Mapping[str, Json]]) -> Iterator[Told]:
        """Findings, as the API shows them, at their places in the file."""
        for one in findings:
            pointer = str(one["pointer"])
            place = self.source.place(pointer) if self.source else Place(1, 1)
            words = one["message"]
            message = str(words.get("en", "") if isinstance(words, dict) else words)
            yield Told(self.path, place, str(one["code"]), str(one["severity"]), pointer, message)

    def tell(self, code: str, pointer: str, message: str) -> Told:
        """An error of our own."""
        [told] = self.told([{"code": code, "severity": "error", "pointer": pointer, "message": message}])
        return told


def read_files(paths: Iterable[Path]) -> list[File]:
    """Read files, and all `*.json` below folders. What cannot be read is in the list, with its problem."""
    return [_read(path) for given in paths for path in _files_of(given)]


def _files_of(path: Path) -> list[Path]:
    return sorted(path.rglob("*.json")) if path.is_dir() else [path]


def _read(path: Path) -> File:
    try:
        source = read_source(path.read_text(encoding="utf-8"))
    except NotReadableError as error:
        return _broken(path, Place(error.line, error.column), error.what)
    except UnicodeDecodeError:
        return _broken(path, Place(1, 1), "the file is not UTF-8")
    except OSError as error:
        return _broken(path, Place(1, 1), f"the file cannot be read: {error.strerror}")
    key = source.document.get("key")
    return File(path, source, _kind(source.document), key if isinstance(key, str) and KEY.fullmatch(key) else None)


def _kind(document: Mapping[str, Json]) -> Kind:
    """What the document says it is; one that does not say is checked as a journey, which finds that."""
    schema = document.get("schema")
    named = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    return cast("Kind", named[1]) if named and named[1] in KINDS else "journey"


def _broken(path: Path, place: Place, message: str) -> File:
    return File(path, None, problem=Told(path, place, "schema", "error", "", message))
