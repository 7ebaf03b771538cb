"""The edits of a draft in words: what each changed, part by part, with what it was and is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from engine.definitions.models import Draft
from engine.definitions.source import read_source
from engine.edits import log
from rules.types import Json
from ui.definitions.differences import Line, Part, Sides, parts_of
from ui.messages import Language

MOST_TOLD = 4
"""So many differences of one edit are told; a restored version may have hundreds."""
_LOOKED_BACK = 60


@dataclass(frozen=True)
class Changed:
    """What an edit changed: the parts with their differences, and how many more there are."""

    parts: tuple[Part, ...]
    more: int = 0


def around_edits(session: Session, draft: Draft) -> Mapping[int, tuple[dict[str, Json], dict[str, Json]]]:
    """The documents before and after each of the latest edits, by the edit's number."""
    document = read_source(draft.document).document
    story = log.story(session, draft, document, max(0, draft.revision - _LOOKED_BACK))
    found: dict[int, tuple[dict[str, Json], dict[str, Json]]] = {}
    for row, told in story.steps if story else ():
        if row.deed in {"edit", "more"}:
            after = found[row.n][1] if row.n in found else told.after
            found[row.n] = (told.before, after)
    return found


def changed(sides: Sides, language: Language) -> Changed:
    """What differs between the documents around an edit."""
    parts = parts_of(sides, language)
    told: list[Part] = []
    room = MOST_TOLD
    for part in parts:
        if room <= 0:
            break
        told.append(replace(part, lines=_worth_telling(part)[:room]))
        room -= max(1, len(_worth_telling(part)))
    return Changed(tuple(told), sum(max(1, len(_worth_telling(part))) for part in parts) - _told(told))


def _worth_telling(part: Part) -> tuple[Line, ...]:
    """Of a node or row that came or went, its name tells enough."""
    return () if "/" in part.id and part.op in {"added", "removed"} else part.lines


def _told(parts: Sequence[Part]) -> int:
    return sum(max(1, len(part.lines)) for part in parts)
