"""Commands on any document: what stands at a place is set, removed, inserted, moved or renamed, or all is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from rules.documents.commands import CommandError
from rules.documents.pointers import ABSENT, Absent, changed, found, position, steps_of, with_item
from rules.pointers import pointer_of
from rules.types import Json


class _Part(BaseModel):
    """A command: nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Placed(_Part):
    pointer: str = Field(max_length=10_000)


class Set(_Placed):
    """Put a value at a place: a member of an object, new or not, or an item that a list has."""

    command: Literal["set"]
    value: Any


class Remove(_Placed):
    """Take a member out of an object, or an item out of a list. A member that is not there is no fault."""

    command: Literal["remove"]


class Insert(_Placed):
    """Put a value into the list at `pointer`, before the item at `index`, or at its end. A missing list is made."""

    command: Literal["insert"]
    index: int | None = Field(default=None, ge=0)
    value: Any


class Move(_Placed):
    """Give the item at `pointer` another position in its list."""

    command: Literal["move"]
    to: int = Field(ge=0)


class Rename(_Placed):
    """Give a member of an object another name; it keeps its place among the others."""

    command: Literal["rename"]
    to: str = Field(min_length=1, max_length=10_000)


class Replace(_Part):
    """Put another document in the place of this one."""

    command: Literal["replace"]
    document: dict[str, Any]


GenericCommand: TypeAlias = Set | Remove | Insert | Move | Rename | Replace


def apply(document: dict[str, Json], command: GenericCommand) -> dict[str, Json]:
    """The document after the command. Raises CommandError."""
    match command:
        case Set():
            return _at(document, command, lambda steps: _set(document, steps, command.value))
        case Remove():
            return _at(document, command, lambda steps: _removed(document, steps))
        case Insert():
            return _at(document, command, lambda steps: _inserted(document, steps, command.index, command.value))
        case Move():
            return _at(document, command, lambda steps: _moved(document, steps, command.to))
        case Rename():
            return _at(document, command, lambda steps: _renamed(document, steps, command.to))
        case Replace():
            return command.document


def _at(document: dict[str, Json], command: _Placed, done: Any) -> dict[str, Json]:
    steps = steps_of(command.pointer)
    try:
        after = done(steps)
    except KeyError as error:
        raise _nothing_there(document, steps) from error
    if not isinstance(after, dict):
        zh = "整个文档必须是一个对象。要换掉整个文档，请用 replace。"
        raise CommandError("", zh, "The whole document is one object. To put another in its place, use replace.")
    return after


def _set(document: Json, steps: Sequence[str], value: Json) -> Json:
    if not steps:
        return None
    return changed(document, steps[:-1], lambda holder: with_item(holder, steps[-1], value))


def _removed(document: Json, steps: Sequence[str]) -> Json:
    if not steps:
        return None
    holder = found(document, steps[:-1])
    if isinstance(holder, Absent | dict) and isinstance(found(document, steps), Absent):
        return document
    return changed(document, steps[:-1], partial(_without, step=steps[-1]))


def _without(holder: Json, step: str) -> Json:
    if isinstance(holder, dict):
        return {key: value for key, value in holder.items() if key != step}
    items, place = _place(holder, step)
    return [*items[:place], *items[place + 1 :]]


def _inserted(document: Json, steps: Sequence[str], index: int | None, value: Json) -> Json:
    listed = found(document, steps)
    items = [] if listed is ABSENT else listed
    if not isinstance(items, list):
        zh = "这里不是列表，不能插入。"
        raise CommandError(pointer_of(steps), zh, "There is no list here to insert into.")
    place = len(items) if index is None else index
    _demand_position(steps, place, len(items))
    return _set(document, steps, [*items[:place], value, *items[place:]])


def _moved(document: Json, steps: Sequence[str], to: int) -> Json:
    if not steps:
        raise KeyError("")

    def move(holder: Json) -> Json:
        items, place = _place(holder, steps[-1])
        _demand_position(steps[:-1], to, len(items) - 1)
        rest = [*items[:place], *items[place + 1 :]]
        return [*rest[:to], items[place], *rest[to:]]

    return changed(document, steps[:-1], move)


def _renamed(document: Json, steps: Sequence[str], to: str) -> Json:
    if not steps:
        raise KeyError("")

    def rename(holder: Json) -> Json:
        if not isinstance(holder, dict) or steps[-1] not in holder:
            raise KeyError(steps[-1])
        if to in holder and to != steps[-1]:
            zh = f"“{to}”已经有了，请换一个名字。"
            raise CommandError(pointer_of([*steps[:-1], to]), zh, f"{to!r} is taken here. Choose another name.")
        return {to if key == steps[-1] else key: value for key, value in holder.items()}

    return changed(document, steps[:-1], rename)


def _place(holder: Json, step: str) -> tuple[list[Json], int]:
    place = position(step, len(holder)) if isinstance(holder, list) else None
    if not isinstance(holder, list) or place is None:
        raise KeyError(step)
    return holder, place


def _demand_position(steps: Sequence[str], place: int, last: int) -> None:
    if not 0 <= place <= last:
        zh = f"这个列表没有第 {place} 位，最后一位是 {last}。"
        raise CommandError(pointer_of(steps), zh, f"This list has no position {place}; the last is {last}.")


def _nothing_there(document: dict[str, Json], steps: Sequence[str]) -> CommandError:
    there = next(end for end in range(len(steps), -1, -1) if not isinstance(found(document, steps[:end]), Absent))
    zh = f"草稿里没有这个位置：{pointer_of(steps)}。它可能已被删除，请重新载入。"
    en = f"The draft has nothing at {pointer_of(steps)}: it ends at {pointer_of(steps[:there]) or 'its top'}."
    return CommandError(pointer_of(steps), zh, f"{en} Somebody may have removed it; read the draft again.")
