"""Laws of the builder: what it shows makes the same JSON again, and each action changes just what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.definitions.source import value_at
from engine.edits.commands import apply, parse
from rules.compile import check_rule
from tests.rules.generate import FIELDS, Language
from tests.ui.conditions.branch import CASE, branch, condition_of
from ui.conditions import actions
from ui.conditions.actions import ActionError, Command, Edited
from ui.conditions.reading import to_builder
from ui.conditions.tree import Group, Node, Wrapped, children, to_json, walk

LANGUAGE = Language()
PART = {"==": [{"var": "member.tier"}, "gold"]}
ROOT = CASE

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=3)
WORDS = st.sampled_from(["and", "or", "!", "!!", "==", "in", "var", "is_set", "condition", "some", "default", "x"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2), max_leaves=12
)


def same(one: Any, other: Any) -> bool:
    """Whether two pieces of JSON are the same to the letter: 1 is neither true nor 1.0."""
    return json.dumps(one) == json.dumps(other)


@given(LANGUAGE.conditions)
def test_a_condition_through_the_builder_and_back_is_the_same_json(condition: Any) -> None:
    assert same(to_json(to_builder(condition)), condition)


@given(ANYTHING)
def test_so_is_whatever_json_stands_there(condition: Any) -> None:
    assert same(to_json(to_builder(condition)), condition)


@given(LANGUAGE.conditions)
def test_each_part_stands_where_it_says(condition: Any) -> None:
    for node in walk(to_builder(condition)):
        assert same(value_at(condition, node.at), to_json(node))


# Actions


def carried_out(condition: Any, command: Command) -> Any:
    """The condition after a command, which an edit of the draft would carry out."""
    return condition_of(apply(branch(condition), parse(command)))


def replaced(condition: Any, at: str, change: Callable[[Any], Any]) -> Any:
    """The condition with what stands at one place changed, and all else as it was."""
    if not at:
        return change(condition)
    step, _, rest = at[1:].partition("/")
    below = f"/{rest}" if rest else ""
    if isinstance(condition, list):
        return [replaced(each, below, change) if str(i) == step else each for i, each in enumerate(condition)]
    return {key: replaced(each, below, change) if key == step else each for key, each in condition.items()}


@st.composite
def parts(draw: Callable[[Any], Any], of: type[Any] | None = None) -> tuple[Any, Node]:
    """A condition and one part of it, of a kind if one is asked for."""
    condition = draw(LANGUAGE.conditions)
    if of is Group and not any(isinstance(node, Group) for node in walk(to_builder(condition))):
        condition = {draw(st.sampled_from(["and", "or"])): [condition, PART]}
    if of is Wrapped and not any(isinstance(node, Wrapped) for node in walk(to_builder(condition))):
        condition = {"!": draw(st.sampled_from([condition, [condition]]))}
    nodes = [node for node in walk(to_builder(condition)) if of is None or isinstance(node, of)]
    return condition, draw(st.sampled_from(nodes))


def part_at(condition: Any, at: str) -> Any:
    return value_at(condition, at)


def listed(json: Any) -> list[Any]:
    return json if isinstance(json, list) else [json]


@given(parts(of=Group))
def test_adding_to_a_group_adds_one_at_its_end(case: tuple[Any, Group]) -> None:
    condition, node = case
    command, place = actions.add(Edited(condition, ROOT), node.at, PART)
    after = carried_out(condition, command)
    expected = {node.operator: [*listed(part_at(condition, node.at)[node.operator]), PART]}
    assert same(after, replaced(condition, node.at, lambda _: expected))
    assert value_at(after, place) == PART


@given(parts())
def test_adding_beside_what_is_no_group_joins_the_two(case: tuple[Any, Node]) -> None:
    condition, node = case
    command, place = actions.add(Edited(condition, ROOT), node.at, PART)
    after = carried_out(condition, command)
    if not isinstance(node, Group) and value_at(condition, node.at) is not True:
        assert same(after, replaced(condition, node.at, lambda old: {"and": [old, PART]}))
    assert value_at(after, place) == PART


@given(LANGUAGE.conditions | st.none() | st.just(True))
def test_the_first_condition_takes_the_place_of_always(condition: Any) -> None:
    command, _ = actions.add(Edited(condition, ROOT), "", PART)
    if condition in (None, True):
        assert same(carried_out(condition, command), PART)


@given(parts(of=Group), st.data())
def test_up_down_duplicate_and_remove_change_the_order_and_number_alone(case: tuple[Any, Group], data: Any) -> None:
    condition, group = case
    index = data.draw(st.integers(0, len(group.parts) - 1))
    at = group.parts[index].at
    edited = Edited(condition, ROOT)
    items = part_at(condition, group.at)[group.operator]
    do: Callable[[], tuple[Command, str]]
    for do, expected in (
        (lambda: actions.shift(edited, at, 1), swapped(items, index, index + 1)),
        (lambda: actions.shift(edited, at, -1), swapped(items, index, index - 1)),
        (lambda: actions.duplicate(edited, at), items[: index + 1] + items[index:] if group.listed else None),
        (lambda: actions.remove(edited, at), items[:index] + items[index + 1 :] if group.listed else True),
    ):
        try:
            command, _ = do()
        except ActionError:
            assert expected is None
            continue
        place = f"{group.at}/{group.operator}"
        assert same(carried_out(condition, command), replaced(condition, place, lambda _, new=expected: new))


def swapped(items: Any, one: int, other: int) -> Any:
    if not isinstance(items, list) or not 0 <= other < len(items):
        return None
    moved = [*items]
    moved[one], moved[other] = moved[other], moved[one]
    return moved


@given(parts())
def test_what_is_wrapped_and_unwrapped_is_as_before(case: tuple[Any, Node]) -> None:
    condition, node = case
    for operator in ("!", "and", "or"):
        command, _ = actions.wrap(Edited(condition, ROOT), node.at, operator)
        wrapped = carried_out(condition, command)
        assert same(wrapped, replaced(condition, node.at, lambda old, name=operator: {name: [old]}))
        back, _ = actions.unwrap(Edited(wrapped, ROOT), node.at)
        assert same(carried_out(wrapped, back), condition)


@given(parts())
def test_unwrapping_takes_off_just_one_wrapper(case: tuple[Any, Node]) -> None:
    condition, node = case
    try:
        command, _ = actions.unwrap(Edited(condition, ROOT), node.at)
    except ActionError:
        assert not isinstance(node, Group | Wrapped) or len(children(node)) != 1
        return
    [inner] = children(node)
    assert same(carried_out(condition, command), replaced(condition, node.at, lambda _: to_json(inner)))


@given(parts(of=Group))
def test_switching_all_and_any_keeps_the_parts(case: tuple[Any, Group]) -> None:
    condition, node = case
    other = "or" if node.operator == "and" else "and"
    command, _ = actions.switch(Edited(condition, ROOT), node.at, other)
    after = carried_out(condition, command)
    assert same(after, replaced(condition, node.at, lambda old: {other: old[node.operator]}))
    assert not check_rule(after, FIELDS)


@given(LANGUAGE.conditions)
def test_what_is_valid_is_shown_as_blocks_only_where_it_must_be(condition: Any) -> None:
    """Groups are always shown as groups, however odd their parts are."""
    if isinstance(condition, dict) and condition.keys() & {"and", "or", "!"}:
        assert isinstance(to_builder(condition), Group | Wrapped)
