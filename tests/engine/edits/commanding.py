"""Any JSON document, and any command on it that can be carried out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hypothesis import strategies as st

from engine.edits.commands import Command, parse
from rules.pointers import pointer_of
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


def of_journey(random: Random, document: Json) -> Command:
    """A command on the picture of a journey; it may not fit."""
    nodes = document.get("nodes") if isinstance(document, dict) else None
    ids = [*nodes] if isinstance(nodes, dict) else []
    node, to = (random.choice([*ids, "gone"]) for _ in range(2))
    here = nodes.get(node) if isinstance(nodes, dict) else None
    ports = here.get("ports") if isinstance(here, dict) else None
    port = random.choice([*(ports if isinstance(ports, dict) else ()), "next", "done"])
    other = random.choice(["next", "done"])
    add = {"type": random.choice(["delay", "wait", "choice", "end", "activity", "split"])}
    return parse(random.choice([
        {"command": "insert_after", "node": node, "port": port, "add": add},
        {"command": "insert_after", "node": node, "port": port, "add": add, "id": f"n{random.random()}"[:9]},
        {"command": "insert_start", "add": add},
        {"command": "delete", "node": node},
        {"command": "delete_branch", "node": node, "port": port},
        {"command": "duplicate", "node": node, "branch": random.random() < 0.5},
        {"command": "move_branch", "node": node, "port": port, "to_node": to, "to_port": other},
        {"command": "connect", "node": node, "port": port, "to": to},
        {"command": "disconnect", "node": node, "port": port},
        {"command": "set_params", "node": node, "params": {"text": any_text(random)}},
        {"command": "rename_node", "node": node, "to": f"r{random.randint(0, 99)}"},
        {"command": "label_stage", "node": node, "stage": random.choice([None, "added", "joined"])},
    ]))  # fmt: skip


def of_ruleset(random: Random, document: Json) -> Command:
    """A command on the table of a ruleset; it may not fit."""
    rows = document.get("rows") if isinstance(document, dict) else None
    ids = [row["id"] for row in rows if isinstance(row, dict) and "id" in row] if isinstance(rows, list) else []
    row, place = random.choice([*ids, 0, "gone"]), random.randint(0, 6)
    columns = [f"when:{each['field']}" for each in _objects(document, "inputs") if "field" in each]
    columns += [f"then:{each['key']}" for each in _objects(document, "outputs") if "key" in each]
    column = random.choice([*columns, "note", "valid:from", "and"])
    return parse(random.choice([
        {"command": "insert_row", "index": random.choice([None, place])},
        {"command": "duplicate_row", "row": row},
        {"command": "move_row", "row": row, "to": place},
        {"command": "delete_row", "row": row},
        {"command": "set_cell", "row": row, "column": column, "value": random.choice([None, "gold", 1, ["a"]])},
        {"command": "paste", "row": row, "column": column, "cells": [["gold", "x"], ["", ">= 3"]]},
        {"command": "add_input", "field": random.choice(["member.tier", "store.kind"]), "index": place},
        {"command": "move_input", "input": place, "to": random.randint(0, 3)},
        {"command": "remove_input", "input": place},
        {"command": "rename_output", "output": 0, "to": f"o{random.randint(0, 9)}"},
        {"command": "set_term", "term": "complete", "value": random.choice([True, False])},
        {"command": "add_test", "test": {"name": any_text(random)}},
    ]))  # fmt: skip


def _objects(document: Json, name: str) -> list[dict[str, Json]]:
    found = document.get(name) if isinstance(document, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


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
