"""The picture of a journey: where each node stands and how the edges run, computed from the graph alone.

A journey's document stores no layout. `draw` is the only place that knows the layout library.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import graphlay

from ui.words.wording import clip

ENTRY = "@entry"
"""The id of the drawn node that stands for the journey's entry; no node of a document can be called so."""

LOOSE = "loose"
"""The kind of the small drawn node at the end of a port that leads nowhere."""

_WIDTH, _HEIGHT, _STAGE = 232.0, 58.0, 22.0
_PLUS, _WORD = 24.0, 16.0
_MARGIN = 28.0
_OPTIONS = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 58.0, "node_gap": 36.0},
    "routing": {"style": "orthogonal"},
}


@dataclass(frozen=True)
class Box:
    """A node to draw: `kind` is its type, `name` what people call it, `word` what its type is called.

    `stage` is the key of the funnel's stage that it begins, `stage_name` what that is called.
    """

    id: str
    kind: str
    name: str
    word: str
    stage: str | None = None
    stage_name: str = ""


@dataclass(frozen=True)
class Way:
    """An edge to draw, with the word for its port; with `plus` it has room for a button of 24 pixels.

    `also` are further ports of the source that lead to the same target by this edge.
    """

    source: str
    port: str
    target: str
    word: str
    plus: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mark:
    """Something to say about a node or a way beside what it is: `kind` names colour and icon, `words` say it."""

    kind: Literal["bad", "warn", "added", "removed", "changed", "visited"]
    words: str
    count: int = 1


@dataclass(frozen=True)
class DrawnBox:
    """A node with its place; `x` and `y` are its upper left corner."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    name: str


@dataclass(frozen=True)
class DrawnWay:
    """An edge with its path, the tip of its arrow and the place of its word; `plus` is the middle of its button."""

    way: Way
    path: str
    tip: str
    word_x: float
    word_y: float
    backwards: bool
    plus: tuple[float, float] | None = None


@dataclass(frozen=True)
class Drawing:
    """The whole picture; (0, 0) is its upper left corner."""

    width: float
    height: float
    boxes: tuple[DrawnBox, ...]
    ways: tuple[DrawnWay, ...]


@dataclass(frozen=True)
class _Point:
    x: float
    y: float


@dataclass(frozen=True)
class _PlacedWay:
    """An edge as the layout library gives it."""

    way: Way
    points: Sequence[_Point]
    word: _Point
    backwards: bool


def draw(boxes: Sequence[Box], ways: Sequence[Way]) -> Drawing:
    """Lays the graph out from top to bottom. The same graph always gives the same picture."""
    place = {box.id: index for index, box in enumerate(boxes)}
    drawable = [way for way in ways if way.source in place and way.target in place]
    graph = graphlay.Graph()
    for index, box in enumerate(boxes):
        width, height = _size(box)
        graph.node(index, width=width, height=height)
    for way in drawable:
        graph.edge(place[way.source], place[way.target], label_size=_label_size(way))
    layout = graphlay.layout(graph, options=_OPTIONS)
    reversed_edges = set(layout.raw["reversed"])
    drawn_boxes = [_box(box, node) for box, node in zip(boxes, layout.nodes, strict=True)]
    drawn_ways = [
        _way(way, edge, backwards=index in reversed_edges)
        for index, (way, edge) in enumerate(zip(drawable, layout.edges, strict=True))
    ]
    return _framed(drawn_boxes, drawn_ways)


def _framed(boxes: Sequence[DrawnBox], ways: Sequence[_PlacedWay]) -> Drawing:
    """Moves everything so that it stands within a margin from (0, 0); words need room as boxes do."""
    xs = [x for box in boxes for x in (box.x, box.x + box.width)]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)]
    for placed in ways:
        size = _label_size(placed.way)
        across, down = size["width"] / 2, size["height"] / 2
        xs += [placed.word.x - across, placed.word.x + across, *(point.x for point in placed.points)]
        ys += [placed.word.y - down, placed.word.y + down, *(point.y for point in placed.points)]
    left, top = min(xs, default=0.0) - _MARGIN, min(ys, default=0.0) - _MARGIN
    return Drawing(
        max(xs, default=0.0) + _MARGIN - left,
        max(ys, default=0.0) + _MARGIN - top,
        tuple(replace(box, x=box.x - left, y=box.y - top) for box in boxes),
        tuple(_drawn(placed, left, top) for placed in ways),
    )


def _size(box: Box) -> tuple[float, float]:
    if box.kind == LOOSE:
        return _PLUS, _PLUS
    return _WIDTH, _HEIGHT + (_STAGE if box.stage else 0.0)


def _label_size(way: Way) -> dict[str, float]:
    """The room for an edge's word, and below it for its button."""
    width = _text_width(way.word)
    if not way.plus:
        return {"width": width, "height": _WORD}
    return {"width": max(_PLUS, width), "height": _PLUS + (_WORD if way.word else 0.0)}


