"""Does `data` fit the type of its event? Declared fields are checked, all others are kept as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.events.content import Mistake
from engine.events.types import EventType
from engine.members.handles import HandleError, parse_handle
from rules.types import Declaration, Json

LONGEST_KEY = 256
MOST_IDENTITIES = 20


def data_mistakes(kind: EventType, data: Mapping[str, Json]) -> Iterator[Mistake]:
    """What in `data` contradicts the declarations of `kind`, as pointers into the event."""
    for name, declared in kind.data.items():
        yield from _field_mistakes(declared, data.get(name), f"/data/{name}")
    if "identities" in data:
        yield from _identity_mistakes(data["identities"])


def _field_mistakes(declared: Declaration, value: Json, pointer: str) -> Iterator[Mistake]:
    if value is None:
        if not declared.optional:
            yield pointer, "This field is required."
        return
    wanted = _wanted(declared, value)
    if wanted:
        yield pointer, f"Write {wanted}."
    elif isinstance(value, list) and isinstance(declared.of, dict):
        for index, item in enumerate(value):
            yield from _item_mistakes(declared.of, item, f"{pointer}/{index}")


def _item_mistakes(shape: Mapping[str, Declaration], item: Json, pointer: str) -> Iterator[Mistake]:
    if not isinstance(item, dict):
        yield pointer, "Write an object."
        return
    for name, declared in shape.items():
        yield from _field_mistakes(declared, item.get(name), f"{pointer}/{name}")


def _wanted(declared: Declaration, value: Json) -> str | None:
    """What should stand there instead of `value`, or None if it fits."""
    match declared.type.partition(":")[0]:
        case "boolean":
            return None if isinstance(value, bool) else "true or false"
        case "integer":
            return None if isinstance(value, int) and not isinstance(value, bool) else "an integer"
        case "enum":
            return None if value in (declared.values or ()) else f"one of {', '.join(declared.values or ())}"
        case "list":
            return None if isinstance(value, list) else "a list"
        case _:
            fits = isinstance(value, str) and 0 < len(value) <= LONGEST_KEY
            return None if fits else f"a text of 1 to {LONGEST_KEY} characters"


def _identity_mistakes(given: Json) -> Iterator[Mistake]:
    if not isinstance(given, list) or len(given) > MOST_IDENTITIES:
        yield "/data/identities", f"Write a list of at most {MOST_IDENTITIES} texts such as unionid:…"
        return
    for index, item in enumerate(given):
        try:
            parse_handle(item if isinstance(item, str) else "")
        except HandleError as error:
            yield f"/data/identities/{index}", str(error)
