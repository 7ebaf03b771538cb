"""What stands at a place of a document, in words: choices by their titles, shares, durations, conditions, things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from engine.definitions.comparison import WHOLE, Compared
from engine.definitions.kinds import Kind
from engine.journeys.context import CheckContext
from rules import fallbacks
from rules.compile import compile_rule
from rules.documents.pointers import found, steps_of
from rules.errors import RuleError
from rules.pointers import pointer_of
from rules.sentences import sentence
from rules.types import Json
from rules.zones import HOME
from ui.definitions.places import key_words, place_words
from ui.definitions.presentable import presentable
from ui.forms import places as form_places
from ui.forms.journeys import journey_shape, refining
from ui.forms.shapes import Shape
from ui.forms.speech import Speech
from ui.forms.values import fits, written
from ui.journeys.outline import node_names, stage_titles
from ui.messages import Language, known, text
from ui.scope import fields_at
from ui.words import effects, wording
from ui.words.naming import field_called
from ui.words.recurrences import recurrence

Thing: TypeAlias = Callable[[str, str], Json]
"""The title of a thing by its kind and key; None where there is none."""

_DURATIONS = frozenset({"timeout", "cooldown", "max_age", "entry_max_age", "offset", "check"})
_PORTS = frozenset({"port", "on_unknown"})
_UNTITLED = ("$", "var")
_LANGUAGES = frozenset({"zh", "en"})
_MONEY = frozenset({"minor", "currency"})


@dataclass(frozen=True)
class Telling:
    """Tells what one document says."""

    kind: Kind
    document: dict[str, Json]
    context: CheckContext
    language: Language
    thing: Thing = lambda _, __: None

    def opened(self, one: Compared) -> Iterator[Compared]:
        """What came or went as a whole, value by value; what is told in one line stays one."""
        value = one.before if one.op == "removed" else one.after
        steps = steps_of(one.pointer)
        if one.op not in {"added", "removed"} or not value or self._is_one(value, steps):
            yield one
            return
        for step, inner in _members(value):
            before, after = (inner, None) if one.op == "removed" else (None, inner)
            yield from self.opened(Compared(one.op, pointer_of([*steps, step]), before, after))

    def place(self, pointer: str, skip: int) -> str:
        """Where it is; what tells most of a part stands for the part."""
        steps = steps_of(pointer)
        if steps[-2:] == ["reentry", "mode"]:
            pointer = pointer_of(steps[:-1])
        if steps[-1:] == ["on"] and len(steps) > skip:
            return key_words("on", self.language)
        return place_words(self.document, pointer, self.language, skip=skip, called=self._called)

    def told(self, value: Json, pointer: str) -> str:
        """The value in words; as it is written where there are none."""
        steps = steps_of(pointer)
        last = steps[-1] if steps else ""
        if last in WHOLE - {"title", "note", "valid", "agree"} and not isinstance(value, list):
            return self._condition(value, pointer)
        if steps[:1] == ["tests"]:
            return self._of_test(value, len(steps))
        if isinstance(value, dict):
            return self._object(value, pointer)
        if isinstance(value, list):
            return text(self.language, "words.items").join(self.told(each, pointer) for each in value)
        if isinstance(value, str):
            return str(presentable(self._string(value, steps)))
        return str(presentable(self._by_shape(value, self._shape(steps)) or effects.plain(value, self.language)))

    def field(self, steps: Sequence[str]) -> str:
        """What its form calls the field at a place, which may be missing there; nothing where no form has one."""
        shape = self._shape(steps)
        if shape is None or shape.name != steps[-1] or steps[-2:-1] in (["ports"], ["fields"]):
            return ""
        title = Speech(self.language).title(shape)
        return title if title != steps[-1] else ""

    def node(self, node: str) -> str:
        """What people call a node."""
        return str(presentable(self._nodes.get(node, node)))

    def _string(self, value: str, steps: Sequence[str]) -> str:
        last, above = steps[-1] if steps else "", steps[-2] if len(steps) > 1 else ""
        words = self._by_last(value, last, above) or self._by_shape(value, self._shape(steps))
        return words or self._of_ruleset(value, last) or value

    def _by_last(self, value: str, last: str, above: str) -> str:
        """What the key alone tells of its value."""
        match last:
            case _ if above == "ports" or last == "start":
                return self._nodes.get(value, value)
            case "outcome":
                return self._outcome(value)
            case "stage":
                return self._stages.get(value, value)
            case _ if last in _PORTS:
                return wording.port(value, self.language)
            case "on":
                return wording.event(value, self.language)
            case "type" if known(self.language, f"node.{value}"):
                return text(self.language, f"node.{value}")
            case "schedule":
                return recurrence(value, self.language)
            case _ if last in _DURATIONS:
                return wording.iso_duration(value, self.language)
            case _:
                return ""

    def _by_shape(self, value: Json, shape: Shape | None) -> str:
        """What the kind of its field tells of a value; nothing where there is none."""
        if shape is None or not fits(shape.kind, value):
            return ""
        match shape.kind:
            case "duration":
                return wording.iso_duration(value, self.language)
            case "share":
                return f"{written('share', value, self.language)}%"
            case "enum" | "boolean" | "const":
                return Speech(self.language).choice(shape, value)
            case "reference":
                return wording.title(self.thing(shape.reference, str(value)), self.language, str(value))
            case "activity":
                return wording.activity(str(value), self.context.catalogue, self.language)
            case _:
                return ""

    def _of_ruleset(self, value: str, last: str) -> str:
        key = f"rules.{last}.{value}"
        if self.kind == "ruleset" and last in {"hit", "on_unknown"} and known(self.language, key):
            return text(self.language, key)
        return (field_called(value, self.context, self.language) or "") if last == "field" else ""

    def _outcome(self, value: str) -> str:
        """The title that an exit gives its outcome, else its word."""
        exits = self.document.get("exits")
        for each in exits if isinstance(exits, list) else ():
            if isinstance(each, dict) and each.get("outcome") == value and each.get("title"):
                return wording.title(each["title"], self.language, value)
        return wording.outcome(value, self.language)

    def _object(self, value: dict[str, Json], pointer: str) -> str:
        if value and value.keys() <= _LANGUAGES:
            return " / ".join(dict.fromkeys(str(presentable(each)) for each in value.values()))
        if (written_so := fallbacks.to_text(value)) is not None:
            return str(presentable(written_so))
        if len(value) == 1 and next(iter(value)) in _UNTITLED:
            return self._condition(value.get("$", value), pointer)
        if value.keys() == _MONEY and fits("money", value):
            return f"{written('money', value, self.language)} {value['currency']}"
        return str(presentable(effects.plain(value, self.language)))

    def _condition(self, value: Json, pointer: str) -> str:
        """A condition as a sentence; as it is written where it cannot be read."""
        try:
            fields = fields_at(self.kind, self.document, pointer, self.context)
            own = self.document.get("conditions")
            conditions = {**self.context.conditions, **(own if isinstance(own, dict) else {})}
            return sentence(compile_rule(value, fields, conditions=conditions).tree, self.language, HOME)
        except RuleError:
            return str(presentable(wording.plain_json(value)))

    def _of_test(self, value: Json, depth: int) -> str:
        """A part of a test; a whole one by its name, and each effect in a line."""
        if depth == _WHOLE_TEST and isinstance(value, dict):
            return str(presentable(str(value.get("name", ""))))
        listed = value if isinstance(value, list) else [value]
        done = [each for each in listed if isinstance(each, dict) and isinstance(each.get("activity"), str)]
        if not done or len(done) < len(listed):
            return str(presentable(effects.plain(value, self.language)))
        return " → ".join(self._effect(each) for each in done)

    def _effect(self, told: Mapping[str, Json]) -> str:
        params = told.get("params")
        given = params if isinstance(params, dict) else {}
        said = effects.effect(str(told["activity"]), given, self.context.catalogue, {}, self.language)
        return str(presentable(said))

    def _called(self, steps: Sequence[str]) -> str:
        """What forms call a place: an entry or exit by its event, a field by its title."""
        value = found(self.document, [*steps])
        if len(steps) > 1 and steps[-1].isdecimal() and isinstance(value, dict) and isinstance(value.get("on"), str):
            return self._numbered(value["on"], steps)
        shape = self._shape(steps) if steps[-1].isdecimal() and isinstance(value, dict) else None
        if shape is not None and shape.kind == "union" and isinstance(value, dict):
            return Speech(self.language).option(shape.option_for(value))
        return self.field(steps)

    def _numbered(self, on: Json, steps: Sequence[str]) -> str:
        """An item by its event, with its number where others have the same."""
        holder = found(self.document, [*steps[:-1]])
        items = holder if isinstance(holder, list) else []
        same = [each for each in items if isinstance(each, dict) and each.get("on") == on]
        name = wording.event(on, self.language)
        return f"{name} {int(steps[-1]) + 1}" if len(same) > 1 else name

    def _shape(self, steps: Sequence[str]) -> Shape | None:
        """The field that a form has for a place."""
        if self.kind != "journey":
            return None
        way = form_places.way_to(journey_shape(), self.document, pointer_of([*steps]), self._refine)
        return way[-1].shape

    def _is_one(self, value: Json, steps: Sequence[str]) -> bool:
        """Whether a value is told in one line."""
        if not isinstance(value, dict | list) or (steps and (steps[-1] in WHOLE or steps[-1] in _UNTITLED)):
            return True
        if steps[:1] == ["tests"] and len(steps) > 1:
            return True
        if isinstance(value, list):
            return not any(isinstance(each, dict) for each in value)
        return value.keys() <= _LANGUAGES or value.keys() == _MONEY or any(key in value for key in _UNTITLED)

    @cached_property
    def _refine(self) -> form_places.Refine:
        return refining(self.context.catalogue)

    @cached_property
    def _nodes(self) -> Mapping[str, str]:
        return node_names(self.document, self.context.catalogue, self.language)

    @cached_property
    def _stages(self) -> Mapping[str, str]:
        return stage_titles(self.document, self.language)


def _members(value: Json) -> Iterator[tuple[str | int, Json]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


_WHOLE_TEST = 2
