"""Edits of drafts in the database: kept with their way back, taken back and done again, attributed."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.access import audit
from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import find_draft, read_draft
from engine.definitions.errors import StaleRevisionError, UnknownDefinitionError
from engine.definitions.kinds import Kind
from engine.definitions.source import read_source
from engine.edits.commands import Command, parse
from engine.edits.deeds import deed_of
from engine.edits.errors import ClashError, KeyTakenError, NothingToRedoError, NothingToUndoError
from engine.edits.store import Edited, delete_draft, edit, editable, history, put_draft, redo, undo
from engine.journeys.canonical import content_hash
from engine.library.shelf import templates
from rules.documents.commands import CommandError
from rules.types import Json
from tests.engine.edits.commanding import generic, of_journey, of_ruleset
from tests.law import TIMES

FIRST: dict[str, Any] = {"title": "T", "nodes": {"a": {"type": "end"}, "b": {"type": "end"}}, "rows": [{"id": "r1"}]}
KIND = "journey"


class Desk:
    """One draft on a database, and the authors around it."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        with database.begin() as session:
            put_draft(session, KIND, "j", json.dumps(FIRST), by="user:ann", now=clock.now())

    def edit(self, by: str, base: int | None = None, **command: Any) -> Edited:
        self.clock.advance(timedelta(seconds=5))
        return self.done(
            lambda session: edit(
                session, KIND, "j", parse(command), by=by, now=self.clock.now(), base=base, seat=f"{by}'s"
            )
        )

    def set(self, by: str, pointer: str, value: Json, base: int | None = None) -> Edited:
        return self.edit(by, base, command="set", pointer=pointer, value=value)

    def undo(self, by: str = "user:ann", n: int | None = None) -> Edited:
        return self.done(lambda session: undo(session, KIND, "j", by=by, now=self.clock.now(), n=n))

    def redo(self, by: str = "user:ann", n: int | None = None) -> Edited:
        return self.done(lambda session: redo(session, KIND, "j", by=by, now=self.clock.now(), n=n))

    def done(self, act: Callable[[Session], Edited]) -> Edited:
        with self.database.begin() as session:
            return act(session)

    @property
    def document(self) -> dict[str, Any]:
        with self.database.begin() as session:
            return read_source(read_draft(session, KIND, "j").document).document

    def deeds(self) -> list[tuple[int, str, str, bool]]:
        with self.database.begin() as session:
            found = history(session, KIND, "j", limit=50)
        return [(each.n, each.by, deed_of(each.command)["en"], each.undone_at is not None) for each in found]


@pytest.fixture
def desk(database: Database, clock: FixedClock) -> Desk:
    return Desk(database, clock)


def test_edits_are_undone_and_done_again_in_one_line_whoever_made_them(desk: Desk) -> None:
    assert desk.set("user:ann", "/title", "U") == Edited(2, 1)
    assert desk.set("user:bob", "/title", "V") == Edited(3, 2)
    assert desk.undo("user:ann") == Edited(4, 2)
    assert desk.document["title"] == "U"
    assert desk.deeds() == [(2, "user:bob", "changed title", True), (1, "user:ann", "changed title", False)]
    assert desk.undo() == Edited(5, 1)
    assert desk.document == FIRST
    with pytest.raises(NothingToUndoError):
        desk.undo()
    assert (desk.redo(), desk.redo()) == (Edited(6, 1), Edited(7, 2))
    assert desk.document["title"] == "V"
    with pytest.raises(NothingToRedoError):
        desk.redo()


def test_a_new_edit_leaves_behind_what_was_taken_back(desk: Desk) -> None:
    desk.set("user:ann", "/title", "U")
    desk.undo()
    desk.set("user:ann", "/title", "W")
    with pytest.raises(NothingToRedoError):
        desk.redo()
    assert desk.deeds() == [(2, "user:ann", "changed title", False)]
    desk.undo()
    assert desk.document == FIRST


def test_undo_names_the_edit_that_it_means(desk: Desk) -> None:
    desk.set("user:ann", "/title", "U")
    desk.set("user:bob", "/title", "V")
    with pytest.raises(StaleRevisionError) as refused:
        desk.undo("user:ann", n=1)
    assert refused.value.by == "user:bob"
    assert desk.undo("user:ann", n=2) == Edited(4, 2)


