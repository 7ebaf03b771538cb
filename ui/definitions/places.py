"""Where a place of a definition is edited, and what it is called."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import quote

from engine.definitions.kinds import Kind
from engine.edits.deeds import deed_of
from rules.documents.commands import CommandError
from rules.documents.pointers import found, steps_of
from rules.pointers import step_of
from rules.types import Json
from ui.definitions.presentable import presentable
from ui.messages import Language, known, text
from ui.rulesets.grid import ROWS_SHOWN
from ui.words.wording import port, title

Called: TypeAlias = Callable[[Sequence[str]], str]
"""What people call the place at these steps; nothing where the steps themselves tell it."""
_PARTS = frozenset({"entry", "policies", "goal", "exits", "fields"})
_CONDITIONS = frozenset({"when", "and", "audience", "becomes"})
_LISTED = frozenset({"inputs", "outputs", "agree", "tests", "fields", "conditions"})
_TERMS = frozenset(
    {"title", "note", "hit", "aggregate", "on_unknown", "time_zone", "complete", "total", "otherwise", "rows"}
)
"""What the editor of a ruleset has a place for, beside the items of lists."""


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
    """The page that edits what stands at a pointer, and on it the place, or what is nearest around it."""
    place = f"f:{quote(pointer, safe='/-_.~', errors='replace')}"
    steps = _steps(pointer)
    if kind == "ruleset" and rows and steps[:1] != ["rows"]:
        place = f"row-{quote(rows[0], safe='', errors='replace')}"
    return f"{_page_of(kind, key, steps)}#{place}"


def slot_of(pointer: str) -> str:
    """The part of a ruleset's editor that shows what is wrong at a pointer: a column, a term, a promise, a test.

    `/` is for what has no place of its own.
    """
    match steps_of(pointer):
        case [part, item, *_] if part in _LISTED:
            return f"/{part}/{step_of(item)}"
        case [part, *_] if part in _TERMS:
            return f"/{part}"
        case _:
            return "/"


def _page_of(kind: Kind, key: str, steps: Sequence[str]) -> str:
    editor = editor_of(kind, key)
    match kind, steps:
        case "journey", ["nodes", node, *_]:
            return f"{editor}?node={quote(node, safe='', errors='replace')}"
        case "journey", ["tests", *_]:
            return f"/journeys/{key}/tests"
        case "journey", [part, *_]:
            return f"{editor}?part={part if part in _PARTS else 'settings'}"
        case "ruleset", ["rows", number, *_] if number.isdecimal() and int(number) >= ROWS_SHOWN:
            return f"{editor}?from={int(number) // ROWS_SHOWN * ROWS_SHOWN + 1}"
        case _:
            return editor


def outside_conditions(pointer: str) -> str:
    """The pointer as far as the condition that it leads into: what stands inside is told by the condition itself."""
    steps = _steps(pointer)
    inside = steps[:1] != ["tests"]  # what a test lets happen is no condition
    end = next((i + 1 for i, step in enumerate(steps) if inside and step in _CONDITIONS and i), len(steps))
    return "".join(f"/{step_of(step)}" for step in steps[:end])


def _unnamed(_: Sequence[str]) -> str:
    return ""


def place_words(
    document: Json,
    pointer: str,
    language: Language,
    *,
    skip: int = 0,
    called: Called = _unnamed,
) -> str:
    """A place in words: nodes by their title, items by their name or number, all else by what its key is called.

    `skip` leaves out so many steps at the beginning, when they are told elsewhere. `called` knows better what people
    call some places.
    """
    told: list[str] = []
    steps = _steps(pointer)
    for i, step in enumerate(steps):
        value, holder = found(document, steps[: i + 1]), found(document, steps[:i])
        is_titled = i == 1 and steps[0] == "nodes"
        if i == 0 and step == "nodes" and len(steps) > 1:
            told.append("")
        elif better := called(steps[: i + 1]):
            told.append(better)
        elif is_titled:
            told.append(title(value.get("title") if isinstance(value, dict) else None, language, default=step))
        elif isinstance(holder, list) and step.isdecimal():
            told.append(_item(value, int(step), language))
        elif i > 0 and steps[i - 1] == "ports":
            told.append(port(step, language))
        else:
            told.append(key_words("happens" if steps[0] == "tests" and step == "when" else step, language))
    return str(presentable(" › ".join(each for each in told[skip:] if each)))


def key_words(key: str, language: Language) -> str:
    """What a key of documents is called; itself where nobody gave it a name."""
    for name in (f"edits.key.{key}", f"forms.name.{key}"):
        if known(language, name):
            return text(language, name)
    return key


def deed_words(command: Json, language: Language) -> str:
    """What a command of the draft's history did, with keys by what they are called."""
    return deed_of(command, lambda key, other: key_words(key, "zh" if other == "zh" else "en"))[language]


def _item(value: object, index: int, language: Language) -> str:
    """An item of a list: by its name, a port by its word, else by its number from 1."""
    if isinstance(value, dict):
        for name in ("id", "name", "field", "key"):
            if isinstance(value.get(name), str):
                return str(value[name])
        if isinstance(value.get("port"), str):
            return port(value["port"], language)
    return str(index + 1)


def _steps(pointer: str) -> list[str]:
    try:
        return steps_of(pointer)
    except CommandError:
        return [pointer]
