"""A diff names what was added, removed and changed; applied, it turns one document into the other."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.diff import Change, diff
from rules.types import Json

SCALARS: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b/c", "~"])
KEYS = st.sampled_from(["a", "b/c", "~", "d"])
DOCUMENTS = st.dictionaries(
    KEYS, st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner))
)


def test_a_diff_reads_like_the_edit() -> None:
    before: Json = {"title": "A", "nodes": {"wait": {"timeout": "P7D", "ports": {"x": "y"}}}, "exits": [1, 2]}
    after: Json = {"title": "B", "nodes": {"wait": {"timeout": "P7D", "ports": {}}, "end/1": {}}, "exits": [1, 3, 4]}
    assert diff(before, after) == [
        Change("changed", "/title", "A", "B"),
        Change("removed", "/nodes/wait/ports/x", before="y"),
        Change("added", "/nodes/end~11", after={}),
        Change("changed", "/exits/1", 2, 3),
        Change("added", "/exits/2", after=4),
    ]


def test_true_is_not_one() -> None:
    assert diff({"a": True}, {"a": 1}) == [Change("changed", "/a", True, 1)]


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Json) -> None:
    assert diff(document, copy.deepcopy(document)) == []


@given(DOCUMENTS, DOCUMENTS)
def test_the_changes_lead_from_one_document_to_the_other(before: Json, after: Json) -> None:
    found = copy.deepcopy(before)
    changes = diff(before, after)
    for change in [*(c for c in changes if c.op != "removed"), *(c for c in reversed(changes) if c.op == "removed")]:
        found = _applied(
            found, [step.replace("~1", "/").replace("~0", "~") for step in change.pointer.split("/")[1:]], change
        )
    assert found == after


def _applied(value: Json, steps: list[str], change: Change) -> Json:
    if not steps:
        return change.after
    if isinstance(value, list):
        index = int(steps[0])
        if len(steps) == 1 and change.op == "removed":
            return value[:index] + value[index + 1 :]
        inner = value[index] if index < len(value) else None
        return [*value[:index], _applied(inner, steps[1:], change), *value[index + 1 :]]
    assert isinstance(value, dict)
    if len(steps) == 1 and change.op == "removed":
        return {key: item for key, item in value.items() if key != steps[0]}
    return {**value, steps[0]: _applied(value.get(steps[0]), steps[1:], change)}
