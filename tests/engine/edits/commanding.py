"""Any JSON document, and any command on it that can be carried out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hypothesis import strategies as st

from engine.edits.commands import Command, parse
from rules.documents.pointers import pointer_of
from rules.types import Json

ODD = ["id", "nodes", "", "/", "~", "~1", "0", "-", "键", "\u0000", "\U0001f600"]
KEYS = st.text(max_size=6) | st.sampled_from(ODD)
"""Keys of any text, those that pointers have to escape among them."""
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-(2.0**53), max_value=2.0**53)
    | st.text(max_size=8)
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=5)


def places(document: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Every place of a document with its value, the document itself first."""
    yield at, document
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*at, key))
    if isinstance(document, list):
        for i, value in enumerate(document):
            yield from places(value, (*at, i))


def generic(random: Random, document: Json) -> Command:
    """A generic command that fits the document."""
    there = list(places(document))
    steps, value = random.choice(there)
    match random.choice(["set", "member", "remove", "insert", "move", "rename", "replace"]):
        case "set" if steps:
            return parse({"command": "set", "pointer": pointer_of(steps), "value": any_value(random)})
        case "remove" if steps:
            return parse({"command": "remove", "pointer": pointer_of(steps)})
        case "insert" if isinstance(value, list):
            index = random.choice([None, random.randint(0, len(value))])
            given = {"command": "insert", "pointer": pointer_of(steps), "index": index, "value": any_value(random)}
            return parse(given)
        case "move" if isinstance(value, list) and value:
            place, to = random.randrange(len(value)), random.randrange(len(value))
            return parse({"command": "move", "pointer": pointer_of((*steps, place)), "to": to})
        case "rename" if isinstance(value, dict) and value:
            pointer = pointer_of((*steps, random.choice(list(value))))
            return parse({"command": "rename", "pointer": pointer, "to": f"{random.random()}"})
        case "replace" if random.random() < 0.1:
            return parse({"command": "replace", "document": any_value(random, "object")})
    holder = steps if isinstance(value, dict) else ()
    return parse({"command": "set", "pointer": pointer_of((*holder, any_text(random))), "value": any_value(random)})


def any_text(random: Random) -> str:
    """A key or text, odd ones among them."""
    return random.choice(ODD) + random.choice(["", "a", "b"])


def any_value(random: Random, kind: str | None = None, depth: int = 3) -> Json:
    """Any JSON within the bounds of definitions."""
    match kind or random.choice(["object", "list", "text", "number", "word"]):
        case "object" if depth:
            return {any_text(random): any_value(random, None, depth - 1) for _ in range(random.randint(0, 4))}
        case "list" if depth:
            return [any_value(random, None, depth - 1) for _ in range(random.randint(0, 4))]
        case "text":
            return any_text(random)
        case "number":
            return random.choice([0, 1, 1.0, -0.0, 0.1, 1e-7, 1e21, 2**53, -(2**53), random.random()])
        case _:
            return random.choice([None, True, False])
