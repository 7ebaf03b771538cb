"""What the commands on any document do, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from engine.edits.commands import FAMILIES, apply, demand_fits, described, parse
from engine.edits.deeds import DEEDS, deed_of
from rules.documents.commands import CommandError

DOCUMENT: dict[str, Any] = {"title": "T", "nodes": {"a": {"type": "end"}, "b/c": {"type": "wait"}}, "list": [1, 2, 3]}

DONE: list[tuple[dict[str, Any], str, Any]] = [
    ({"command": "set", "pointer": "/title", "value": "U"}, "title", "U"),
    ({"command": "set", "pointer": "/nodes/b~1c", "value": None}, "nodes", {"a": {"type": "end"}, "b/c": None}),
    ({"command": "set", "pointer": "/list/1", "value": 9}, "list", [1, 9, 3]),
    ({"command": "remove", "pointer": "/list/0"}, "list", [2, 3]),
    ({"command": "remove", "pointer": "/nodes/a"}, "nodes", {"b/c": {"type": "wait"}}),
    ({"command": "remove", "pointer": "/not/there"}, "title", "T"),
    ({"command": "insert", "pointer": "/list", "value": 0}, "list", [1, 2, 3, 0]),
    ({"command": "insert", "pointer": "/list", "index": 0, "value": 0}, "list", [0, 1, 2, 3]),
    ({"command": "insert", "pointer": "/exits", "value": {}}, "exits", [{}]),
    ({"command": "move", "pointer": "/list/0", "to": 2}, "list", [2, 3, 1]),
    ({"command": "move", "pointer": "/list/2", "to": 0}, "list", [3, 1, 2]),
    ({"command": "rename", "pointer": "/nodes/a", "to": "z"}, "nodes", {"z": {"type": "end"}, "b/c": {"type": "wait"}}),
    ({"command": "replace", "document": {"title": "V"}}, "title", "V"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "key", "expected"), DONE)
def test_a_command_does_what_it_says(command: dict[str, Any], key: str, expected: Any) -> None:
    assert apply(DOCUMENT, parse(command))[key] == expected


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"command": "set", "pointer": "", "value": {}}, "", "use replace"),
    ({"command": "set", "pointer": "title", "value": 1}, "title", "JSON pointer"),
    ({"command": "set", "pointer": "/list/3", "value": 1}, "/list/3", "ends at /list"),
    ({"command": "set", "pointer": "/list/x", "value": 1}, "/list/x", "ends at /list"),
    ({"command": "set", "pointer": "/title/x", "value": 1}, "/title/x", "ends at /title"),
    ({"command": "set", "pointer": "/nodes/z/type", "value": 1}, "/nodes/z/type", "ends at /nodes"),
    ({"command": "set", "pointer": "/list/01", "value": 1}, "/list/01", "ends at /list"),
    ({"command": "remove", "pointer": ""}, "", "use replace"),
    ({"command": "remove", "pointer": "/list/3"}, "/list/3", "read the draft again"),
    ({"command": "insert", "pointer": "/title", "value": 1}, "/title", "no list"),
    ({"command": "insert", "pointer": "/list", "index": 4, "value": 1}, "/list", "the last is 3"),
    ({"command": "move", "pointer": "/list/0", "to": 3}, "/list", "the last is 2"),
    ({"command": "move", "pointer": "/nodes/a", "to": 0}, "/nodes/a", "read the draft again"),
    ({"command": "rename", "pointer": "/nodes/a", "to": "b/c"}, "/nodes/b~1c", "taken"),
    ({"command": "rename", "pointer": "/list/0", "to": "x"}, "/list/0", "read the draft again"),
    ({"command": "fly"}, "/command", "no such command"),
    ({"pointer": "/title"}, "/command", "no such command"),
    ({"command": "set", "pointer": "/title"}, "/value", "needs this parameter"),
    ({"command": "remove", "pointer": "/title", "value": 1}, "/value", "no such parameter"),
    ({"command": "move", "pointer": "/list/0", "to": -1}, "/to", "greater than or equal"),
    ({"command": "replace", "document": []}, "/document", "dictionary"),
    ({"command": "several", "commands": [{"command": "several", "commands": []}]}, "/commands", "holds no several"),
    ({"command": "several", "title": {"zh": "", "en": "x" * 1_001}, "commands": [{}]}, "/title/en", "at most 1000"),
    ({"command": "several", "title": {"zh": "z"}, "commands": [{}]}, "/title/en", "needs this parameter"),
]


@pytest.mark.parametrize(("command", "pointer", "words"), REFUSED)
def test_a_command_that_cannot_be_carried_out_says_where_and_why(
    command: dict[str, Any], pointer: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        apply(DOCUMENT, parse(command))
    assert refused.value.pointer == pointer
    assert refused.value.zh


def test_every_command_is_described_and_has_words_for_its_deed() -> None:
    assert all(described().values())
    assert len(described()) == sum(len(family.commands) for family in FAMILIES)
    assert described().keys() <= DEEDS.keys()
    assert (
        deed_of({"command": "set", "pointer": "/nodes/a/params/text", "value": 1})["en"] == "changed a › params › text"
    )
    inside = deed_of({"command": "set", "pointer": "/nodes/a/params/text/$/cat/0", "value": 1})["en"]
    assert inside == "changed a › params › text"
    assert deed_of({"command": "of an older release"}) == {"zh": "修改了草稿", "en": "changed the draft"}


def test_commands_of_journeys_and_rulesets_are_for_their_kind_alone() -> None:
    demand_fits("price-list", parse({"command": "set", "pointer": "/a", "value": 1}))
    demand_fits("journey", parse({"command": "delete", "node": "a"}))
    demand_fits("ruleset", parse({"command": "delete_row", "row": "r1"}))
    for kind, command in (("ruleset", {"command": "delete", "node": "a"}), ("fields", {"command": "insert_row"})):
        with pytest.raises(CommandError, match="is for a"):
            demand_fits(kind, parse(command))
