"""A simulation as a page tells it: the stations of the walk, each with its decisions in words and its messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.journeys.catalogue import Catalogue, EventTypes
from engine.journeys.plan import Plan
from engine.journeys.steps import Split
from engine.journeys.trying.simulation import Simulation
from engine.journeys.trying.tracing import Line, Reason
from rules.types import Fields, Json
from ui.journeys.canvas import ENTRY, Mark
from ui.journeys.design import Design
from ui.messages import Language, text
from ui.rulesets.tables import field_name, named
from ui.trying.reasons import Said, said, value_of
from ui.trying.walks import FAILS, MADE_TO_FAIL, Walk
from ui.words import effects, wording
from ui.words.failures import failure


@dataclass(frozen=True)
class Attachment:
    """What comes with a message: its kind, and what it is called."""

    kind: str
    title: str


@dataclass(frozen=True)
class Bubble:
    """A message as its reader sees it: the customer, or somebody of the staff."""

    text: str
    attachments: tuple[Attachment, ...]
    to_customer: bool


@dataclass(frozen=True)
class Told:
    """One line: the trace's, with its conditions in words and what else may come of it.

    `params` and `data` say what an effect is given and what an event tells, where it is neither message nor coupon.
    `changed` says what an event made other of what the journey reads. `missing` names fields that nobody knew,
    `failure` says why an activity failed.
    `nth` counts the calls of the activity; `others` are the ports through which it might have ended, or the arms.
    """

    line: Line
    said: tuple[Said, ...] = ()
    bubble: Bubble | None = None
    coupon: str | None = None
    params: tuple[tuple[str, str], ...] = ()
    data: str = ""
    changed: str = ""
    missing: str = ""
    failure: str = ""
    nth: int = 0
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Station:
    """A node that was entered, or what came before the first one."""

    node: str | None
    name: str
    at: datetime
    day: str
    lines: tuple[Told, ...] = field(default=())


@dataclass(frozen=True)
class Words:
    """What names the things of a walk: activity types, fields of events, titles of what effects name."""

    catalogue: Catalogue
    events: EventTypes
    titles: effects.Titles
    fields: Fields
    language: Language


class Teller:
    """Puts a simulation into the words of one language."""

    def __init__(self, plan: Plan, design: Design, words: Words) -> None:
        self.plan, self.design, self.words, self.language = plan, design, words, words.language

    def stations(self, found: Simulation, walk: Walk) -> list[Station]:
        """The stations that are shown, in order."""
        calls: dict[str, int] = {}
        stations: list[Station] = []
        for line in _shown(found, walk):
            if line.kind == "entered" or not stations:
                node = line.node if line.kind == "entered" else None
                stations.append(Station(node, self._name(node), line.at, _day(line.at, self.plan)))
            if line.kind != "entered":
                stations[-1] = replace(stations[-1], lines=(*stations[-1].lines, self._told(line, calls)))
        return stations

    def marks(self, found: Simulation, walk: Walk) -> dict[str, Mark]:
        """Marks of the nodes that were entered; those whose work failed at last are marked as failed."""
        path, failed = found.path[: walk.shown(found)], self._failed(found, walk)
        return {
            node: Mark("bad", text(self.language, "trying.failed_here", reason=failed[node]))
            if node in failed
            else Mark("visited", text(self.language, "trying.visited", n=path.count(node)))
            for node in path
        }

    def way_marks(self, found: Simulation, walk: Walk) -> dict[str, Mark]:
        """Marks of the ways that were taken: none where nobody came in."""
        ports = found.ports[: max(0, walk.shown(found) - 1)] if walk.steps is not None else found.ports
        taken, mark = set(ports), Mark("visited", text(self.language, "trying.taken"))
        ways = [drawn.way for drawn in self.design.drawing.ways]
        entered = [way for way in ways if way.source == ENTRY and way.target in found.path[:1]]
        left = [way for way in ways if any((way.source, port) in taken for port in (way.port, *way.also))]
        return {f"{way.source} {way.port}": mark for way in [*entered, *left]}

    def _failed(self, found: Simulation, walk: Walk) -> dict[str, str]:
        """The nodes whose work failed at last, each with its reason."""
        failed: dict[str, str] = {}
        for line in _shown(found, walk):
            if line.node and line.kind == "effect":
                failed.pop(line.node, None)
            elif line.node and line.kind == "failed" and not line.detail.keys().isdisjoint({"code", "reason"}):
                failed[line.node] = self._failure(line)
        return failed

    def _failure(self, line: Line) -> str:
        """Why an activity failed: in a trial mostly since its author let it."""
        if line.kind != "failed" or line.detail.keys().isdisjoint({"code", "reason"}):
            return ""
        code, message = (str(line.detail.get(name) or "") for name in ("code", "message"))
        if (code, message) in {(MADE_TO_FAIL, ""), ("", f"{MADE_TO_FAIL}: ")}:
            return text(self.language, "trying.made_to_fail")
        return (
            failure(message, self.language, code)
            or code
            or wording.reason(str(line.detail.get("reason")), self.language)
        )

    def _name(self, node: str | None) -> str:
        step = self.design.find(node)
        return step.name if step else node or text(self.language, "node.entry")

    def _told(self, line: Line, calls: dict[str, int]) -> Told:
        why = tuple(
            said(reason, self.words.fields, self.language, _port_of(self.plan, line, reason)) for reason in line.why
        )
        told = Told(line, why, data=self._data(line), missing=self._missing(line), failure=self._failure(line))
        told = replace(told, changed=self._changed(line))
        activity, params = line.detail.get("activity"), line.detail.get("params")
        step = self.plan.steps.get(line.node or "")
        if line.kind in {"effect", "failed"} and isinstance(activity, str) and isinstance(params, dict):
            nth = calls.get(activity, 0)
            calls[activity] = nth + 1
            given = effects.told(activity, params, self.words.catalogue, self.words.titles, self.language)
            told = replace(told, params=tuple(given), nth=nth)
            told = replace(told, bubble=self._bubble(activity, params), coupon=self._coupon(params))
            ports = step.ports if step else {}
            names = [port for port in ports if port not in {"error", "quiet"}]
            others = [(port, wording.port(port, self.language)) for port in names if port != line.port]
            fails = [] if line.kind == "failed" else [(FAILS, text(self.language, "trying.fails"))]
            return replace(told, others=(*others, *fails))
        if line.kind == "left" and step is not None and isinstance(step.work, Split):
            arms = [port for port, _ in step.work.arms if port != line.port]
            return replace(told, others=tuple((arm, wording.port(arm, self.language)) for arm in arms))
        return told

    def _missing(self, line: Line) -> str:
        """What the fields are called that its params and texts named and nobody knew."""
        paths = line.detail.get("missing")
        return named([str(each) for each in paths], self.words.fields, self.language) if isinstance(paths, list) else ""

    def _changed(self, line: Line) -> str:
        """What the event made other, of what the journey reads of the member."""
        changed, fields = line.detail.get("changed"), self.words.fields
        values = changed.items() if isinstance(changed, dict) else ()
        said = [
            (field_name(path, fields, self.language), value_of(path, value, fields, self.language))
            for path, value in values
        ]
        return effects.pairs(said, self.language)

    def _data(self, line: Line) -> str:
        """What the event told that let somebody in, or did not."""
        on, data = line.detail.get("type"), line.detail.get("data")
        if (
            line.kind not in {"entry", "refused", "unheard", "event"}
            or not isinstance(on, str)
            or not isinstance(data, dict)
        ):
            return ""
        return effects.happened(on, data, self.words.events, self.language)

    def _bubble(self, activity: str, params: Mapping[str, Json]) -> Bubble | None:
        said = params.get("text")
        if not isinstance(said, str):
            return None
        known = self.words.catalogue.get(activity)
        given = params.get("attachments")
        attachments = (
            [self._attachment(each) for each in given if isinstance(each, dict)] if isinstance(given, list) else []
        )
        return Bubble(said, tuple(attachments), to_customer=bool(known and known.contact != "none"))

    def _attachment(self, given: Mapping[str, Json]) -> Attachment:
        kind, chat = str(given.get("kind", "")), given.get("chat")
        title = given.get("title") or given.get("picture") or given.get("url") or ""
        if isinstance(chat, str):
            title = self._title("chat", chat)
        return Attachment(kind, str(title))

    def _coupon(self, params: Mapping[str, Json]) -> str | None:
        batch = params.get("batch")
        return self._title("batch", batch) if isinstance(batch, str) else None

    def _title(self, kind: str, key: str) -> str:
        return wording.title(self.words.titles.get((kind, key)), self.language, key)


def _shown(found: Simulation, walk: Walk) -> Iterator[Line]:
    """The lines of the stations that are shown."""
    left = walk.shown(found)
    for line in found.trace:
        if line.kind == "entered":
            if not left:
                return
            left -= 1
        yield line


def _day(at: datetime, plan: Plan) -> str:
    return at.astimezone(plan.zone).strftime("%Y-%m-%d")


def _port_of(plan: Plan, line: Line, reason: Reason) -> str | None:
    """The port of a branch's case."""
    step = plan.steps.get(line.node or "")
    place = reason.pointer.split("/")
    cases = getattr(step.work, "cases", ()) if step else ()
    if len(place) > 4 and place[3] == "cases" and int(place[4]) < len(cases):
        return str(cases[int(place[4])][1])
    return None
