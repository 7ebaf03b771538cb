"""A condition where it stands: the document around it, and all that it may name there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.definitions.source import value_at
from engine.edits.store import editable
from rules.documents.commands import CommandError
from rules.documents.pointers import ABSENT, Absent, found, steps_of
from rules.tables.cells import CellReader, FreeCell
from rules.types import Conditions, Fields, Json
from rules.zones import HOME
from ui.conditions.actions import ALWAYS, Edited
from ui.conditions.asked import Desk
from ui.conditions.choices import Start
from ui.conditions.places import Spot, spot_at
from ui.definitions.checking import check_context
from ui.scope import fields_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from sqlalchemy.orm import Session

    from engine.journeys.context import CheckContext
    from ui.dependencies import Dependencies
    from ui.messages import Language

EditableKind: TypeAlias = Literal["journey", "ruleset"]


class NoConditionError(LookupError):
    """No condition stands there, nor can one."""


@dataclass(frozen=True)
class Bench:
    """A condition to be worked on: `at` is its pointer, `revision` that of the draft (0: the live version)."""

    kind: EditableKind
    key: str
    at: str
    spot: Spot
    document: dict[str, Json]
    text: str
    revision: int
    context: CheckContext
    fields: Fields
    conditions: Conditions
    zone: ZoneInfo

    @property
    def held(self) -> Json | Absent:
        """What stands there."""
        return _held(self.document, self.at)

    @property
    def condition(self) -> Json:
        """The condition; null where there is none."""
        held = self.held
        return None if isinstance(held, Absent) else held

    @property
    def edited(self) -> Edited:
        """It as actions take it."""
        return Edited(self.condition, self.at, not isinstance(self.held, Absent), self.spot.absent)

    @property
    def rule(self) -> Json:
        """The condition as a rule on facts: a cell's own value is the field of its column."""
        condition = ALWAYS if self.condition is None else self.condition
        own = self.fields.get("")
        if self.spot.role != "cell" or own is None:
            return condition
        field = str(value_at(self.document, f"/inputs/{self.at.rsplit('/', 1)[-1]}/field"))
        cell = CellReader(field, own.value_type, []).read(condition, "")
        return cell.rule if isinstance(cell, FreeCell) else condition

    def desk(self, language: Language, now: datetime) -> Desk:
        """What deeds depend on beside the condition."""
        return Desk(self.fields, self.conditions, language, Start(now.astimezone(self.zone).date(), self.zone))


def bench_at(
    deps: Dependencies, begin: Callable[[], AbstractContextManager[Session]], kind: EditableKind, key: str, at: str
) -> Bench:
    """The condition at a pointer of what is edited. Raises NoConditionError and UnknownDefinitionError."""
    with begin() as session:
        working = editable(session, kind, key)
    with deps.database.begin() as session:
        context = check_context(deps, session)
    spot, document = spot_at(kind, at), working.document
    if spot is None or not _may_stand(document, at):
        raise NoConditionError(at)
    fields = fields_at(kind, document, at, context)
    conditions, zone = _conditions(kind, document, context), _zone(kind, document)
    return Bench(kind, key, at, spot, document, working.text, working.revision, context, fields, conditions, zone)


def _may_stand(document: Json, at: str) -> bool:
    """Whether the place's surroundings are there, so that something can be put to it."""
    holder, _, last = at.rpartition("/")
    match _held(document, holder):
        case dict():
            return True
        case list() as items:
            return last.isdecimal() and int(last) < len(items)
        case _:
            return False


def _held(document: Json, pointer: str) -> Json | Absent:
    """What stands at a place."""
    try:
        return found(document, steps_of(pointer))
    except CommandError:
        return ABSENT


def _conditions(kind: EditableKind, document: Mapping[str, Json], context: CheckContext) -> Conditions:
    """The named conditions that may be used: those of published rulesets, and a ruleset's own."""
    own = document.get("conditions") if kind == "ruleset" else None
    return {**context.conditions, **(own if isinstance(own, dict) else {})}


def _zone(kind: EditableKind, document: Mapping[str, Json]) -> ZoneInfo:
    holder = document if kind == "ruleset" else document.get("policies")
    name = holder.get("time_zone") if isinstance(holder, Mapping) else None
    try:
        return ZoneInfo(name) if isinstance(name, str) else HOME
    except (ValueError, OSError, KeyError):
        return HOME
