"""Checks of activity nodes: the type, its params, the subject, and quiet hours."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from engine.journeys import messages
from engine.journeys.catalogue import ActivityType
from engine.journeys.checks.named import computes
from engine.journeys.compile_nodes import clock_time
from engine.journeys.context import CheckContext
from engine.journeys.deadlines import QuietHours
from engine.journeys.document import ActivityNode, Journey
from engine.journeys.findings import Finding, finding
from engine.journeys.parse import Reading
from rules.documents import words
from rules.limits import escape
from rules.types import Json


def check(reading: Reading, journey: Journey, context: CheckContext) -> Iterator[Finding]:
    """The findings about activity nodes."""
    for node_id, node in journey.nodes.items():
        pointer = f"/nodes/{escape(node_id)}"
        if not isinstance(node, ActivityNode) or reading.is_mended(f"{pointer}/activity"):
            continue
        type_ = context.catalogue.get(node.activity)
        if type_ is None:
            words = messages.unknown_activity(node.activity, context.catalogue)
            yield finding("unknown-activity", f"{pointer}/activity", *words)
            continue
        if not reading.has_mended(f"{pointer}/params"):
            yield from _bad_params(node, type_, f"{pointer}/params", pointer)
        if journey.subject not in type_.subjects:
            yield finding("bad-subject", f"{pointer}/activity", *messages.bad_subject(type_.name, journey.subject))
        if _expires_in_quiet(journey, node, type_):
            yield finding("expires-in-quiet", pointer, *messages.EXPIRES_IN_QUIET)


def _bad_params(node: ActivityNode, type_: ActivityType, pointer: str, holder: str) -> Iterator[Finding]:
    """What the type's model refuses, as far as it can be known before anything is computed."""
    try:
        type_.params.model_validate(node.params)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            if not _is_computed(node.params, problem["loc"]):
                steps = problem["loc"][:-1] if problem["type"] == "missing" else problem["loc"]
                place = f"{pointer}{_pointer(node.params, steps)}"
                shown = place if "params" in node.model_fields_set else holder
                yield finding("bad-params", shown, *words.of(problem, type_.params))


def _pointer(params: Json, steps: tuple[int | str, ...]) -> str:
    """The steps as a pointer, without the names that pydantic gives to the forms of a union."""
    here, pointer = params, ""
    for step in steps:
        if isinstance(here, dict) and step in here:
            here = here[str(step)]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif here is not params:
            continue
        pointer += f"/{escape(str(step))}"
    return pointer


def _is_computed(params: Json, steps: tuple[int | str, ...]) -> bool:
    """Whether a problem lies in a part that is computed, or may stem from one."""
    here = params
    for step in steps:
        if isinstance(here, dict) and step in here:
            here = here[str(step)]
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        if computes(here):
            return True
    return not steps and _holds_computed(params)


def _holds_computed(value: Json) -> bool:
    if computes(value):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_holds_computed(item) for item in items)


def _expires_in_quiet(journey: Journey, node: ActivityNode, type_: ActivityType) -> bool:
    quiet = journey.policies.quiet_hours
    if quiet is None or type_.contact != "push" or type_.expires_within is None or "quiet" in node.ports:
        return False
    return type_.expires_within < QuietHours(clock_time(quiet.start), clock_time(quiet.end)).length
