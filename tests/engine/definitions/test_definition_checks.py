"""Checks with a service around them, and without."""

from __future__ import annotations

from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions import checks
from engine.definitions.context import context_of, context_without_service
from engine.definitions.errors import NotPublishableError
from engine.definitions.publish import publish
from engine.edits.store import put_draft
from tests.engine.definitions.samples import CATALOGUE, journey, text_of


def test_the_sample_has_no_findings() -> None:
    assert checks.find_without_service("journey", journey(), CATALOGUE) == []


def test_entries_that_overlap_with_a_live_journey_are_told(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "small", text_of(), by="user:a", now=clock.now())
        publish(session, "journey", "small", catalogue=CATALOGUE, by="user:a", now=clock.now())
        context = context_of(session, CATALOGUE, now=clock.now())
        same, other = (checks.find("journey", key, journey(key=key), context) for key in ("small", "other"))
    assert same == []
    assert [(finding.code, finding.severity, finding.pointer) for finding in other] == [
        ("entry-overlap", "warning", "/entry/0")
    ]


def test_a_members_field_that_is_unknown_may_be_headquarters_own() -> None:
    document = journey(entry=[{"on": "contact.scanned", "when": {"==": [{"var": "member.favourite"}, "figs"]}}])
    [found] = checks.find_without_service("journey", document, CATALOGUE)
    assert (found.code, found.severity) == ("unknown-field", "warning")
    [found] = checks.find("journey", None, document, context_without_service(CATALOGUE))
    assert (found.code, found.severity) == ("unknown-field", "error")


def test_other_unknown_fields_are_errors_with_or_without_a_service() -> None:
    document = journey(entry=[{"on": "contact.scanned", "when": {"==": [{"var": "store.favourite"}, "figs"]}}])
    [found] = checks.find_without_service("journey", document, CATALOGUE)
    assert (found.code, found.severity) == ("unknown-field", "error")


def test_tests_run_and_say_what_they_leave_out() -> None:
    report = checks.run("journey", "small", journey(), context_without_service(CATALOGUE))
    assert [(test.name, test.ok) for test in report.tests] == [("who adds is done", True)]
    assert ("wait", "timeout", False) in report.coverage
    assert ("wait", "added", True) in report.coverage


@pytest.mark.parametrize("document", [{}, journey(start="nowhere"), {"nodes": [1e400, "\0", "\ud800"]}])
def test_what_cannot_run_is_told_by_its_findings(document: dict[str, Any]) -> None:
    with pytest.raises(NotPublishableError) as refused:
        checks.run("journey", "small", document, context_without_service(CATALOGUE))
    assert refused.value.findings
