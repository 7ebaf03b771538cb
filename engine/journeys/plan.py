"""A published journey, compiled: what the interpreter, the router and the pages ask of it. Immutable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from engine.journeys.admission import admission_of
from engine.journeys.audience_entries import MATCHED, AudienceEntry
from engine.journeys.catalogue import Catalogue, EventTypes
from engine.journeys.compile_nodes import Compiler, clock_time
from engine.journeys.deadlines import QuietHours
from engine.journeys.document import Journey
from engine.journeys.fields import DocumentFields, event_fields
from engine.journeys.findings import Finding
from engine.journeys.graph import Edge, graph_of, stages_of
from engine.journeys.parse import parse
from engine.journeys.rulebook import NO_RULES, CalledJourney, Pinned, Rulebook, unpin
from engine.journeys.steps import Called, Decide, Entry, Exit, Goal, ReentryMode, Step, Titles, Wait
from rules.conditions import used
from rules.duration import Duration, parse_duration
from rules.errors import RuleError
from rules.reader import NO_CONDITIONS
from rules.types import Conditions, Declaration, Fields, Json

WithTitles: TypeAlias = Callable[[str, Declaration], Declaration]
"""A declaration with the titles of its values, by the path of its field."""


class PlanError(ValueError):
    """A document that cannot be compiled. Run `check` on it and mend what it finds."""


@dataclass(frozen=True)
class Plan:
    """All that a run needs of its journey.

    `event_types` are those that goal, exits or waits name: a run takes these and no others. `fields` are the paths
    that its expressions read. `stages` are in funnel order, `zone` is where its days begin. `document` is what it was
    compiled from.
    that its expressions read. `stages` are in funnel order, `zone` is where its days begin. `audiences` are the entries
    that choose members; what these read stands with them.
    """

    key: str
    title: Titles
    subject: str
    start: str
    steps: Mapping[str, Step]
    entries: tuple[Entry, ...]
    goal: Goal | None
    exits: tuple[Exit, ...]
    zone: ZoneInfo
    reentry: ReentryMode
    cooldown: Duration | None
    max_age: Duration | None
    entry_max_age: Duration
    quiet_hours: QuietHours | None
    holdout_share: int
    holdout_salt: str
    stages: tuple[str, ...]
    stage_titles: Mapping[str, Titles]
    edges: tuple[Edge, ...]
    fields: frozenset[str]
    document: Journey
    audiences: tuple[AudienceEntry, ...] = ()
    event_types: frozenset[str] = field(init=False)
    entry_event_types: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        waits = [step.work for step in self.steps.values() if isinstance(step.work, Wait)]
        triggers = [
            *self.exits,
            *(item for wait in waits for item in wait.awaited),
            *([self.goal] if self.goal else []),
        ]
        object.__setattr__(self, "event_types", frozenset(trigger.on for trigger in triggers))
        told = {MATCHED} if self.audiences else set[str]()
        object.__setattr__(self, "entry_event_types", frozenset({*told, *(entry.on for entry in self.entries)}))


def compile_plan(
    document: Json, catalogue: Catalogue, fields: Fields, events: EventTypes, rulebook: Rulebook = NO_RULES
) -> Plan:
    """The plan of a document that `check` finds free of errors.

    `fields` are `member.*`, `store.*`, `associate.*` and HQ's own; `events` the `event.*` of each event type,
    `rulebook` the published rulesets. Raises PlanError for a document that breaks its format or cannot be compiled.
    """
    journey, findings = parse(document)
    if journey is None or findings:
        raise PlanError(f"This document cannot run: {_first(findings)}")
    try:
        return compile_journey(journey, catalogue, fields, events, rulebook)
    except RuleError as error:
        raise PlanError(f"This document cannot run: {error}") from error
    except KeyError as error:
        raise PlanError(f"This document cannot run: {error} does not exist") from error


def compile_journey(
    journey: Journey, catalogue: Catalogue, fields: Fields, events: EventTypes, rulebook: Rulebook = NO_RULES
) -> Plan:
    """The plan of a journey without findings of its format. Raises RuleError, or KeyError for what does not exist."""
    compiler = Compiler(journey, catalogue, DocumentFields(journey, catalogue, fields, events, rulebook))
    policies, graph = journey.policies, graph_of(journey)
    stages = stages_of(journey, graph)
    steps = {node_id: compiler.step(node_id, node) for node_id, node in journey.nodes.items()}
    _ends_exist(journey, steps)
    admission, quiet = admission_of(journey), policies.quiet_hours
    return Plan(
        key=journey.key,
        title=journey.title.model_dump() if journey.title else {"zh": journey.key, "en": journey.key},
        subject=journey.subject,
        start=journey.start,
        steps=steps,
        entries=tuple(compiler.entries()),
        goal=compiler.goal(),
        exits=tuple(compiler.exits()),
        zone=admission.zone,
        reentry=admission.reentry,
        cooldown=admission.cooldown,
        max_age=_duration(policies.max_age),
        entry_max_age=parse_duration(policies.entry_max_age),
        quiet_hours=QuietHours(clock_time(quiet.start), clock_time(quiet.end)) if quiet else None,
        holdout_share=admission.holdout_share,
        holdout_salt=admission.holdout_salt,
        stages=tuple(stages),
        stage_titles=stages,
        edges=graph.edges,
        fields=frozenset(compiler.read),
        document=journey,
        audiences=tuple(compiler.audiences()),
    )


def bundle_of(
    document: Json, plan: Plan, fields: Fields, events: EventTypes, conditions: Conditions = NO_CONDITIONS
) -> Json:
    """All that a document resolves to, as JSON for `canonical.bundle_hash`: itself, the fields that it reads, the
    rulesets that it asks, the versions of journeys that it calls, and of `conditions` those that it names.

    `compile_bundle` makes the same plan of it, whatever is published later.
    """
    types = plan.event_types | plan.entry_event_types
    rulesets = {each.key: each.to_json() for each in _asked(plan)}
    journeys = {each.journey: each.pinned.to_json() for each in _called(plan) if each.pinned is not None}
    named = used(document, conditions)
    more: dict[str, Json] = {
        **({"rulesets": {**rulesets}} if rulesets else {}),
        **({"conditions": named} if named else {}),
        **({"journeys": {**journeys}} if journeys else {}),
    }
    return {
        **more,
        "document": document,
        "fields": _plain({path: each for path, each in fields.items() if path in _resolved(plan)}),
        "events": {name: _plain(event_fields(name, events)) for name in sorted(types)},
    }


def _resolved(plan: Plan) -> frozenset[str]:
    """The fields that a plan reads; what it reads of a saved event may be a field that HQ declares of events."""
    saved = (path.split(".", 2) for path in plan.fields if path.startswith("vars."))
    chosen_by = {path for entry in plan.audiences for path in entry.fields}
    return plan.fields | chosen_by | {f"event.{steps[2]}" for steps in saved if len(steps) > 2}


def named_event_types(bundle: Json) -> list[str]:
    """The event types that what `bundle_of` made takes, or begins with."""
    events = bundle.get("events") if isinstance(bundle, dict) else None
    return list(events) if isinstance(events, dict) else []


def compile_bundle(bundle: Json, catalogue: Catalogue, with_titles: WithTitles = lambda _, each: each) -> Plan:
    """The plan of what `bundle_of` made. `with_titles` puts titles to the values of a field: a bundle keeps none."""
    content = _Bundle.model_validate(bundle)
    fields = {path: with_titles(path, each) for path, each in content.fields.items()}
    events = {name: {path: with_titles(path, each) for path, each in of.items()} for name, of in content.events.items()}
    try:
        pinned = {key: unpin(key, plain) for key, plain in content.rulesets.items()}
    except RuleError as error:
        raise PlanError(f"This document cannot run: a ruleset of it cannot be compiled: {error}") from error
    rulebook = Rulebook(pinned.get, content.conditions, content.journeys.get)
    return compile_plan(content.document, catalogue, fields, events, rulebook)


def _asked(plan: Plan) -> Iterator[Pinned]:
    """The rulesets that the plan asks, by key."""
    found = {step.work.ruleset.key: step.work.ruleset for step in plan.steps.values() if isinstance(step.work, Decide)}
    yield from (found[key] for key in sorted(found))


def _called(plan: Plan) -> Iterator[Called]:
    """The journeys that the plan calls or starts."""
    yield from (step.work for _, step in sorted(plan.steps.items()) if isinstance(step.work, Called))


class _Bundle(BaseModel):
    document: Json
    fields: dict[str, Declaration]
    events: dict[str, dict[str, Declaration]]
    rulesets: dict[str, dict[str, Json]] = {}
    conditions: dict[str, Json] = {}
    journeys: dict[str, CalledJourney] = {}


def _plain(fields: Fields) -> Json:
    return {path: each.model_dump(mode="json", exclude_defaults=True) for path, each in fields.items()}


def _duration(text: str | None) -> Duration | None:
    return parse_duration(text) if text is not None else None


def _first(findings: Sequence[Finding]) -> str:
    return f"{findings[0].pointer}: {findings[0].message['en']}" if findings else "it is no object"


def _ends_exist(journey: Journey, steps: Mapping[str, Step]) -> None:
    """Raise KeyError when a start or a port leads to a node that there is not."""
    starts = [entry.start for entry in journey.entry if entry.start]
    for target in [journey.start, *starts, *(target for step in steps.values() for target in step.ports.values())]:
        steps[target]
