"""Where a place of a definition is edited, and what it is called."""

from collections.abc import Sequence
from urllib.parse import quote

from engine.definitions.kinds import Kind
from rules.documents.commands import CommandError
from rules.documents.pointers import found, steps_of
from rules.types import Json
from ui.messages import Language
from ui.presentable import presentable
from ui.words import title

_PARTS = frozenset({"entry", "policies", "goal", "exits", "fields"})


def editor_of(kind: Kind, key: str) -> str:
    """The page that edits a definition; where there is none of its own, its JSON."""
    match kind:
        case "journey":
            return f"/journeys/{key}/edit"
        case "ruleset":
            return f"/rules/{key}/edit"
        case _:
            return f"/edit/{kind}/{key}/json"


def address_of(kind: Kind, key: str, pointer: str, rows: Sequence[str] = ()) -> str:
    """The page that edits what stands at a pointer."""
    editor = editor_of(kind, key)
    steps = _steps(pointer)
    match kind, steps:
        case "journey", ["nodes", node, *_]:
            return f"{editor}?node={quote(node, safe='', errors='replace')}"
        case "journey", ["tests", *_]:
            return f"/journeys/{key}/tests"
        case "journey", [part, *_]:
            return f"{editor}?part={part if part in _PARTS else 'settings'}"
        case "ruleset", _ if rows:
            return f"{editor}#row-{quote(rows[0], safe='', errors='replace')}"
        case _:
            return editor


def place_words(document: Json, pointer: str, language: Language) -> str:
    """A place in words: nodes by their title, items by their number from 1, all else by its key."""
    told: list[str] = []
    steps = _steps(pointer)
    for i, step in enumerate(steps):
        value, holder = found(document, steps[: i + 1]), found(document, steps[:i])
        is_node = i == 1 and steps[0] == "nodes"
        if is_node:
            told = [title(value.get("title") if isinstance(value, dict) else None, language, default=step)]
        elif isinstance(holder, list) and step.isdecimal():
            name = value.get("id") if isinstance(value, dict) else None
            told.append(name if isinstance(name, str) else str(int(step) + 1))
        else:
            told.append(step)
    return str(presentable(" › ".join(told)))


def _steps(pointer: str) -> list[str]:
    try:
        return steps_of(pointer)
    except CommandError:
        return [pointer]