def _text_width(word: str) -> float:
    return 10.0 + sum(12.0 if ord(character) > 0x2E7F else 6.5 for character in word)


def _box(box: Box, node: Mapping[str, Mapping[str, float]]) -> DrawnBox:
    width, height = _size(box)
    x, y = node["center"]["x"] - width / 2, node["center"]["y"] - height / 2
    return DrawnBox(box, x, y, width, height, clip(box.name, 24))


def _way(way: Way, edge: Mapping[str, object], *, backwards: bool) -> _PlacedWay:
    points = [_Point(point["x"], point["y"]) for point in _points(edge["points"])]
    anchor = edge.get("label_anchor")
    word = _Point(anchor["x"], anchor["y"]) if isinstance(anchor, Mapping) else _word_place(points)
    return _PlacedWay(way, points, word, backwards)


def _drawn(placed: _PlacedWay, left: float, top: float) -> DrawnWay:
    points = [_Point(point.x - left, point.y - top) for point in placed.points]
    word = _Point(placed.word.x - left, placed.word.y - top)
    drawn = DrawnWay(placed.way, _path(points), _tip(points), word.x, word.y, placed.backwards)
    if not placed.way.plus:
        return drawn
    half = _label_size(placed.way)["height"] / 2
    on_way = _onto(points, _Point(word.x, word.y + half - _PLUS / 2))
    return replace(
        drawn, plus=(on_way.x, on_way.y), word_y=min(word.y - half, on_way.y - _PLUS / 2 - _WORD) + _WORD / 2
    )


def _points(value: object) -> Iterable[Mapping[str, float]]:
    if not isinstance(value, list):
        raise TypeError("the layout library gives each edge a list of points")
    return value


def _path(points: Sequence[_Point], radius: float = 9.0) -> str:
    """An SVG path through the points, with rounded corners."""
    parts = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        entering, leaving = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(
            f"L{entering.x:.1f} {entering.y:.1f}Q{corner.x:.1f} {corner.y:.1f} {leaving.x:.1f} {leaving.y:.1f}"
        )
    parts.append(f"L{points[-1].x:.1f} {points[-1].y:.1f}")
    return "".join(parts)


def _at(point: _Point) -> str:
    return f"{point.x:.1f} {point.y:.1f}"


def _towards(start: _Point, end: _Point, by: float) -> _Point:
    length = _distance(start, end)
    part = min(by, length / 2) / length if length else 0.0
    return _Point(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part)


def _distance(start: _Point, end: _Point) -> float:
    return float(((end.x - start.x) ** 2 + (end.y - start.y) ** 2) ** 0.5)


def _tip(points: Sequence[_Point]) -> str:
    """The arrow's head as the points of a polygon."""
    end, back = points[-1], _towards(points[-1], points[-2], 8.0)
    across_x, across_y = (end.y - back.y) * 0.55, (back.x - end.x) * 0.55
    corners = ((end.x, end.y), (back.x + across_x, back.y + across_y), (back.x - across_x, back.y - across_y))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _onto(points: Sequence[_Point], near: _Point) -> _Point:
    """The point of a way that is nearest to another point."""
    stretches = pairwise(points)
    return min((_nearest(start, end, near) for start, end in stretches), key=lambda point: _distance(point, near))


def _nearest(start: _Point, end: _Point, near: _Point) -> _Point:
    across, down = end.x - start.x, end.y - start.y
    length = across**2 + down**2
    part = ((near.x - start.x) * across + (near.y - start.y) * down) / length if length else 0.0
    part = min(1.0, max(0.0, part))
    return _Point(start.x + across * part, start.y + down * part)


def _word_place(points: Sequence[_Point]) -> _Point:
    """Beside the middle of the first stretch, where the way leaves its node."""
    start, end = points[0], points[1]
    return _Point((start.x + end.x) / 2, (start.y + end.y) / 2)