def test_a_command_that_changes_nothing_leaves_no_edit(desk: Desk) -> None:
    assert desk.set("user:ann", "/title", "T") == Edited(1, 0)
    assert desk.deeds() == []


def test_what_is_put_as_a_whole_is_one_edit_and_kept_to_the_letter(desk: Desk, clock: FixedClock) -> None:
    for put in ('{"b": 1.0,  "a": "\\u0000\\ud800"}', '{"big": 1e999, "deep": [[[]]]}'):
        with desk.database.begin() as session:
            assert put_draft(session, KIND, "j", put, by="user:bob", now=clock.now()).document == put
    desk.undo()
    assert desk.document == {"b": 1.0, "a": "\0\ud800"}
    desk.undo()
    assert desk.document == FIRST
    assert desk.redo() == Edited(6, 1)


def test_typing_is_one_edit_until_it_rests(desk: Desk, clock: FixedClock) -> None:
    def typed(value: str, after: float, by: str = "user:ann") -> Edited:
        clock.advance(timedelta(seconds=after))
        command = parse({"command": "set", "pointer": "/title", "value": value})
        return desk.done(lambda session: edit(session, KIND, "j", command, by=by, now=clock.now(), seat=by))

    for i, letters in enumerate(("H", "He", "Hel")):
        assert typed(letters, 1) == Edited(2 + i, 1)
    assert typed("Help", 3) == Edited(5, 2)
    assert typed("Helps", 1, by="user:bob") == Edited(6, 3)
    assert desk.undo() == Edited(7, 3)
    assert (desk.undo(), desk.document["title"]) == (Edited(8, 2), "Hel")
    assert (desk.undo(), desk.document["title"]) == (Edited(9, 1), "T")
    assert (desk.redo(), desk.document["title"]) == (Edited(10, 1), "Hel")


def test_a_draft_begins_as_the_live_version_when_the_first_command_comes(database: Database, clock: FixedClock) -> None:
    command = parse({"command": "set", "pointer": "/title", "value": "U"})
    with database.begin() as session:
        with pytest.raises(UnknownDefinitionError):
            edit(session, KIND, "j", command, by="user:ann", now=clock.now())
        with pytest.raises(UnknownDefinitionError):
            editable(session, KIND, "j")
        publish_text(session, clock, '{"title": "T"}')
        assert editable(session, KIND, "j").revision == 0
        assert edit(session, KIND, "j", command, by="user:ann", now=clock.now(), base=0) == Edited(2, 1)
        assert editable(session, KIND, "j").document == {"title": "U"}
        undo(session, KIND, "j", by="user:ann", now=clock.now())
        assert read_source(read_draft(session, KIND, "j").document).document == {"title": "T"}


def publish_text(session: Session, clock: FixedClock, document: str) -> None:
    execute = session.connection().execute
    given = {"document": document, "now": clock.now()}
    execute(
        text(
            "INSERT INTO versions (kind, key, n, hash, bundle_hash, document, published_at, published_by)"
            " VALUES ('journey', 'j', 1, 'h', 'h', :document, :now, 'user:x')"
        ),
        given,
    )
    execute(
        text(
            "INSERT INTO live (kind, key, version, first_published_at, state) VALUES ('journey', 'j', 1, :now, 'live')"
        ),
        given,
    )


def test_a_deleted_draft_takes_its_edits_with_it(desk: Desk, clock: FixedClock) -> None:
    desk.set("user:ann", "/title", "U")
    with desk.database.begin() as session:
        delete_draft(session, KIND, "j", by="user:ann", now=clock.now())
        assert find_draft(session, KIND, "j") is None
        assert history(session, KIND, "j", limit=9) == []
        put_draft(session, KIND, "j", "{}", by="user:ann", now=clock.now())
        with pytest.raises(NothingToUndoError):
            undo(session, KIND, "j", by="user:ann", now=clock.now())


