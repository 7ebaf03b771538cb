"""Paths given on the command line → definitions."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from engine.definitions.errors import NotReadableError
from engine.definitions.kinds import KEY, Kind
from engine.definitions.source import Place, Source, read_source
from rules.types import Json
from ui.definition_files.outcome import Located

_SCHEMA = re.compile(r"waystation/([a-z-]+)@\d+")
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}


class FilesError(Exception):
    """The paths cannot be used; the message says why."""


@dataclass(frozen=True)
class DefinitionFile:
    """A file that holds a definition."""

    path: Path
    kind: Kind
    key: str
    source: Source

    def locate(self, code: str, severity: str, pointer: str, message: dict[str, str]) -> Located:
        """A finding about this file, at its place."""
        return Located(self.path, self.source.place(pointer), code, severity, pointer, message)


def read_files(paths: Iterable[Path]) -> tuple[list[DefinitionFile], list[Located]]:
    """Read all files, those below folders included. What cannot be read is a finding at its place."""
    files: list[DefinitionFile] = []
    unreadable: list[Located] = []
    for path in _expand(paths):
        found = read_file(path)
        if isinstance(found, DefinitionFile):
            files.append(found)
        else:
            unreadable.append(found)
    return files, unreadable


def read_file(path: Path) -> DefinitionFile | Located:
    """Read one file."""
    try:
        source = read_source(path.read_bytes().decode())
    except NotReadableError as error:
        return _unusable(path, Place(error.line, error.column), "", "不是可读的 JSON 对象", error.what)
    except UnicodeDecodeError:
        return _unusable(path, Place(1, 1), "", "不是 UTF-8 文本", "the file is not UTF-8 text")
    told_kind, told_key = _told(source.document)
    kept_kind, kept_key = _kept(path)
    kind, key = told_kind or kept_kind, told_key or kept_key
    if kind is None:
        english = f"schema must name what this is: waystation/<kind>@1, where kind is one of {', '.join(_KINDS)}"
        return _unusable(path, source.place("/schema"), "/schema", "schema 须写明种类", english)
    if key is None:
        return _unusable(path, source.place("/key"), "/key", "key 不可用", f"key must match {KEY.pattern}")
    return DefinitionFile(path, kind, key, source)


def _told(document: dict[str, Json]) -> tuple[Kind | None, str | None]:
    """Which definition the document says that it is."""
    schema, key = document.get("schema"), document.get("key")
    named = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
    return _KINDS.get(named[1]) if named else None, key if isinstance(key, str) and KEY.fullmatch(key) else None


def _kept(path: Path) -> tuple[Kind | None, str | None]:
    """Which definition it is by its place, `<kind>/<key>.json`, as exports write them; for drafts that do not say."""
    kind = _KINDS.get(path.resolve().parent.name)
    return (kind, path.stem) if kind and KEY.fullmatch(path.stem) else (None, None)


def _expand(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.json"))
        elif path.is_file():
            yield path
        else:
            raise FilesError(f"{path}: there is no such file or folder")


def _unusable(path: Path, place: Place, pointer: str, zh: str, en: str) -> Located:
    return Located(path, place, "schema", "error", pointer, {"zh": zh, "en": en})
