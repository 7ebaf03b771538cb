"""The named conditions of a ruleset on their fragment, and the commands that change them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.definitions.drafts import find_draft
from engine.edits.commands import apply, parse
from tests.ui.conditions.branch import put_document, table
from tests.ui.visitor import Visitor
from ui.conditions.named import UnusableNameError, adding, named_conditions, removing, renaming

ADDRESS = "/edit/ruleset/segments/conditions"
TITLE = {"zh": "改名", "en": "renamed"}


def used_everywhere() -> dict[str, Any]:
    """A ruleset that uses one condition wherever one can be used, and names it in a test as well."""
    document = table()
    vip = {"condition": "vip"}
    document["rows"][0]["when"] = [{"and": [{">=": [{"var": ""}, 1]}, {"condition": ["vip"]}]}]
    document["conditions"]["both"] = {"or": [vip, {"!": vip}]}
    document["agree"] = [{"id": "p", "vary": "x.y", "among": [1, 2], "same": ["segment"], "when": vip, "except": vip}]
    document["tests"] = [{"name": "t", "given": {"member": vip}, "then": {}}]
    return document


def test_each_condition_tells_where_it_is_used() -> None:
    vip, both = named_conditions(used_everywhere())
    assert vip.uses == (
        "/rows/0/when/0/and/1", "/rows/0/and", "/conditions/both/or/0", "/conditions/both/or/1/!", "/agree/0/when",
        "/agree/0/except",
    )  # fmt: skip
    assert both.uses == ()


def test_another_name_is_taken_everywhere_and_nothing_else_changes() -> None:
    document = used_everywhere()
    after = apply(document, parse(renaming(document, "vip", "best", TITLE)))
    tests = document["tests"]
    expected = json.loads(json.dumps({**document, "tests": []}).replace('"vip"', '"best"'))
    expected["conditions"]["best"]["has_any"][1] = ["vip"]
    assert after == {**expected, "tests": tests}


def test_one_is_added_and_taken_away_again() -> None:
    document = table()
    added = apply(document, parse(adding(document, "new")))
    assert added["conditions"] == {**document["conditions"], "new": True}
    assert apply(added, parse(removing("new"))) == document
    bare = {key: part for key, part in document.items() if key != "conditions"}
    assert apply(bare, parse(adding(bare, "new")))["conditions"] == {"new": True}


@pytest.mark.parametrize("name", ["", "vip", "a b", "x" * 64, "a/b", "~", "é", "-a"])
def test_a_name_that_cannot_be_given_is_refused(name: str) -> None:
    with pytest.raises(UnusableNameError):
        adding(table(), name)
    with pytest.raises(UnusableNameError):
        renaming(table(), "vip", name, TITLE)


def conditions_in(database: Database) -> Any:
    with database.begin() as session:
        draft = find_draft(session, "ruleset", "segments")
        assert draft is not None
        return json.loads(draft.document).get("conditions")


def test_the_fragment_lists_and_changes_them(admin: Visitor, database: Database, clock: FixedClock) -> None:
    put_document(database, clock, "ruleset", table())
    admin.get("/?lang=en")
    page = admin.get(ADDRESS).text
    assert "tags include any of vip" in page
    assert "Used in 1 place" in page
    assert admin.post(ADDRESS, data={"do": "add", "name": "new", "base": "1"}).status_code == 204
    answer = admin.post(ADDRESS, data={"do": "rename", "name": "vip", "to": "best", "base": "2"})
    assert json.loads(answer.headers["HX-Trigger"])["draft-changed"]["revision"] == 3
    assert [*conditions_in(database)] == ["best", "new"]
    for wrong in (
        {"do": "add", "name": "best"},
        {"do": "rename", "name": "none", "to": "x"},
        {"do": "x", "name": "best"},
    ):
        assert admin.post(ADDRESS, data=wrong).status_code == 422
    assert admin.post(ADDRESS, data={"do": "remove", "name": "best", "base": "3"}).status_code == 204
    assert conditions_in(database) == {"new": True}


def test_a_published_condition_tells_who_uses_it(admin: Visitor) -> None:
    page = admin.get("/edit/ruleset/zones/conditions?lang=en").text
    assert "<code>vip</code>" in page
    assert "<code>gold</code>" in page


def test_without_any_the_next_step_is_told(admin: Visitor, database: Database, clock: FixedClock) -> None:
    document = table()
    del document["conditions"], document["rows"][0]["and"]
    put_document(database, clock, "ruleset", document)
    page = admin.get(f"{ADDRESS}?lang=en").text
    assert "There are none yet" in page
    assert 'value="add"' in page
