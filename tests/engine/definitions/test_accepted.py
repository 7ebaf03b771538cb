"""Accepted findings: pinned to their rows, back when these change, and never an error."""

from __future__ import annotations

from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.accepted import Accepting, Checked, accept, fingerprint, with_acceptances
from engine.definitions.errors import NotAcceptableError, UnknownFindingError
from engine.journeys.findings import Finding

ROWS = [{"id": "r1", "when": ["gold"], "then": {"zone": "A"}}, {"id": "r2", "when": [None], "then": {"zone": "B"}}]
HIDDEN = Finding("hidden-row", "warning", "/rows/1", {"zh": "永远轮不到", "en": "never reached"}, rows=("r2", "r1"))
OVERLAP = Finding("overlap", "error", "/rows/1", {"zh": "重叠", "en": "overlap"}, rows=("r1", "r2"))


def document(**changes: Any) -> dict[str, Any]:
    return {"key": "prices", "rows": ROWS, **changes}


@pytest.fixture
def accepting(database: Database, clock: FixedClock) -> Any:
    def accepting(code: str, *rows: str) -> None:
        with database.begin() as session:
            checked = Checked("ruleset", "prices", document(), [HIDDEN, OVERLAP])
            accept(session, checked, Accepting(code, rows, "on purpose"), by="lin", now=clock.now())

    return accepting


def shown(database: Database, given: dict[str, Any], finding: Finding = HIDDEN) -> str | None:
    with database.begin() as session:
        [found] = with_acceptances(session, Checked("ruleset", "prices", given, [finding]))
    return found.accepted.reason if found.accepted else None


def test_an_accepted_finding_says_who_accepted_it_and_why(database: Database, accepting: Any) -> None:
    accepting("hidden-row", "r1", "r2")
    with database.begin() as session:
        [found] = with_acceptances(session, Checked("ruleset", "prices", document(), [HIDDEN]))
    assert found.accepted is not None
    assert (found.accepted.by, found.accepted.reason) == ("lin", "on purpose")


CHANGES: list[tuple[dict[str, Any], str | None]] = [
    ({}, "on purpose"),
    ({"title": "Other"}, "on purpose"),
    ({"rows": [{**ROWS[0], "note": "why"}, ROWS[1]]}, "on purpose"),
    ({"rows": [*ROWS, {"id": "r3", "when": ["x"], "then": {"zone": "C"}}]}, "on purpose"),
    ({"rows": [{**ROWS[0], "then": {"zone": "C"}}, ROWS[1]]}, None),
    ({"rows": [ROWS[0], {**ROWS[1], "when": ["silver"]}]}, None),
    ({"rows": [ROWS[1], ROWS[0]]}, None),
]


@pytest.mark.parametrize(("changes", "reason"), CHANGES)
def test_it_comes_back_when_its_rows_or_their_order_change(
    database: Database, accepting: Any, changes: dict[str, Any], reason: str | None
) -> None:
    accepting("hidden-row", "r2", "r1")
    assert shown(database, document(**changes)) == reason


def test_errors_cannot_be_accepted(accepting: Any) -> None:
    with pytest.raises(NotAcceptableError):
        accepting("overlap", "r1", "r2")


@pytest.mark.parametrize(("code", "rows"), [("hidden-row", ("r1",)), ("gap", ())])
def test_what_is_not_found_cannot_be_accepted(accepting: Any, code: str, rows: tuple[str, ...]) -> None:
    with pytest.raises(UnknownFindingError, match="hidden-row"):
        accepting(code, *rows)


def test_an_error_is_never_shown_as_accepted(database: Database, accepting: Any) -> None:
    accepting("hidden-row", "r1", "r2")
    worse = Finding("hidden-row", "error", "/rows/1", HIDDEN.message, rows=HIDDEN.rows)
    assert shown(database, document(), worse) is None


def test_a_finding_without_rows_is_about_what_its_pointer_leads_to() -> None:
    found = Finding("unused-value", "warning", "/nodes/a/save", {"zh": "", "en": ""})
    one, other = {"nodes": {"a": {"save": "x"}}}, {"nodes": {"a": {"save": "y"}}}
    assert fingerprint(found, one) != fingerprint(found, other)
    assert fingerprint(found, one) == fingerprint(found, {**one, "title": "T"})


def test_that_another_journey_takes_the_same_people_is_accepted_of_that_one_alone() -> None:
    overlaps = [Finding("entry-overlap", "warning", "/entry/0", {}, example={"journey": key}) for key in ("a", "b")]
    document = {"entry": [{"on": "contact.added"}]}
    assert len({fingerprint(each, document) for each in overlaps}) == 2
    one, both = Accepting("entry-overlap", (), "", "/entry/0", "a"), Accepting("entry-overlap", (), "", "/entry/0")
    assert [one.means(each) for each in overlaps] == [True, False]
    assert [both.means(each) for each in overlaps] == [True, True]
