"""Every command that changes a draft, and the one function that carries it out: pure, from document to document.

Commands come in families: for any document, of journeys, of rulesets. README.md says how one more is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from engine.definitions.kinds import KINDS, Kind
from engine.edits import generic
from engine.journeys.editing import apply as journeys
from engine.journeys.editing.commands import JourneyCommand
from rules.documents.commands import CommandError
from rules.pointers import pointer_of
from rules.tables import editing as tables
from rules.tables.commands import TableCommand
from rules.types import Json

Command: TypeAlias = BaseModel
"""A model of one of the families: its field `command` is a literal, its name; nothing unknown is allowed."""


@dataclass(frozen=True)
class Family:
    """Commands that belong together: for which kinds of definitions, and what carries them out."""

    kinds: tuple[Kind, ...]
    commands: tuple[type[Command], ...]
    apply: Callable[[dict[str, Json], Any], dict[str, Json]]


_LONGEST_TITLE = 1_000


class Title(BaseModel):
    """What some commands do together, in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(max_length=_LONGEST_TITLE)
    en: str = Field(max_length=_LONGEST_TITLE)


class Several(BaseModel):
    """Some commands in order, as one edit; `title` tells what they do together, as a mend's title does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Literal["several"]
    title: Title | None = None
    commands: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=200)

    @field_validator("commands")
    @classmethod
    def _are_single(cls, commands: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        if any(each.get("command") == "several" for each in commands):
            raise ValueError("several holds no several")
        return commands


def _apply_several(document: dict[str, Json], command: Several) -> dict[str, Json]:
    for each in map(parse, command.commands):
        document = apply(document, each)
    return document


FAMILIES: tuple[Family, ...] = (
    Family(KINDS, get_args(generic.GenericCommand), generic.apply),
    Family(KINDS, (Several,), _apply_several),
    Family(("journey",), get_args(JourneyCommand), journeys.apply),
    Family(("ruleset",), get_args(TableCommand), tables.apply),
)


def apply(document: dict[str, Json], command: Command) -> dict[str, Json]:
    """The document after the command; the one that was given stays as it is. Raises CommandError."""
    return _families()[type(command)].apply(document, command)


def demand_fits(kind: Kind, command: Command) -> None:
    """Raises CommandError for a command that is not for this kind of definition."""
    kinds = _families()[type(command)].kinds
    if kind not in kinds:
        name = name_of(type(command))
        en = f"{name!r} is for a {' or '.join(kinds)}, and this is a {kind}."
        raise CommandError("/command", f"“{name}”不能用于 {kind}。", en)
    if isinstance(command, Several):
        for each in map(parse, command.commands):
            demand_fits(kind, each)


def parse(value: Json) -> Command:
    """A command from JSON. Raises CommandError, which names the parameter that is wrong."""
    name = value.get("command") if isinstance(value, dict) else None
    model = _by_name().get(name) if isinstance(name, str) else None
    if model is None:
        names = ", ".join(_by_name())
        raise CommandError(
            "/command", f"没有这个命令。可用：{names}。", f"There is no such command. There are {names}."
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _unfit(error.errors(include_url=False, include_input=False)[0]) from error


def name_of(model: type[Command]) -> str:
    """What a command is called: the literal of its field `command`."""
    [name] = get_args(model.model_fields["command"].annotation)
    return str(name)


def described() -> dict[str, str]:
    """What each command does, by its name, for the description of the API."""
    return {name: " ".join((model.__doc__ or "").split()) for name, model in _by_name().items()}


@cache
def _families() -> dict[type[Command], Family]:
    return {model: family for family in FAMILIES for model in family.commands}


@cache
def _by_name() -> dict[str, type[Command]]:
    return {name_of(model): model for model in _families()}


def _unfit(problem: ErrorDetails) -> CommandError:
    pointer = pointer_of(problem["loc"])
    if problem["type"] == "extra_forbidden":
        return CommandError(pointer, "这个命令没有这个参数。", "This command has no such parameter.")
    if problem["type"] == "missing":
        return CommandError(pointer, "这个命令缺少这个参数。", "This command needs this parameter.")
    return CommandError(pointer, f"参数不可用：{problem['msg']}。", f"{problem['msg']}.")
