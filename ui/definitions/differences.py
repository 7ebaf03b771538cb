"""What differs between two states of a definition, as pages tell it: part by part in words, and in the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from zoneinfo import ZoneInfo

from engine.definitions.comparison import Compared, Op, compare
from engine.definitions.kinds import Kind
from engine.journeys.context import CheckContext
from rules.compile import compile_rule
from rules.documents.pointers import steps_of
from rules.errors import RuleError
from rules.sentences import sentence
from rules.types import Json
from ui.definitions.places import key_words, place_words
from ui.definitions.presentable import presentable
from ui.journeys.canvas import ENTRY, Drawing, Mark, Way, draw
from ui.journeys.outline import Reader, stage_titles
from ui.messages import Language, text
from ui.scope import fields_at
from ui.words import effects, wording

_CONDITIONS = frozenset({"when", "and", "audience", "becomes"})
_DURATIONS = frozenset({"timeout", "for", "cooldown", "max_age", "entry_max_age", "offset", "check"})
_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Line:
    """One difference in words: where it is, and what it was and is; empty for nothing."""

    op: Op
    place: str
    before: str
    after: str


@dataclass(frozen=True)
class Part:
    """What differs in one node, one row or one other part. `op` tells what became of the part as a whole."""

    id: str
    name: str
    op: Op
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Picture:
    """Both journeys in one: what was removed stands where it was. As the canvas takes it."""

    drawing: Drawing
    stages: Mapping[str, int]
    marks: Mapping[str, Mark]
    way_marks: Mapping[str, Mark]


@dataclass(frozen=True)
class Differences:
    """All of it; `picture` for journeys alone."""

    parts: tuple[Part, ...]
    picture: Picture | None = None
    counts: Mapping[Op, int] = field(default_factory=dict)

    @property
    def other_parts(self) -> tuple[Part, ...]:
        """All but the rows of a table."""
        return tuple(part for part in self.parts if not part.id.startswith("rows/"))


@dataclass(frozen=True)
class Sides:
    """A definition before and after, and what is known around it."""

    kind: Kind
    before: dict[str, Json]
    after: dict[str, Json]
    context: CheckContext


def differences(sides: Sides, language: Language) -> Differences:
    """What became of the one that the other is."""
    parts = parts_of(sides, language)
    ops: tuple[Op, ...] = ("added", "removed", "changed", "moved")
    counts = {op: sum(part.op == op for part in parts) for op in ops}
    picture = _picture(sides, parts, language) if sides.kind == "journey" else None
    return Differences(tuple(parts), picture, {op: count for op, count in counts.items() if count})


def parts_of(sides: Sides, language: Language) -> list[Part]:
    """The parts that differ, in words alone."""
    return _Teller(sides, language).parts(compare(sides.before, sides.after))


class _Teller:
    """Puts differences into words."""

    def __init__(self, sides: Sides, language: Language) -> None:
        self.sides = sides
        self.language = language
        catalogue = sides.context.catalogue
        self.readers = [Reader(each, catalogue, language) for each in (sides.after, sides.before)]

    def parts(self, found: Sequence[Compared]) -> list[Part]:
        """The differences by the part of the document that they are in, in its order."""
        gathered: dict[str, list[Compared]] = {}
        for each in found:
            gathered.setdefault(self._part_of(each), []).append(each)
        return [self._part(name, several) for name, several in gathered.items()]

    def _part_of(self, found: Compared) -> str:
        """`nodes/<id>`, `rows/<id>`, or the top key."""
        steps = steps_of(found.pointer)
        if steps[:1] == ["nodes"] and len(steps) > 1:
            return f"nodes/{steps[1]}"
        if steps[:1] == ["rows"] and len(steps) > 1:
            rows = self._side(found).get("rows")
            row = rows[int(steps[1])] if isinstance(rows, list) else None
            return f"rows/{row.get('id') if isinstance(row, dict) else int(steps[1]) + 1}"
        return steps[0] if steps else ""

    def _part(self, name: str, found: Sequence[Compared]) -> Part:
        depth = 2 if "/" in name else 1
        whole = next((each for each in found if len(steps_of(each.pointer)) == depth and each.op != "changed"), None)
        op: Op = whole.op if whole is not None else "changed"
        told = [each for each in found if each is not whole or not isinstance(self._value(each), dict)]
        lines = tuple(self._line(each, depth) for each in told)
        return Part(name, self._name(name), op, lines)

    def _name(self, name: str) -> str:
        kind, _, inner = name.partition("/")
        if kind == "nodes" and inner:
            return self._node(inner)
        if kind == "rows" and inner:
            return str(presentable(text(self.language, "edits.row", id=inner)))
        return key_words(name, self.language) or text(self.language, "edits.whole")

    def _line(self, found: Compared, depth: int) -> Line:
        steps = steps_of(found.pointer)
        place = place_words(self._side(found), found.pointer, self.language, skip=depth)
        if found.op == "moved":
            before, after = (text(self.language, "edits.position", n=n) for n in (found.before, found.after))
        else:
            before = "" if found.op == "added" else self._told(found.before, found, steps, self.sides.before)
            after = "" if found.op == "removed" else self._told(found.after, found, steps, self.sides.after)
        return Line(found.op, place, before, after)

    def _told(self, value: Json, found: Compared, steps: Sequence[str], document: dict[str, Json]) -> str:
        last = steps[-1] if steps else ""
        if last in _CONDITIONS and not isinstance(value, list):
            return self._condition(value, found.pointer, document)
        if last in _DURATIONS and isinstance(value, str):
            return wording.iso_duration(value, self.language)
        if last == "on" and isinstance(value, str):
            return wording.event(value, self.language)
        if isinstance(value, dict) and value and value.keys() <= {"zh", "en"}:
            return " / ".join(dict.fromkeys(str(presentable(each)) for each in value.values()))
        if len(steps) > 1 and steps[-2] == "ports":
            return self._node(value) if isinstance(value, str) else wording.plain_json(value)
        if steps[:1] == ["tests"]:
            return self._of_test(value, len(steps))
        return str(presentable(effects.plain(value, self.language)))

    def _of_test(self, value: Json, depth: int) -> str:
        """A part of a test; a whole one by its name, and each effect in a line."""
        if depth == _WHOLE_TEST and isinstance(value, dict):
            return str(presentable(str(value.get("name", ""))))
        told = value if isinstance(value, list) else [value]
        done = [each for each in told if isinstance(each, dict) and isinstance(each.get("activity"), str)]
        if not done or len(done) < len(told):
            return str(presentable(effects.plain(value, self.language)))
        return " → ".join(self._effect(each) for each in done)

    def _effect(self, told: Mapping[str, Json]) -> str:
        params = told.get("params")
        given = params if isinstance(params, dict) else {}
        said = effects.effect(str(told["activity"]), given, self.sides.context.catalogue, {}, self.language)
        return str(presentable(said))

    def _node(self, node: str) -> str:
        """What people call a node of either document."""
        named = (reader.name(node) for reader in self.readers if node in reader.nodes)
        return str(presentable(next(named, node)))

    def _condition(self, value: Json, pointer: str, document: dict[str, Json]) -> str:
        """A condition as a sentence; as it is written where it cannot be read."""
        try:
            fields = fields_at(self.sides.kind, document, pointer, self.sides.context)
            own = document.get("conditions")
            conditions = {**self.sides.context.conditions, **(own if isinstance(own, dict) else {})}
            return sentence(compile_rule(value, fields, conditions=conditions).tree, self.language, _ZONE)
        except RuleError:
            return str(presentable(wording.plain_json(value)))

    def _side(self, found: Compared) -> dict[str, Json]:
        return self.sides.before if found.op == "removed" else self.sides.after

    def _value(self, found: Compared) -> Json:
        return found.before if found.op == "removed" else found.after


def _picture(sides: Sides, parts: Sequence[Part], language: Language) -> Picture:
    """The later journey with what was removed from the earlier one, each marked."""
    old = Reader(sides.before, sides.context.catalogue, language)
    new = Reader(sides.after, sides.context.catalogue, language)
    gone = [node for node in old.nodes if node not in new.nodes]
    boxes = [new.entry_box(), *(new.box(node) for node in new.nodes), *(old.box(node) for node in gone)]
    ways = [*new.entry_ways(), *(way for node in new.nodes for way in new.ways(node))]
    before = [*old.entry_ways(), *(way for node in old.nodes for way in old.ways(node))]
    reached, led = ({_road(way) for way in each} for each in (ways, before))
    left = [replace(way, port=f"{_LEFT}{i}") for i, way in enumerate(before) if _road(way) not in reached]
    added, removed = (Mark(op, text(language, f"edits.op_{op}")) for op in _MARKED)
    way_marks = {f"{way.source} {way.port}": added for way in ways if _road(way) not in led}
    way_marks |= {f"{way.source} {way.port}": removed for way in left}
    numbers = {stage: number for number, stage in enumerate(stage_titles(sides.after, language), start=1)}
    return Picture(draw(boxes, [*ways, *left]), numbers, _marks(parts, language), way_marks)


def _road(way: Way) -> tuple[str, str]:
    return way.source, way.target


def _marks(parts: Sequence[Part], language: Language) -> dict[str, Mark]:
    """What became of nodes; of entries, goal, exits and start at the entry."""
    marks: dict[str, Mark] = {}
    for part in parts:
        kind, _, node = part.id.partition("/")
        op = part.op if part.op != "moved" else "changed"
        if kind == "nodes" and node:
            told = [f"{line.place}: {line.before} → {line.after}" for line in part.lines[:_TOLD]]
            marks[node] = Mark(op, "\n".join([text(language, f"edits.op_{op}"), *told]))
        elif kind in _AT_ENTRY:
            marks[ENTRY] = Mark("changed", text(language, "edits.op_changed"))
    return marks


_MARKED: tuple[Literal["added"], Literal["removed"]] = ("added", "removed")
_AT_ENTRY = frozenset({"entry", "start", "goal", "exits"})
_LEFT = "@left-"
_WHOLE_TEST = 2
_TOLD = 6
