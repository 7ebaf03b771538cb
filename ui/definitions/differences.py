"""What differs between two states of a definition, as pages tell it: part by part in words, and in the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.definitions.comparison import Compared, Op, compare
from engine.definitions.kinds import Kind
from engine.journeys.context import CheckContext
from rules.documents.pointers import steps_of
from rules.types import Json
from ui.definitions.places import key_words
from ui.definitions.presentable import presentable
from ui.definitions.value_words import Telling, Thing
from ui.journeys.canvas import ENTRY, Drawing, Mark, Way, draw
from ui.journeys.outline import Reader, stage_titles
from ui.messages import Language, text


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
    """A definition before and after, and what is known around it; `thing` tells titles by kind and key."""

    kind: Kind
    before: dict[str, Json]
    after: dict[str, Json]
    context: CheckContext
    thing: Thing = lambda _, __: None


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
        self.before, self.after = (
            Telling(sides.kind, document, sides.context, language, sides.thing)
            for document in (sides.before, sides.after)
        )

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
            rows = self._side(found).document.get("rows")
            row = rows[int(steps[1])] if isinstance(rows, list) else None
            return f"rows/{row.get('id') if isinstance(row, dict) else int(steps[1]) + 1}"
        return steps[0] if steps else ""

    def _part(self, name: str, found: Sequence[Compared]) -> Part:
        depth = 2 if "/" in name else 1
        whole = next((each for each in found if len(steps_of(each.pointer)) == depth and each.op != "changed"), None)
        op: Op = whole.op if whole is not None else "changed"
        opened = [one for each in found for one in self._side(each).opened(each)]
        told = [one for one in opened if not (whole is not None and _names(one, depth))]
        return Part(name, self._name(name, op), op, tuple(self._line(each, depth) for each in told))

    def _name(self, name: str, op: Op) -> str:
        kind, _, inner = name.partition("/")
        if kind == "nodes" and inner:
            return (self.before if op == "removed" else self.after).node(inner)
        if kind == "rows" and inner:
            return str(presentable(text(self.language, "edits.row", id=inner)))
        return key_words(name, self.language) or text(self.language, "edits.whole")

    def _line(self, found: Compared, depth: int) -> Line:
        place = self._side(found).place(found.pointer, depth)
        if found.op == "moved":
            before, after = (text(self.language, "edits.position", n=n) for n in (found.before, found.after))
        else:
            before = "" if found.op == "added" else self.before.told(found.before, found.pointer)
            after = "" if found.op == "removed" else self.after.told(found.after, found.pointer)
        return Line(found.op, place, before, after)

    def _side(self, found: Compared) -> Telling:
        return self.before if found.op == "removed" else self.after


def _names(one: Compared, depth: int) -> bool:
    """Whether it is what the part is called by already."""
    steps = steps_of(one.pointer)
    return len(steps) == depth + 1 and steps[-1] in ("title", "id") and depth > 1


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
            marks[node] = Mark(op, "\n".join([text(language, f"edits.op_{op}"), *map(_told, part.lines[:_TOLD])]))
        elif kind in _AT_ENTRY:
            marks[ENTRY] = Mark("changed", text(language, "edits.op_changed"))
    return marks


def _told(line: Line) -> str:
    values = " → ".join(each for each in (line.before, line.after) if each)
    return f"{line.place}: {values}" if line.place else values


_MARKED: tuple[Literal["added"], Literal["removed"]] = ("added", "removed")
_AT_ENTRY = frozenset({"entry", "start", "goal", "exits"})
_LEFT = "@left-"
_TOLD = 6
