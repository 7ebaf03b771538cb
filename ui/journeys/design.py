"""A journey as its author sees it: every port with a way on, loose ends too, and problems where they are.

Like `outline`, it reads any document: what cannot be understood is left out of the picture, never an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.journeys.catalogue import ActivityType
from engine.journeys.editing.rough import (
    entries_of,
    main_successor,
    needed_ports,
    optional_ports,
    rough_graph,
    targets_of,
)
from engine.journeys.findings import Finding
from rules.limits import escape
from rules.types import Json
from ui.journeys.canvas import ENTRY, LOOSE, Box, Drawing, Mark, Way, draw
from ui.journeys.outline import Reader, stage_titles
from ui.messages import Language, text
from ui.words import wording


@dataclass(frozen=True)
class Exit:
    """A port of a step: where it leads, if anywhere, and whether the step may do without it.

    `to` says where it leads so that it cannot be taken for the word of a way out.
    """

    port: str
    word: str
    target: str | None
    name: str
    to: str
    is_needed: bool


@dataclass(frozen=True)
class DesignedStep:
    """One node with its ports. `main` is the node behind it, `is_reached` whether any way leads to it."""

    id: str
    kind: str
    name: str
    does: str
    stage: str | None
    stage_number: int | None
    exits: tuple[Exit, ...]
    main: str | None
    is_reached: bool
    mark: Mark | None

    def exit_word(self, port: str) -> str:
        """What the way out is called on the picture; its name where there is none."""
        return next((each.word for each in self.exits if each.port == port), port)

    @property
    def next_port(self) -> str | None:
        """Where one would go on building: at the first port that leads nowhere and should, else at the main one."""
        loose = [each.port for each in self.exits if each.target is None and each.is_needed]
        return next(iter([*loose, *(each.port for each in self.exits)]), None)


@dataclass(frozen=True)
class Begin:
    """Where entries begin: the index of the entry that begins at a node of its own, None for all the others.

    `to` says where they begin, as that of an exit does.
    """

    entry: int | None
    word: str
    target: str | None
    name: str
    to: str


@dataclass(frozen=True)
class Design:
    """The steps from top to bottom as the drawing shows them, and what is to be marked in it."""

    steps: tuple[DesignedStep, ...]
    begins: tuple[Begin, ...]
    stages: Mapping[str, int]
    titles: Mapping[str, str]
    drawing: Drawing
    marks: Mapping[str, Mark]

    def find(self, node: str | None) -> DesignedStep | None:
        """The step of a node."""
        return next((step for step in self.steps if step.id == node), None)


def design(
    document: Mapping[str, Json],
    findings: Sequence[Finding],
    catalogue: Mapping[str, ActivityType],
    language: Language,
    decided: Mapping[str, str] | None = None,
) -> Design:
    """Reads the document, draws it with all its ports, and marks what was found.

    `decided` is what branches decide on (see `ui.journeys.deciding`); one without has the word for its kind instead.
    """
    reader = _Author(document, catalogue, language, decided or {})
    boxes = [reader.entry_box(), *(reader.box(node) for node in reader.nodes)]
    ways = [*reader.begin_ways(), *(way for node in reader.nodes for way in reader.port_ways(node))]
    loose = [Box(way.target, LOOSE, way.word, "") for way in ways if way.target.startswith("@loose")]
    drawing = draw([*boxes, *loose], ways)
    order = sorted(drawing.boxes, key=lambda drawn: (drawn.y, drawn.x))
    titles = stage_titles(document, language)
    numbers = {stage: number for number, stage in enumerate(titles, start=1)}
    marks = _marks(findings, reader.nodes, language)
    graph = rough_graph(document)
    reached = graph.reachable(graph.starts)
    steps = tuple(
        reader.designed(drawn.box.id, numbers, marks, reached) for drawn in order if drawn.box.id in reader.nodes
    )
    return Design(steps, tuple(reader.begins()), numbers, titles, drawing, marks)


def _marks(findings: Sequence[Finding], nodes: Mapping[str, Json], language: Language) -> dict[str, Mark]:
    """What was found and nobody accepted, by the node that it concerns; of entries, goal and exits, at the entry."""
    by_node: dict[str, list[Finding]] = {}
    places = {f"/nodes/{escape(node)}": node for node in nodes}
    for found in (each for each in findings if each.accepted is None):
        place = "/".join(found.pointer.split("/")[:3])
        head = found.pointer.split("/")[1] if found.pointer else ""
        node = places.get(place) or (ENTRY if head in {"entry", "start", "goal", "exits"} else None)
        if node is not None:
            by_node.setdefault(node, []).append(found)
    return {node: _mark(found, language) for node, found in by_node.items()}


def _mark(findings: Sequence[Finding], language: Language) -> Mark:
    kind = "bad" if any(each.severity == "error" for each in findings) else "warn"
    told = "\n".join(dict.fromkeys(each.message[language] for each in findings))
    return Mark("bad" if kind == "bad" else "warn", told, len(findings))


def _ports(exits: Sequence[Exit]) -> tuple[str, ...]:
    return tuple(each.port for each in exits)


class _Author(Reader):
    """Reads ports one by one, and where each may go on; knows what branches decide on."""

    def __init__(
        self,
        document: Mapping[str, Json],
        catalogue: Mapping[str, ActivityType],
        language: Language,
        decided: Mapping[str, str],
    ) -> None:
        super().__init__(document, catalogue, language)
        self.decided = decided

    def does(self, node: str) -> str:
        """The line below the name: of a branch, what it decides on."""
        return self.decided.get(node) or super().does(node)

    def begins(self) -> Iterator[Begin]:
        """The common first node, then those of single entries."""
        start = self.document.get("start")
        own = [(index, str(entry["start"])) for index, entry in entries_of(self.document) if "start" in entry]
        all_own = bool(own) and len(own) == len(self._entries())
        if not all_own:
            yield self._begin(None, start, [entry for _, entry in entries_of(self.document) if "start" not in entry])
        for index, target in own:
            yield self._begin(index, target, [self._entry(index)])

    def begin_ways(self) -> list[Way]:
        """An edge for each begin; their words tell the entries apart where there are several."""
        begins = list(self.begins())
        several = len(begins) > 1
        return [
            Way(
                ENTRY,
                "" if begin.entry is None else str(begin.entry),
                begin.target if begin.target is not None else f"@loose:{ENTRY}",
                begin.word if several else "",
                plus=True,
            )
            for begin in begins
        ]

    def exits(self, node: str) -> list[Exit]:
        """The ports that a node needs, then those that it may have, then what else is written there."""
        found = self.nodes[node]
        if found.get("type") == "end":
            return []
        targets, needed = targets_of(found), needed_ports(found, self.catalogue)
        ports = dict.fromkeys([*needed, *optional_ports(found, self.catalogue), *targets])
        return [self._exit(node, port, targets.get(port), is_needed=port in needed) for port in ports]

    def port_ways(self, node: str) -> list[Way]:
        """An edge for each port that leads somewhere, or should; ports that lead to the same node share one."""
        by_target: dict[str, list[Exit]] = {}
        for each in self.exits(node):
            if each.target is not None or each.is_needed:
                by_target.setdefault(each.target or f"@loose:{node}:{each.port}", []).append(each)
        return [
            Way(node, led[0].port, target, " / ".join(each.word for each in led), plus=True, also=_ports(led[1:]))
            for target, led in by_target.items()
        ]

    def designed(
        self, node: str, numbers: Mapping[str, int], marks: Mapping[str, Mark], reached: frozenset[str]
    ) -> DesignedStep:
        """A node with its ports."""
        stage = self.nodes[node].get("stage")
        return DesignedStep(
            node,
            self.kind(node),
            self.name(node),
            self.does(node),
            stage if isinstance(stage, str) else None,
            numbers.get(str(stage)),
            tuple(self.exits(node)),
            main_successor(node, self.nodes[node]),
            node in reached,
            marks.get(node),
        )

    def _exit(self, node: str, port: str, target: str | None, *, is_needed: bool) -> Exit:
        known = target if target in self.nodes else None
        name = self.name(known) if known is not None else target or ""
        to = self._to(known, name)
        return Exit(port, self.way_out(node, port), known, name, to, is_needed or target is not None)

    def _to(self, known: str | None, name: str) -> str:
        """Where a way leads, in words that tell a node from the word of a way out."""
        if known is not None:
            key = "canvas.to_end" if self.kind(known) == "end" else "canvas.to_node"
            return text(self.language, key, node=name)
        return text(self.language, "canvas.gone", node=name) if name else text(self.language, "canvas.nowhere")

    def _begin(self, index: int | None, target: Json, entries: Sequence[Mapping[str, Json]]) -> Begin:
        known = target if isinstance(target, str) and target in self.nodes else None
        events = [wording.event(entry["on"], self.language) for entry in entries if "on" in entry]
        word = text(self.language, "list.or").join(dict.fromkeys(events))
        name = self.name(known) if known is not None else ""
        return Begin(index, word, known, name, self._to(known, name))

    def _entry(self, index: int) -> Mapping[str, Json]:
        return next(entry for place, entry in entries_of(self.document) if place == index)
