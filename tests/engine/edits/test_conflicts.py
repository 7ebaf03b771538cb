"""Two authors of one document, without a database: what either changed stands after both, or the second is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.edits.commands import Command, apply, parse
from engine.edits.conflicts import Clash, Meanwhile, settled
from engine.edits.places import alike
from rules.documents.commands import CommandError
from rules.documents.pointers import ABSENT, Absent
from rules.pointers import pointer_of
from rules.types import Json
from tests.engine.edits.commanding import generic, places
from tests.law import law

Document = dict[str, Any]
AT = datetime(2026, 1, 1, tzinfo=UTC)
SEEN: Document = {
    "otherwise": {"x": 1, "y": 1},
    "rows": [{"id": "r1", "when": [1]}, {"id": "r2", "when": [2]}],
    "tests": [{"name": "a"}, {"name": "b"}],
}


def met(seen: Document, theirs: Document, command: Command) -> Document | Clash:
    """What comes of a command whose author saw one document while another author made a second of it."""
    return settled(seen, theirs, lambda current: apply(current, command), [Meanwhile(2, "b", AT, None, seen, theirs)])


def put(pointer: str, value: Json) -> Document:
    return {"command": "set", "pointer": pointer, "value": value}


R1, R2 = SEEN["rows"]
MINE = [R1, {**R2, "when": [3]}]
OURS = {**SEEN, "otherwise": {"x": 2, "y": 2}}
WHOLE: list[tuple[Document, Document, Document | str]] = [
    ({"otherwise": {"x": 2, "y": 1}}, put("/otherwise", {"x": 1, "y": 2}), OURS),
    ({"otherwise": {"x": 2, "y": 1}}, {"command": "set_term", "term": "otherwise", "value": {"x": 1, "y": 2}}, OURS),
    ({"otherwise": {"x": 2, "y": 1}}, put("/otherwise/x", 1), {**SEEN, "otherwise": {"x": 2, "y": 1}}),
    ({"otherwise": {"x": 2, "y": 1}}, put("/otherwise", {"x": 3, "y": 1}), "/otherwise/x"),
    ({"rows": [{**R1, "note": "n"}, R2]}, {"command": "set_rows", "rows": MINE},
     {**SEEN, "rows": [{**R1, "note": "n"}, MINE[1]]}),
    ({"rows": [R1, R2, {"id": "r3"}]}, {"command": "set_rows", "rows": MINE}, {**SEEN, "rows": [*MINE, {"id": "r3"}]}),
    ({"tests": [{"name": "a", "given": 1}, {"name": "b"}]}, put("/tests/0", {"name": "c"}),
     {**SEEN, "tests": [{"name": "c", "given": 1}, {"name": "b"}]}),
    ({"tests": [*SEEN["tests"], {"name": "z"}]}, put("/tests", [{"name": "c"}, {"name": "b"}]),
     {**SEEN, "tests": [{"name": "c"}, {"name": "b"}, {"name": "z"}]}),
    ({"tests": [*SEEN["tests"], {"name": "z"}]}, put("/tests", [{"name": "b"}]), "/tests"),
    ({"tests": [*SEEN["tests"], {"name": "z"}]}, put("/tests/2", {"name": "c"}), "/tests/2"),
    ({"rows": [R1, R2, {"id": "r3", "when": [4]}]}, {"command": "remove_input", "input": 0}, "/rows/2"),
]  # fmt: skip


@pytest.mark.parametrize(("theirs", "mine", "after"), WHOLE)
def test_a_command_that_writes_a_whole_object_or_list_reverts_nothing_in_it(
    theirs: Document, mine: Document, after: Document | str
) -> None:
    seen = {**SEEN, "inputs": [{"field": "member.tier"}]} if mine["command"] == "remove_input" else SEEN
    found = met(seen, {**seen, **theirs}, parse(mine))
    assert (found.pointer if isinstance(found, Clash) else found) == after


LEAVES = st.integers(0, 2)
SMALL: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.lists(inner, max_size=3)
        | st.lists(st.sampled_from("rst"), unique=True).flatmap(
            lambda ids: st.tuples(*(st.fixed_dictionaries({"id": st.just(name), "v": inner}) for name in ids)).map(list)
        )
    ),
    max_leaves=8,
)
SMALLS = st.dictionaries(st.sampled_from("abc"), SMALL, min_size=1, max_size=3)


def changed(random: Random, document: Document) -> Document:
    """The document after one to three commands of anybody."""
    for _ in range(random.randint(1, 3)):
        try:
            document = apply(document, inside(random, document))
        except CommandError:
            continue
    return document


def inside(random: Random, document: Document) -> Command:
    """Any small command, most often one that sets a value at a place that is there."""
    if random.random() < 0.3:
        return generic(random, document)
    steps, _ = random.choice([*places(document)][1:] or [(("a",), 0)])
    return parse(put(pointer_of(steps), random.choice([0, 1, 2, {"a": 1}, []])))


def whole(random: Random, document: Document) -> Command:
    """A command that sets an object or list as it is but for one change in it; or any other."""
    holders = [(steps, value) for steps, value in places(document) if steps and isinstance(value, dict | list)]
    if not holders or random.random() < 0.2:
        return inside(random, document)
    steps, value = random.choice(holders)
    try:
        edited = apply({"it": value}, inside(random, {"it": value})).get("it", {})
    except CommandError:
        edited = {}
    return parse(put(pointer_of(steps), edited))


@law(300)
@given(SMALLS, st.randoms(use_true_random=False))
def test_what_either_of_two_authors_changed_alone_stands_after_both_or_the_second_is_refused(
    seen: Document, random: Random
) -> None:
    theirs, mine = changed(random, seen), whole(random, seen)
    try:
        meant = apply(seen, mine)
        after = met(seen, theirs, mine)
    except CommandError:
        return
    if not isinstance(after, Clash):
        assert list(lost(seen, meant, theirs, after)) == [], "what they changed and the author did not"
        assert list(lost(seen, theirs, meant, after)) == [], "what the author changed and they did not"


def lost(
    seen: Json | Absent, one: Json | Absent, other: Json | Absent, after: Json | Absent, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """The places that `one` left as they were seen, and that are not as `other` left them."""
    if alike(one, seen):
        if not alike(after, other):
            yield at
        return
    four = [members(each) for each in (seen, one, other, after)]
    named = all(isinstance(each, list) for each in (seen, one, other, after))
    if named and not all(ids(each) for each in (seen, one, other, after)):
        return  # what stood where is anybody's guess once items without ids have moved
    if None not in four:
        for step in dict.fromkeys(step for each in four for step in each or ()):
            yield from lost(*((each or {}).get(step, ABSENT) for each in four), (*at, step))


def ids(value: Json | Absent) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in value)


def members(value: Json | Absent) -> dict[str | int, Json] | None:
    """What an object or a list of items with ids holds, by name."""
    if isinstance(value, list) and ids(value) and len({each["id"] for each in value}) == len(value):
        return {each["id"]: each for each in value}
    return {**value} if isinstance(value, dict) else None