def test_a_revision_never_names_another_document_after_the_draft_was_deleted(desk: Desk, clock: FixedClock) -> None:
    desk.set("user:ann", "/title", "U")
    for begun_at in (3, 4):
        with desk.database.begin() as session:
            delete_draft(session, KIND, "j", by="user:bob", now=clock.now())
            assert put_draft(session, KIND, "j", '{"title": "V"}', by="user:bob", now=clock.now()).revision == begun_at
        for base in (1, 2):
            with pytest.raises(StaleRevisionError):
                desk.set("user:ann", "/title", "W", base=base)
    assert desk.set("user:ann", "/title", "W", base=4) == Edited(5, 1)
    assert desk.set("user:bob", "/note", "n", base=4) == Edited(6, 2)


def test_a_draft_is_deleted_by_whoever_saw_what_others_made_of_it(desk: Desk, clock: FixedClock) -> None:
    def deleted(base: int) -> None:
        with desk.database.begin() as session:
            delete_draft(session, KIND, "j", by="user:ann", now=clock.now(), base=base, seat="user:ann's")

    desk.set("user:bob", "/title", "B")
    with pytest.raises(StaleRevisionError) as refused:
        deleted(1)
    assert (refused.value.by, desk.document["title"]) == ("user:bob", "B")
    desk.set("user:ann", "/title", "A")
    deleted(2)
    with pytest.raises(UnknownDefinitionError):
        deleted(3)


def test_a_first_draft_takes_no_key_that_is_taken(desk: Desk, clock: FixedClock) -> None:
    with desk.database.begin() as session:
        with pytest.raises(KeyTakenError):
            put_draft(session, KIND, "j", "{}", by="user:bob", now=clock.now(), is_first=True)
        delete_draft(session, KIND, "j", by="user:ann", now=clock.now())
        publish_text(session, clock, '{"title": "T"}')
        with pytest.raises(KeyTakenError):
            put_draft(session, KIND, "j", "{}", by="user:bob", now=clock.now(), is_first=True)
        put_draft(session, KIND, "other", "{}", by="user:bob", now=clock.now(), is_first=True)


def test_a_draft_that_is_too_long_with_spaces_is_kept_without_them(desk: Desk, clock: FixedClock) -> None:
    long = {"rows": [[] for _ in range(700_000)]}
    with desk.database.begin() as session:
        put_draft(session, KIND, "j", json.dumps(long), by="user:bob", now=clock.now())
    desk.set("user:ann", "/title", "U")
    assert desk.document == {**long, "title": "U"}
    desk.undo()
    assert desk.document == long


def test_every_change_is_in_the_audit_without_its_values(desk: Desk) -> None:
    desk.set("user:bob", "/title", "13800138000")
    desk.undo("user:ann")
    with desk.database.begin() as session:
        lines = [(each.actor, each.action, each.after) for each in audit.page(session, target="journey/j")]
    assert lines == [
        ("user:ann", "draft.undo", {"revision": 3, "edit": 1}),
        ("user:bob", "draft.saved", {"revision": 2, "edit": 1, "command": "set"}),
        ("user:ann", "draft.saved", {"revision": 1}),
    ]


def test_a_draft_cannot_grow_beyond_what_can_be_read(desk: Desk) -> None:
    deep: Json = 1
    for _ in range(220):
        deep = [deep]
    for value, words in ((deep, "200 levels"), ("x" * 5_000_000, "4 MiB")):
        with pytest.raises(CommandError, match=words):
            desk.set("user:ann", "/title", value)
    assert desk.document == FIRST


TITLE, NODE = ({"command": "set", "pointer": pointer, "value": 1} for pointer in ("/title", "/nodes/a/x"))
REMOVED, ROW = {"command": "remove", "pointer": "/nodes/a"}, {"command": "set", "pointer": "/rows/0/x", "value": 1}
LAST = {"command": "insert", "pointer": "/rows", "value": {"id": "r2"}}
MEANWHILE: list[tuple[dict[str, Any], dict[str, Any], str | None]] = [
    (TITLE, {**TITLE, "value": 2}, "/title"),
    (TITLE, {**TITLE, "value": True}, "/title"),
    (TITLE, TITLE, None),
    (TITLE, {**TITLE, "pointer": "/note"}, None),
    (TITLE, {"command": "replace", "document": {**FIRST, "note": 1}}, None),
    (TITLE, {"command": "replace", "document": {**FIRST, "title": 2}}, "/title"),
    (REMOVED, NODE, "/nodes/a/x"),
    (NODE, REMOVED, "/nodes/a"),
    ({**REMOVED, "pointer": "/nodes/b"}, NODE, None),
    ({"command": "rename", "pointer": "/nodes/a", "to": "z"}, NODE, "/nodes/a/x"),
    ({**LAST, "index": 0}, ROW, "/rows/1/x"),
    (LAST, ROW, None),
    (LAST, {**LAST, "value": {"id": "r3"}}, None),
]


