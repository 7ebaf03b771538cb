"""Turns of the interpreter as lines that people read: each decision with its reasons, each effect, each deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from engine.journeys.plan import Plan
from engine.journeys.player import Turned
from engine.journeys.start import EntryMatch, is_too_old
from engine.journeys.state import Command, EventIn, Local, Log, LogKind, Remote, Stage, State, Uncalled
from engine.journeys.steps import Decide, Wait
from engine.journeys.trying.evaluations import Computed, Judged
from engine.journeys.trying.privacy import Privacy
from engine.journeys.walk import read_fields
from rules.errors import EvaluationError
from rules.tables.explain import explain
from rules.types import Json
from rules.unknown import Unknown

LineKind: TypeAlias = LogKind | Literal["entry", "refused", "unheard", "waiting", "stage"]
"""Those of a run's timeline; and `entry`, an event that starts the run; `refused`, one that does not; `unheard`, one
that nothing in the journey takes; `waiting`, where the run rests and until when; `stage`, a step of the funnel."""

MOST_EXPLAINED = 300
"""Of so many conditions each part is explained; of further ones only what they came to."""


@dataclass(frozen=True)
class Reason:
    """What a condition came to, and why. `value` is null where it is unknown or went wrong."""

    pointer: str
    value: Json
    missing: tuple[str, ...] = ()
    error: Mapping[str, str] | None = None
    explanation: Mapping[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """It as the API shows it."""
        return {
            "pointer": self.pointer,
            "value": self.value,
            "unknown": self.value is None and self.error is None,
            "missing": [*self.missing],
            "error": {**self.error} if self.error else None,
            "explanation": {**self.explanation} if self.explanation else None,
        }


def reason_of(judged: Judged, *, explained: bool = True) -> Reason:
    """What a condition that was evaluated came to, and why."""
    known = judged.error is None and not isinstance(judged.value, Unknown)
    value = bool(judged.value) if known and isinstance(judged.value, bool) else None
    explanation = judged.explained().to_json() if explained else None
    return Reason(judged.pointer, value, judged.missing, judged.error, explanation)


@dataclass(frozen=True)
class Line:
    """One line of a trace. `why` are the conditions that were asked, in order."""

    at: datetime
    kind: LineKind
    node: str | None = None
    port: str | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)
    reads: Mapping[str, Json] = field(default_factory=dict)
    why: tuple[Reason, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """It as the API shows it."""
        return {
            "at": self.at.isoformat(),
            "kind": self.kind,
            "node": self.node,
            "port": self.port,
            "detail": {**self.detail},
            "reads": {**self.reads},
            "why": [reason.to_json() for reason in self.why],
        }


@dataclass
class Tracer:
    """Hears of evaluations, entries and turns, and writes lines."""

    plan: Plan
    privacy: Privacy
    lines: list[Line] = field(default_factory=list)
    _judged: list[Judged] = field(default_factory=list)
    _params: dict[str, dict[str, Computed]] = field(default_factory=dict)
    _asked: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    _rests: tuple[object, ...] = ()
    _node: str | None = None
    _explained: int = 0

    def notice(self, found: Judged | Computed) -> None:
        """A condition or a param was evaluated."""
        if isinstance(found, Judged):
            self._judged.append(found)
        else:
            self._params.setdefault(found.node, {})[found.name] = found

    def heed_entry(self, event: EventIn, match: EntryMatch | None) -> None:
        """An event was looked at that might start the run."""
        asked = [entry for entry in self.plan.entries if entry.on == event.type]
        detail: dict[str, Json] = {"seq": event.seq, "type": event.type, "data": event.data}
        if match is None:
            detail["reason"] = "condition" if asked else "type"
        elif is_too_old(self.plan, event):
            detail["too_old"] = True
        why = self._reasons("/entry/")
        start = match.start if match else None
        self.lines.append(Line(event.accepted_at, "entry" if match else "refused", start, None, detail, why=why))

    def heed_happened(self, event: EventIn, changed: Mapping[str, Json], state: State | None) -> None:
        """An event was there to be taken. `changed` are those facts that the journey reads and that it made other."""
        told: dict[str, Json] = {"changed": self.privacy.reads(changed)} if changed else {}
        place = next((i for i, line in enumerate(self.lines) if line.detail.get("seq") == event.seq), None)
        if place is not None:
            line = self.lines[place]
            self.lines[place] = replace(line, detail={**line.detail, **told}) if line.kind != "entry" else line
            return
        node, ended = (state.node, state.ended) if state else (None, False)
        detail: dict[str, Json] = {"seq": event.seq, "type": event.type, "data": event.data, "ended": ended, **told}
        self.lines.append(Line(event.accepted_at, "unheard", node, detail=detail))

    def heed(self, turned: Turned) -> None:
        """A turn was taken."""
        for command in turned.commands:
            if line := self._line(command, turned):
                self.lines.append(line)
        self._tell_rest(turned)

    def shown_params(self, node: str, params: Mapping[str, Json]) -> dict[str, Json]:
        """The params of an effect, made anew with personal values masked."""
        made = self._params.get(node, {}) if self.privacy.personal else {}
        return {name: self._shown(made[name], value) if name in made else value for name, value in params.items()}

    def _missing(self, node: str) -> list[Json]:
        """The fields that its params and texts named and nobody knew."""
        made = self._params.get(node, {}).values()
        read = [read_fields(each.value.optional_fields, each.facts) for each in made]
        return [*sorted({path for values in read for path, value in values.items() if value is None})]

    def _line(self, command: Command, turned: Turned) -> Line | None:
        match command:
            case Local(key, name, params) | Remote(key, name, params):
                node = key.rpartition(":")[0]
                shown = self.shown_params(node, params)
                self._asked[key] = {"activity": name, "params": shown, "missing": self._missing(node)}
                return None
            case Uncalled(key, name):
                self._asked[key] = {"activity": name, "params": None, "missing": self._missing(key.rpartition(":")[0])}
                return None
            case Stage(name):
                return Line(turned.at, "stage", self._node, detail={"stage": name})
            case Log() as log:
                self._node = log.node
                return self._logged(log)
            case _:
                return None

    def _logged(self, log: Log) -> Line:
        line = Line(log.at, log.kind, log.node, log.port, log.detail, self.privacy.reads(log.reads))
        match log.kind:
            case "left":
                return replace(line, why=self._reasons(f"/nodes/{log.node}/"), detail=self._decided(log))
            case "event":
                places = ("/goal/", "/exits/", f"/nodes/{log.node}/")
                return replace(line, why=self._reasons(*places))
            case "effect" | "failed":
                return replace(line, detail={**log.detail, **self._pending(log)})
            case _:
                return line

    def _pending(self, log: Log) -> Mapping[str, Json]:
        """What was asked of the activity at the node that has now succeeded or failed."""
        keys = [key for key in self._asked if key.rpartition(":")[0] == log.node]
        return self._asked.pop(keys[-1]) if keys else {}

    def _decided(self, log: Log) -> Mapping[str, Json]:
        """What a ruleset said of each of its rows, with the decision."""
        step = self.plan.steps.get(log.node or "")
        if step is None or not isinstance(step.work, Decide) or "rows" not in log.detail:
            return log.detail
        table, rows = step.work.ruleset.table, log.detail["rows"]
        chosen = [str(row) for row in rows] if isinstance(rows, list) else []
        facts = nested(log.reads)
        return {**log.detail, "explanation": explain(table, facts, now=log.at, zone=self.plan.zone, rows=chosen)}

    def _tell_rest(self, turned: Turned) -> None:
        """A line where the run has come to rest anew."""
        state = turned.state
        rests = (state.phase, state.node, state.deadline, state.visits.get(state.node or ""))
        if state.ended or state.phase not in {"waiting", "stuck"} or rests == self._rests:
            return
        self._rests = rests
        why = self._reasons(f"/nodes/{state.node}/")
        self.lines.append(Line(turned.at, "waiting", state.node, None, resting(self.plan, state), why=why))

    def _reasons(self, *places: str) -> tuple[Reason, ...]:
        """The conditions at these places that were asked since; they are told once."""
        chosen = [each for each in self._judged if each.pointer.startswith(places)]
        self._judged = [each for each in self._judged if each not in chosen]
        return tuple(self._reason(each) for each in chosen)

    def _reason(self, judged: Judged) -> Reason:
        self._explained += 1
        return reason_of(judged, explained=self._explained <= MOST_EXPLAINED)

    def _shown(self, computed: Computed, value: Json) -> Json:
        if computed.value.fields.isdisjoint(self.privacy.personal):
            return value
        try:
            found = computed.of(self.privacy.facts(computed.facts))
        except EvaluationError:
            return None
        return None if isinstance(found, Unknown) else found


def resting(plan: Plan, state: State) -> dict[str, Json]:
    """Where and until when a run rests, and for which events it waits."""
    step = plan.steps.get(state.node or "")
    awaited = [item.on for item in step.work.awaited] if step and isinstance(step.work, Wait) else []
    until = state.deadline or state.expires
    return {
        "node": state.node,
        "deadline": until.isoformat() if until else None,
        "for": [*dict.fromkeys(awaited)],
        "stuck": {"reason": state.stuck.reason, "message": state.stuck.message} if state.stuck else None,
    }


def nested(values: Mapping[str, Json]) -> dict[str, Json]:
    """Values by path as nested facts; null is missing."""
    facts: dict[str, Json] = {}
    for path, value in values.items():
        if value is not None:
            _put(facts, path.split("."), value)
    return facts


def _put(facts: dict[str, Json], path: Iterable[str], value: Json) -> None:
    *scopes, name = path
    for scope in scopes:
        inner = facts.setdefault(scope, {})
        if not isinstance(inner, dict):
            return
        facts = inner
    facts[name] = value
