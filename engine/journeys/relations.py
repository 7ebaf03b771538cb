"""Breaches of the format that lie between values: of a delay's two forms, of a test's happenings, of sizes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from engine.journeys import messages
from engine.journeys.document import MAX_NODES, DelayNode, Journey, UntilTime
from engine.journeys.document_tests import Happening, Test
from engine.journeys.findings import Finding, finding
from rules.documents import words
from rules.duration import DurationError, parse_duration
from rules.limits import escape


def check_relations(journey: Journey) -> Iterator[Finding]:
    """The `schema` findings that no single value shows."""
    if len(journey.nodes) > MAX_NODES:
        yield finding("schema", "/nodes", *messages.too_many_nodes(len(journey.nodes), MAX_NODES))
    for node_id, node in journey.nodes.items():
        if isinstance(node, DelayNode):
            yield from _check_delay(node, f"/nodes/{escape(node_id)}")
    for i, test in enumerate(journey.tests):
        yield from _check_test(test, f"/tests/{i}")


def _check_delay(node: DelayNode, pointer: str) -> Iterator[Finding]:
    if (node.length is None) == (node.until is None):
        yield finding("schema", pointer, *messages.DELAY_FORM)
    elif node.until is not None and "time" in node.until:
        try:
            UntilTime.model_validate(node.until)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                place = "".join(f"/{escape(str(step))}" for step in problem["loc"])
                yield finding("schema", f"{pointer}/until{place}", *words.of(problem, UntilTime))


def _check_test(test: Test, pointer: str) -> Iterator[Finding]:
    if test.given.now is not None and not _is_instant(test.given.now):
        yield finding("schema", f"{pointer}/given/now", *messages.BAD_INSTANT)
    for i, happening in enumerate(test.when):
        if not _is_one_thing(happening):
            yield finding("schema", f"{pointer}/when/{i}", *messages.HAPPENING_FORM)
    for place, deadline in (
        ("deadline", test.then.deadline),
        ("waiting_at/deadline", test.then.waiting_at.deadline if test.then.waiting_at else None),
    ):
        if deadline is not None and not _is_instant(deadline) and not _is_duration(deadline):
            yield finding("schema", f"{pointer}/then/{place}", *messages.BAD_INSTANT)


def _is_one_thing(happening: Happening) -> bool:
    """An event, the result of an activity, or time that passes."""
    given = happening.model_fields_set
    if "activity" in given:
        return len(given & {"returns", "fails"}) == 1 and not given & {"on", "data", "time"}
    return "at" in given and not given & {"returns", "fails"} and ("on" in given or not given & {"data", "time"})


def _is_instant(text: str) -> bool:
    """Whether the text is an instant with an offset, in centuries in which calendars can be trusted."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return False
    return instant.tzinfo is not None and 1900 <= instant.year < 3000


def _is_duration(text: str) -> bool:
    try:
        parse_duration(text)
    except DurationError:
        return False
    return True