@pytest.mark.parametrize(("theirs", "mine", "place"), MEANWHILE)
def test_a_command_stands_in_the_way_of_another_only_where_both_change_the_same(
    desk: Desk, theirs: dict[str, Any], mine: dict[str, Any], place: str | None
) -> None:
    desk.edit("user:bob", **theirs)
    between = desk.document
    if place is None:
        desk.edit("user:ann", base=1, **mine)
        return
    with pytest.raises(ClashError) as refused:
        desk.edit("user:ann", base=1, **mine)
    clash = refused.value.clash
    assert (clash.by, clash.revision, clash.pointer) == ("user:bob", 2, place)
    assert desk.document == between


def test_both_edits_stand_where_two_authors_change_different_places(desk: Desk) -> None:
    desk.set("user:bob", "/nodes/a/note", "bob's")
    desk.set("user:ann", "/nodes/b/note", "ann's", base=1)
    desk.edit("user:cat", base=1, command="replace", document={**FIRST, "title": "cat's"})
    whole = {**FIRST["nodes"], "c": {"type": "end"}}
    desk.edit("user:dan", base=1, command="set", pointer="/nodes", value=whole)
    nodes = {"a": {"type": "end", "note": "bob's"}, "b": {"type": "end", "note": "ann's"}, "c": {"type": "end"}}
    assert desk.document == {
        "title": "cat's",
        "nodes": nodes,
        "rows": [{"id": "r1"}],
    }


def test_own_edits_never_stand_in_ones_own_way(desk: Desk) -> None:
    for value in ("1", "2", "3"):
        desk.set("user:ann", "/title", value, base=1)
    assert desk.document["title"] == "3"


def test_what_was_undone_meanwhile_is_no_conflict(desk: Desk) -> None:
    desk.set("user:bob", "/title", "B")
    desk.undo("user:bob")
    desk.set("user:ann", "/title", "A", base=1)
    assert desk.document["title"] == "A"


@pytest.mark.parametrize("base", [9, -1])
def test_a_revision_that_never_was_is_stale(desk: Desk, base: int) -> None:
    with pytest.raises(StaleRevisionError):
        desk.set("user:ann", "/title", "A", base=base)


@pytest.mark.parametrize(("kind", "making"), [("journey", of_journey), ("ruleset", of_ruleset)])
@settings(max_examples=TIMES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=True))
def test_two_hundred_edits_and_two_hundred_undos_give_the_first_hash(
    database: Database, clock: FixedClock, kind: Kind, making: Callable[[Random, Json], Command], random: Random
) -> None:
    key, first = f"k{next(_KEYS)}", templates(kind)[0].document
    by, now = "user:ann", clock.now()

    def document(session: Session) -> dict[str, Json]:
        return read_source(read_draft(session, kind, key).document).document

    with database.begin() as session:
        put_draft(session, kind, key, json.dumps(first), by=by, now=now)
        made = 0
        while made < 200:
            make = making if random.random() < 0.8 else generic
            with suppress(CommandError):
                made += edit(session, kind, key, make(random, document(session)), by=by, now=now).n > 0
        last = content_hash(document(session))
        for _ in range(200):
            undo(session, kind, key, by=by, now=now)
        assert content_hash(document(session)) == content_hash(first)
        with pytest.raises(NothingToUndoError):
            undo(session, kind, key, by=by, now=now)
        for _ in range(200):
            redo(session, kind, key, by=by, now=now)
        assert content_hash(document(session)) == last


_KEYS = count()
