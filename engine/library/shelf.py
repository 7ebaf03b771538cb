"""What stands on the shelf: each template, what it needs around it, and a fresh document made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.definitions.kinds import Kind
from engine.journeys.catalogue import Catalogue
from engine.journeys.checks.named import named
from engine.journeys.parse import parse
from rules.types import Json

FOLDERS: Mapping[Kind, Path] = {
    "fields": Path(__file__).parent / "fields",
    "ruleset": Path(__file__).parent / "rulesets",
    "journey": Path(__file__).parent / "journeys",
}


@dataclass(frozen=True)
class Template:
    """A definition to start from, as its author wrote it."""

    kind: Kind
    key: str
    text: str

    @property
    def document(self) -> dict[str, Json]:
        """The document, read anew: whoever asks may change theirs."""
        found: dict[str, Json] = json.loads(self.text)
        return found

    def made(self, key: str, title: Json) -> str:
        """The text of a draft that starts from it, under another key and title."""
        return json.dumps({**self.document, "key": key, "title": title}, ensure_ascii=False, indent=2)


def templates(kind: Kind) -> tuple[Template, ...]:
    """All of a kind, by key."""
    return tuple(_read(kind).values())


def find_template(kind: str, key: str) -> Template | None:
    """One of them, if it is there."""
    return _read(kind).get(key) if kind in FOLDERS else None


def needs(document: Json, catalogue: Catalogue) -> tuple[tuple[str, str], ...]:
    """What a journey names and must find around it, as (kind, key); nothing for other documents."""
    journey, _ = parse(document)
    found = named(journey, catalogue) if journey is not None else ()
    return tuple(sorted({(each.kind, each.key) for each in found}))


@cache
def _read(kind: Kind) -> Mapping[str, Template]:
    files = sorted(FOLDERS[kind].glob("*.json"))
    return {file.stem: Template(kind, file.stem, file.read_text(encoding="utf-8")) for file in files}
