"""Random values of a shape, and random journey documents: valid ones, and ones with anything anywhere."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.journeys.catalogue import Catalogue
from rules.types import Json
from ui.forms.journeys import journey_shape, node_shape, refined
from ui.forms.shapes import Shape

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "a\nb",
        "a\r\nb",
        "\nfirst",
        "{{member.nickname}},你好",
        "{{ }",
        "\0",
        "\ud800",
        "P7D",
        "true",
        "null",
        "5",
        '"',
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | TEXTS
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)
FIELD = st.sampled_from(["member.tier", "event.batch", "vars.a.b", "now"]).map(lambda path: {"var": path})
EXPRESSIONS = (
    FIELD
    | st.lists(TEXTS | FIELD | st.tuples(FIELD, TEXTS).map(lambda pair: {"default": list(pair)}), max_size=3).map(
        lambda pieces: {"cat": pieces}
    )
    | st.tuples(FIELD, FIELD | SCALARS).map(lambda options: {"default": list(options)})
    | ANYTHING
).map(lambda expression: {"$": expression})
DURATIONS = st.sampled_from(["P7D", "PT30M", "P1DT2H", "P2W", "PT90M", "P1Y2M", "-P3D", "PT0.5S", "P0D", "nonsense"])
KINDS: dict[str, Any] = {
    "integer": st.integers(-5, 20_000),
    "share": st.integers(0, 10_000),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
    "boolean": st.booleans(),
    "duration": DURATIONS,
    "clock": st.sampled_from(["08:30", "00:00", "8:30", "24:00"]),
    "date": st.sampled_from(["2026-11-05", "tomorrow"]),
    "instant": st.sampled_from(["2026-11-05T10:00:00+08:00", "2026-11-05T10:00:00.123Z", "soon"]),
    "money": st.fixed_dictionaries({"minor": st.integers(-9, 9999), "currency": st.sampled_from(["CNY", "JPY", "x"])}),
    "json": ANYTHING,
    "condition": ANYTHING,
    "any": ANYTHING,
}


def values(of: Shape, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a shape foresees; an expression where one may stand."""
    plain = _plain(of, depth)
    found = plain | EXPRESSIONS if of.computable and of.kind not in {"const", "object"} else plain
    return found | st.none() if of.nullable else found


def _plain(of: Shape, depth: int) -> st.SearchStrategy[Any]:
    match of.kind:
        case "const":
            return st.just(of.schema.get("const"))
        case "enum":
            return st.sampled_from(of.choices)
        case "object":
            return _objects(of, depth)
        case "union":
            return st.one_of(*(values(option, depth) for option in of.options))
        case "list":
            return st.lists(values(of.item, depth + 1), max_size=2 if depth < 3 else 0)
        case "map":
            return st.dictionaries(st.text(max_size=5), values(of.item, depth + 1), max_size=2 if depth < 3 else 0)
        case kind:
            found: st.SearchStrategy[Any] = KINDS.get(kind, TEXTS)
            return found


def _objects(of: Shape, depth: int) -> st.SearchStrategy[Any]:
    parts = {name: values(part, depth + 1) for name, part in of.properties.items() if depth < 4 or part.required}
    needed = {name: parts[name] for name, part in of.properties.items() if part.required and name in parts}
    more = {name: part for name, part in parts.items() if name not in needed}
    return st.fixed_dictionaries(needed, optional=more)


@st.composite
def nodes(draw: st.DrawFn, catalogue: Catalogue) -> dict[str, Any]:
    """A node of any type, its params those of its activity type."""
    type_ = draw(st.sampled_from(["wait", "delay", "choice", "split", "activity", "decide", "task", "journey", "end"]))
    activity = draw(st.sampled_from([*sorted(catalogue), "no.such"])) if type_ == "activity" else None
    known: dict[str, Json] = {"type": type_, **({"activity": activity} if activity else {})}
    shape = node_shape(known)
    node: dict[str, Any] = draw(values(shape))
    for name, part in shape.properties.items():
        if name in node and (found := refined({**node, **known}, name, part, catalogue)) is not part:
            node[name] = draw(values(found))
    return {**node, **known}


@st.composite
def journeys(draw: st.DrawFn, catalogue: Catalogue) -> dict[str, Any]:
    """A document in which every value is of the form that its place asks for."""
    root = journey_shape().properties
    document: dict[str, Any] = {"schema": "waystation/journey@1"}
    for name, part in root.items():
        if name not in {"schema", "nodes", "tests"} and (part.required or draw(st.booleans())):
            document[name] = draw(values(part))
    keys = draw(st.lists(st.sampled_from(["a", "b", "c/d", "e~f", "节"]), min_size=1, max_size=3, unique=True))
    return {**document, "nodes": {key: draw(nodes(catalogue)) for key in keys}}


@st.composite
def disturbed(draw: st.DrawFn, catalogue: Catalogue) -> dict[str, Any]:
    """A document in which anything may stand anywhere."""
    document = draw(journeys(catalogue))
    for _ in range(draw(st.integers(1, 4))):
        _disturb(draw, document)
    return document


def _disturb(draw: st.DrawFn, holder: Any) -> None:
    """Puts anything at some place, or adds a key that nobody foresees."""
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys or draw(st.integers(0, 4)) == 0:
            if isinstance(holder, dict):
                holder[draw(st.text(max_size=4))] = draw(ANYTHING)
            return
        key = draw(st.sampled_from(keys))
        if isinstance(holder[key], dict | list) and draw(st.integers(0, 3)):
            holder = holder[key]
            continue
        holder[key] = draw(ANYTHING)
        return
