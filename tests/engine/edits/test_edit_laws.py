"""Laws of edits without a database: patches go both ways, commands leave what they are given, text loses nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.source import read_source
from engine.edits.commands import Command, apply
from engine.edits.patches import patch, patched, same
from engine.edits.places import alike, merged, touched
from engine.edits.text import write
from engine.journeys.canonical import content_hash
from engine.library.shelf import templates
from rules.documents.commands import CommandError
from rules.documents.pointers import ABSENT, steps_of
from rules.pointers import pointer_of
from rules.types import Json
from tests.engine.edits.commanding import DOCUMENTS, VALUES, generic, of_journey, of_ruleset
from tests.law import law


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_makes_the_second_document_of_the_first_and_its_inverse_the_first_again(
    one: dict[str, Json], other: dict[str, Json]
) -> None:
    assert same(patched(one, patch(one, other)), other)
    assert same(patched(other, patch(other, one)), one)
    assert bool(patch(one, other)) == (not same(one, other))


@given(VALUES, VALUES)
def test_a_place_is_touched_exactly_where_something_changed(one: Json, other: Json) -> None:
    assert bool(list(touched(one, other))) == (not same(one, other))


Making = Callable[[Random, Json], Command]
FIRSTS: list[tuple[Making, dict[str, Json]]] = [
    *((generic, {"title": "T", "nodes": {"a": []}, name: {}}) for name in ("", "/")),
    *((of_journey, template.document) for template in templates("journey")),
    *((of_ruleset, template.document) for template in templates("ruleset")),
]


@law(3)
@pytest.mark.parametrize(("making", "first"), FIRSTS)
@given(random=st.randoms(use_true_random=True))
def test_two_hundred_undos_of_two_hundred_edits_give_the_first_hash(
    random: Random, making: Making, first: dict[str, Json]
) -> None:
    document, inverses = first, []
    before = copy.deepcopy(first)
    while len(inverses) < 200:
        make = making if random.random() < 0.9 else generic
        try:
            after = apply(document, make(random, document))
        except CommandError:
            continue
        inverses.append(patch(after, document))
        document = read_source(write(after)).document
    assert same(first, before), "what a command is given stays as it is"
    for inverse in reversed(inverses):
        document = read_source(write(patched(document, inverse))).document
    assert content_hash(document) == content_hash(first)


@given(DOCUMENTS | st.just({"big": 10**40, "beyond": float("inf"), "Infinity": ["\ud800", "beyond", "-beyond"]}))
def test_what_is_written_is_read_as_the_same(document: dict[str, Any]) -> None:
    for indent in (None, 2):
        text = write(document, indent=indent)
        text.encode()
        assert same(read_source(text).document, document)


@given(st.lists(st.text()))
def test_a_pointer_leads_where_it_was_made_for(steps: list[str]) -> None:
    assert steps_of(pointer_of(steps)) == steps


@given(DOCUMENTS, DOCUMENTS, DOCUMENTS)
def test_merging_with_one_who_changed_nothing_gives_the_other(
    base: dict[str, Json], mine: dict[str, Json], theirs: dict[str, Json]
) -> None:
    assert same(merged(base, mine, base), mine)
    assert same(merged(base, base, theirs), theirs)
    both = merged(base, mine, theirs)
    assert isinstance(both, dict)
    for key in base.keys() | mine.keys() | theirs.keys():
        was, here, there, now = (each.get(key, ABSENT) for each in (base, mine, theirs, both))
        if alike(here, was) or alike(there, was):
            assert alike(now, there if alike(here, was) else here), key
