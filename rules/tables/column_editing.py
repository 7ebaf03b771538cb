"""Edits of a table's columns: inputs take their cells along, outputs what rows and `otherwise` give for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rules.tables import editing_messages as messages
from rules.tables.commands import (
    AddInput,
    AddOutput,
    InputCommand,
    MoveInput,
    MoveOutput,
    OutputCommand,
    RemoveInput,
    RemoveOutput,
    RenameOutput,
)
from rules.tables.places import refuse, rows_of
from rules.types import Json

Document = Mapping[str, Json]
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}", re.ASCII)


def apply_to_inputs(document: Document, command: InputCommand) -> dict[str, Json]:
    """The document with other inputs. Raises CommandError."""
    match command:
        case AddInput():
            return add_input(document, command)
        case RemoveInput():
            return remove_input(document, command)
        case MoveInput():
            return move_input(document, command)


def apply_to_outputs(document: Document, command: OutputCommand) -> dict[str, Json]:
    """The document with other outputs. Raises CommandError."""
    match command:
        case AddOutput():
            return add_output(document, command)
        case RemoveOutput():
            return remove_output(document, command)
        case MoveOutput():
            return move_output(document, command)
        case RenameOutput():
            return rename_output(document, command)


def add_input(document: Document, command: AddInput) -> dict[str, Json]:
    """With one more input, and an empty cell for it in each row."""
    inputs = _listed(document, "inputs")
    if any(_named(each, "field") == command.field for each in inputs):
        refuse("/field", messages.doubled_input(command.field))
    at = _place(command.index, inputs, "/index")
    width = len(inputs)
    added: Json = {"field": command.field, **({} if command.title is None else {"title": command.title})}
    return _with_cells(
        {**document, "inputs": [*inputs[:at], added, *inputs[at:]]},
        lambda cells: [*_padded(cells, width)[:at], None, *_padded(cells, width)[at:]],
    )


def remove_input(document: Document, command: RemoveInput) -> dict[str, Json]:
    """Without an input and its cells."""
    inputs = _listed(document, "inputs")
    at = _input(inputs, command.input)
    without = [each for i, each in enumerate(inputs) if i != at]
    return _with_cells({**document, "inputs": without}, lambda cells: [each for i, each in enumerate(cells) if i != at])


def move_input(document: Document, command: MoveInput) -> dict[str, Json]:
    """With an input and its cells in another place."""
    inputs = _listed(document, "inputs")
    at, to, width = _input(inputs, command.input), _place(command.to, inputs[1:], "/to"), len(inputs)

    def moved(items: Sequence[Json]) -> list[Json]:
        return _moved(_padded(items, width), at, to)

    return _with_cells({**document, "inputs": moved(inputs)}, moved)


def add_output(document: Document, command: AddOutput) -> dict[str, Json]:
    """With one more output; with `given`, all rows and `otherwise` give it."""
    outputs = _listed(document, "outputs")
    key = _key(command.output.get("key"), outputs, "/output/key")
    at = _place(command.index, outputs, "/index")
    added = {**document, "outputs": [*outputs[:at], dict(command.output), *outputs[at:]]}
    if command.given is None:
        return added
    return _with_thens(added, lambda then: {key: command.given, **then})


def remove_output(document: Document, command: RemoveOutput) -> dict[str, Json]:
    """Without an output, and what is given for it."""
    outputs = _listed(document, "outputs")
    at = _output(outputs, command.output)
    key = _named(outputs[at], "key")
    without = {**document, "outputs": [each for i, each in enumerate(outputs) if i != at]}
    return _with_thens(without, lambda then: {name: value for name, value in then.items() if name != key})


def move_output(document: Document, command: MoveOutput) -> dict[str, Json]:
    """With an output in another place."""
    outputs = _listed(document, "outputs")
    at, to = _output(outputs, command.output), _place(command.to, outputs[1:], "/to")
    return {**document, "outputs": _moved(outputs, at, to)}


def rename_output(document: Document, command: RenameOutput) -> dict[str, Json]:
    """With another key for an output, wherever the document names it."""
    outputs = _listed(document, "outputs")
    at = _output(outputs, command.output)
    before, others = _named(outputs[at], "key"), [each for i, each in enumerate(outputs) if i != at]
    after = _key(command.to, others, "/to")
    output = outputs[at]
    if not isinstance(output, dict) or before is None:
        refuse(f"/outputs/{at}", messages.no_output(str(command.output)))

    def renamed(then: Mapping[str, Json]) -> dict[str, Json]:
        return {after if name == before else name: value for name, value in then.items()}

    changed: dict[str, Any] = {**document, "outputs": [*outputs[:at], {**output, "key": after}, *outputs[at + 1 :]]}
    changed |= _renamed_terms(document, before, after)
    return _with_thens(changed, renamed, tests=True)


def _renamed_terms(document: Document, before: str, after: str) -> dict[str, Json]:
    """The total and the promises with the new key."""
    found: dict[str, Json] = {}
    total, agree = document.get("total"), document.get("agree")
    if isinstance(total, dict) and total.get("of") == before:
        found["total"] = {**total, "of": after}
    if isinstance(agree, list):
        found["agree"] = [_renamed_promise(each, before, after) for each in agree]
    return found


def _renamed_promise(promise: Json, before: str, after: str) -> Json:
    same = promise.get("same") if isinstance(promise, dict) else None
    if not isinstance(promise, dict) or not isinstance(same, list):
        return promise
    return {**promise, "same": [after if each == before else each for each in same]}


def _with_cells(document: dict[str, Json], change: Callable[[list[Json]], list[Json]]) -> dict[str, Json]:
    """The document with the cells of each row that has a list of them changed."""
    if "rows" not in document:
        return document
    return {**document, "rows": [_cells_changed(row, change) for row in rows_of(document)]}


def _cells_changed(row: Json, change: Callable[[list[Json]], list[Json]]) -> Json:
    when = row.get("when") if isinstance(row, dict) else None
    return {**row, "when": change(when)} if isinstance(row, dict) and isinstance(when, list) else row


def _with_thens(
    document: dict[str, Json], change: Callable[[dict[str, Json]], dict[str, Json]], *, tests: bool = False
) -> dict[str, Json]:
    """The document with what rows and `otherwise` give changed; with `tests`, also what tests state."""
    changed = dict(document)
    for key in ("rows", *(("tests",) if tests else ())):
        if isinstance(items := document.get(key), list):
            changed[key] = [_then_changed(each, change) for each in items]
    match document.get("otherwise"):
        case dict() as given:
            changed["otherwise"] = change(given)
        case list() as items:
            changed["otherwise"] = [change(each) if isinstance(each, dict) else each for each in items]
    return changed


def _then_changed(holder: Json, change: Callable[[dict[str, Json]], dict[str, Json]]) -> Json:
    then = holder.get("then") if isinstance(holder, dict) else None
    return {**holder, "then": change(then)} if isinstance(holder, dict) and isinstance(then, dict) else holder


def _listed(document: Document, key: str) -> list[Json]:
    found = document.get(key)
    if found is not None and not isinstance(found, list):
        refuse(f"/{key}", messages.no_list(key))
    return list(found or [])


def _input(inputs: Sequence[Json], which: int | str) -> int:
    return _which(inputs, which, "field", messages.no_input(str(which)))


def _output(outputs: Sequence[Json], which: int | str) -> int:
    return _which(outputs, which, "key", messages.no_output(str(which)))


def _which(items: Sequence[Json], which: int | str, name: str, missing: Mapping[str, str]) -> int:
    """Which item is meant, by its number or its only name."""
    found = [which] if isinstance(which, int) else [i for i, each in enumerate(items) if _named(each, name) == which]
    if len(found) != 1 or found[0] >= len(items):
        refuse(f"/{name}", missing)
    return found[0]


def _named(item: Json, name: str) -> str | None:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, str) else None


def _key(name: Json, others: Sequence[Json], pointer: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(pointer, messages.bad_name(str(name or "")))
    if any(_named(each, "key") == name for each in others):
        refuse(pointer, messages.doubled_output(name))
    return name


def _place(index: int | None, items: Sequence[Json], pointer: str) -> int:
    if index is not None and index > len(items):
        refuse(pointer, messages.no_place(len(items)))
    return len(items) if index is None else index


def _padded(cells: Sequence[Json], width: int) -> list[Json]:
    return [*cells, *[None] * (width - len(cells))]


def _moved(items: Sequence[Json], at: int, to: int) -> list[Json]:
    rest = [each for i, each in enumerate(items) if i != at]
    return [*rest[:to], items[at], *rest[to:]]
