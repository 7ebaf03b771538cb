"""Drafts keep any JSON object as it was sent, and nobody overwrites what they have not seen, if they say so."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from engine.access.models import AuditEntry
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import find_draft, read_draft
from engine.definitions.errors import NotReadableError, StaleRevisionError, UnknownDefinitionError
from engine.edits.store import delete_draft, put_draft

ODD = '{ "b": 1,\n  "a": [1e400, "\\u0000", "\\ud800"] }'


def test_a_draft_is_kept_to_the_letter_with_a_revision_that_counts(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        assert put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now()).revision == 1
    with database.begin() as session:
        assert put_draft(session, "journey", "j", ODD, by="user:b", now=clock.now()).revision == 2
    with database.begin() as session:
        draft = read_draft(session, "journey", "j")
        assert (draft.document, draft.revision, draft.updated_by) == (ODD, 2, "user:b")
        actions = session.execute(select(col(AuditEntry.action), col(AuditEntry.actor)).order_by(col(AuditEntry.id)))
        assert [tuple(row) for row in actions] == [("draft.saved", "user:a"), ("draft.saved", "user:b")]


def test_what_is_no_json_object_changes_nothing(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "j", '{"a": 1}', by="user:a", now=clock.now())
    with database.begin() as session, pytest.raises(NotReadableError, match="line 1, column 10"):
        put_draft(session, "journey", "j", '{"a": 1, }', by="user:a", now=clock.now())
    with database.begin() as session:
        assert read_draft(session, "journey", "j").revision == 1


@pytest.mark.parametrize("named", ["1", "3", "", "x"])
def test_a_stale_revision_is_refused(database: Database, clock: FixedClock, named: str) -> None:
    with database.begin() as session:
        for _ in range(2):
            put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now())
        with pytest.raises(StaleRevisionError, match="revision 2"):
            put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now(), if_match={named})
        with pytest.raises(StaleRevisionError, match="revision 2"):
            delete_draft(session, "journey", "j", by="user:a", now=clock.now(), if_match={named})
        with pytest.raises(StaleRevisionError, match="does not exist"):
            put_draft(session, "journey", "other", "{}", by="user:a", now=clock.now(), if_match={named})


def test_the_current_revision_and_a_star_are_accepted(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now())
        put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now(), if_match={"1"})
        put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now(), if_match={"*"})
        delete_draft(session, "journey", "j", by="user:a", now=clock.now(), if_match={"2", "3"})
        assert find_draft(session, "journey", "j") is None


def test_a_draft_that_is_not_there_cannot_be_read_or_deleted(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        with pytest.raises(UnknownDefinitionError):
            read_draft(session, "journey", "j")
        with pytest.raises(UnknownDefinitionError):
            delete_draft(session, "journey", "j", by="user:a", now=clock.now())


def test_kinds_do_not_meet(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        put_draft(session, "journey", "j", "{}", by="user:a", now=clock.now())
        assert put_draft(session, "ruleset", "j", "{}", by="user:a", now=clock.now()).revision == 1
