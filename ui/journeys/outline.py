"""A journey as people read it: its steps in order, each with a name, what it does and where it leads.

Works on any document, a half-written draft included: what is not understood is left out, never an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.journeys.catalogue import ActivityType
from engine.journeys.graph import graph_of, stages_of
from engine.journeys.parse import parse
from rules.types import Json
from ui.journeys.canvas import ENTRY, Box, Drawing, Way, draw
from ui.messages import Language, text
from ui.words import wording

_MOST_NODES = 300
"""A journey may have 150; a draft that has far more is shown in part."""

KINDS = ("wait", "delay", "choice", "split", "decide", "activity", "task", "journey", "end")


@dataclass(frozen=True)
class Lead:
    """Where a step leads: the words of the ports that go there, and the step."""

    word: str
    target: str
    name: str


@dataclass(frozen=True)
class Step:
    """One node of a journey; `does` says what it does, `stage` is the number of the funnel's stage it begins."""

    id: str
    kind: str
    name: str
    does: str
    stage: int | None
    leads: tuple[Lead, ...]


@dataclass(frozen=True)
class Outline:
    """The steps from top to bottom, as the drawing shows them, and the number of each stage of the funnel."""

    steps: tuple[Step, ...]
    stages: Mapping[str, int]
    drawing: Drawing

    def name_of(self, node: str | None) -> str:
        """What the pages call a node; its id if the shown version has no such node."""
        return next((step.name for step in self.steps if step.id == node), node or "")


def outline(document: Mapping[str, Json], catalogue: Mapping[str, ActivityType], language: Language) -> Outline:
    """Reads the document and draws it."""
    reader = Reader(document, catalogue, language)
    boxes = [reader.entry_box(), *(reader.box(node) for node in reader.nodes)]
    ways = [*reader.entry_ways(), *(way for node in reader.nodes for way in reader.ways(node))]
    drawing = draw(boxes, ways)
    order = sorted(drawing.boxes, key=lambda drawn: (drawn.y, drawn.x))
    numbers = {stage: number for number, stage in enumerate(stage_titles(document, language), start=1)}
    steps = tuple(reader.step(drawn.box.id, numbers) for drawn in order if drawn.box.id != ENTRY)
    return Outline(steps, numbers, drawing)


def node_names(
    document: Mapping[str, Json], catalogue: Mapping[str, ActivityType], language: Language
) -> dict[str, str]:
    """What the pages call each node, in the order in which the document has them."""
    reader = Reader(document, catalogue, language)
    return {node: reader.name(node) for node in reader.nodes}


def stage_titles(document: Mapping[str, Json], language: Language) -> dict[str, str]:
    """The stages of the funnel in their order, with their titles; none for a document that cannot be read."""
    journey, _ = parse(dict(document))
    if journey is None:
        return {}
    return {
        stage: wording.title(titles, language, stage) for stage, titles in stages_of(journey, graph_of(journey)).items()
    }


class Reader:
    """Takes what it understands out of a document, in the words of a language."""

    def __init__(self, document: Mapping[str, Json], catalogue: Mapping[str, ActivityType], language: Language) -> None:
        self.document = document
        self.catalogue = catalogue
        self.language = language
        nodes = document.get("nodes")
        readable = [(key, node) for key, node in _object(nodes).items() if isinstance(node, dict) and key != ENTRY]
        self.nodes = dict(readable[:_MOST_NODES])

    def entry_box(self) -> Box:
        """What stands for the entries."""
        events = [wording.event(entry["on"], self.language) for entry in self._entries() if "on" in entry]
        name = text(self.language, "list.or").join(dict.fromkeys(events)) or self._t("node.entry")
        return Box(ENTRY, "entry", name, self._t("node.entry"))

    def entry_ways(self) -> list[Way]:
        """The edges from the entries to the first nodes."""
        start = self.document.get("start")
        targets = [entry.get("start", start) for entry in self._entries()] or [start]
        return [Way(ENTRY, "", target, "") for target in dict.fromkeys(map(str, targets)) if target in self.nodes]

    def box(self, node: str) -> Box:
        """A node to draw."""
        found = self.nodes[node]
        stage = found.get("stage")
        key = stage if isinstance(stage, str) else None
        called = self._stages.get(key, self.name(node)) if key is not None else ""
        return Box(node, self.kind(node), self.name(node), self.does(node), key, called)

    def kind(self, node: str) -> str:
        """A node's type; `unknown` for one that there is not."""
        kind = self.nodes[node].get("type")
        return kind if isinstance(kind, str) and kind in KINDS else "unknown"

    def name(self, node: str) -> str:
        """What people call a node."""
        return wording.title(self.nodes[node].get("title"), self.language) or self._described(node)

    def does(self, node: str) -> str:
        """The line below the name: what it does, else its kind; never what the name says."""
        described, kind = self._described(node), self._t(f"node.{self.kind(node)}")
        if self.kind(node) == "end" and described == self.nodes[node].get("outcome") != self.name(node):
            described = kind  # an outcome without words of ours: the name says it
        return next((each for each in (described, kind) if each != self.name(node)), node)

    def ways(self, node: str) -> list[Way]:
        """The edges out of a node; ports with one target share one."""
        by_target: dict[str, list[str]] = {}
        for port, target in _object(self.nodes[node].get("ports")).items():
            by_target.setdefault(str(target), []).append(port)
        return [
            Way(node, ports[0], target, " / ".join(self.way_out(node, port) for port in ports))
            for target, ports in by_target.items()
        ]

    def step(self, node: str, numbers: Mapping[str, int]) -> Step:
        """A node as a step of the outline."""
        leads = tuple(
            Lead(way.word, way.target, self.name(way.target) if way.target in self.nodes else way.target)
            for way in self.ways(node)
        )
        stage = numbers.get(str(self.nodes[node].get("stage")))
        return Step(node, self.kind(node), self.name(node), self.does(node), stage, leads)

    def way_out(self, node: str, port: str) -> str:
        """The word for a way out of a node."""
        return wording.way_out(self.nodes[node], port, self.language)

    def _described(self, node: str) -> str:
        found, kind = self.nodes[node], self.kind(node)
        match kind:
            case "wait":
                names = [wording.event(item.get("on"), self.language) for item in _objects(found.get("for"))]
                awaited = self._t("list.or").join(dict.fromkeys(names))
                return self._t("does.wait", events=awaited)
            case "delay" if isinstance(found.get("for"), str):
                return self._t("does.delay", duration=wording.iso_duration(found["for"], self.language))
            case "activity":
                return wording.activity(str(found.get("activity")), self.catalogue, self.language)
            case "end":
                return wording.outcome(found.get("outcome", node), self.language)
            case _:
                return self._t(f"node.{kind}")

    @cached_property
    def _stages(self) -> Mapping[str, str]:
        return stage_titles(self.document, self.language)

    def _entries(self) -> Sequence[dict[str, Json]]:
        return _objects(self.document.get("entry"))

    def _t(self, key: str, **values: object) -> str:
        return text(self.language, key, **values)


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> Sequence[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
