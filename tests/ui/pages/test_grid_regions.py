"""The parts around the table of a ruleset: findings with mends and acceptance, tests, and trying."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.journeys.context import Proofs
from rules.proofs.solver import Z3Prover
from tests.engine.rulesets.zones import zones
from tests.ui.pages.test_grid_page import Desk, kept, save
from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.app import Dependencies

APP = zones()["rows"][0]


@pytest.fixture
def deps(deps: Dependencies) -> Dependencies:
    return replace(deps, proofs=Proofs(Z3Prover(), seconds=600))


def part(visitor: Visitor, path: str, key: str = "grid") -> str:
    answer = visitor.get(f"/rules/{key}/edit/{path}?lang=en")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def marks(page: str) -> dict[str, list[str]]:
    """What rows are marked with."""
    [told] = re.findall(r'data-marks="(\{.*?\})" (?:data-of="\d+" )?hidden', page)
    return {row: [note["kind"] for note in notes] for row, notes in json.loads(told).items()}


def test_a_finding_is_told_with_its_rows_and_mended_by_one_edit(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    save(database, clock, zones(key="grid", rows=[APP, {**APP, "id": "again", "when": ["gold", None]}], tests=[]))
    page = part(admin, "findings")
    assert "Overlap" in page
    assert marks(page) == {"app": ["error"], "again": ["error"]}
    assert "24 members" in page
    commands = [json.loads(each) for each in re.findall(r'data-command="(\[.*?\])" data-base', page)]
    desk = Desk(admin, "grid")
    desk.send(command=commands[0][0])
    assert "Nothing was found" in part(admin, "findings")
    assert kept(database)["rows"][1]["when"] == ["gold", {"not": "mini_program"}]


def test_a_warning_is_accepted_with_a_reason(admin: Visitor, database: Database, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid", rows=[APP, {**APP, "id": "again"}], hit="first", tests=[]))
    assert "Hidden row" in part(admin, "findings")
    sent = {"code": "hidden-row", "row": ["again", "app"], "reason": ""}
    refused = admin.post("/rules/grid/edit/findings/accept?lang=en", data=sent)
    assert refused.status_code == 422
    assert "give a reason" in refused.text
    answer = admin.post("/rules/grid/edit/findings/accept?lang=en", data={**sent, "reason": "双十一 only"})
    assert "双十一 only" in answer.text
    assert marks(html.unescape(answer.text)) == {}
    gone = {"code": "overlap", "row": ["x"], "reason": "r"}
    assert admin.post("/rules/grid/edit/findings/accept?lang=en", data=gone).status_code == 422


def test_tests_are_told_and_mark_the_rows_that_they_visit(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    save(database, clock, zones(key="grid"))
    page = part(admin, "tests")
    assert "gold in the app" in page
    assert marks(page) == {"app": ["tested"]}
    named = admin.post("/rules/grid/edit/tests/0/name", data={"name": "gold"})
    assert named.status_code == 204
    assert json.loads(named.headers["HX-Trigger"])["draft-changed"]["revision"] == 2
    assert kept(database)["tests"][0]["name"] == "gold"
    assert admin.post("/rules/grid/edit/tests/0/name", data={"name": " "}).status_code == 422


def test_a_try_marks_rows_and_becomes_a_test(admin: Visitor, database: Database, clock: FixedClock) -> None:
    save(database, clock, zones(key="grid"))
    sent = {"fact.member.tier": "gold", "fact.event.sales_channel": "mini_program"}
    page = html.unescape(admin.post("/rules/grid/edit/try?lang=en", data=sent).text)
    assert marks(page) == {"app": ["hit"]}
    [test] = re.findall(r'name="test" value="(\{.*?\})">', page)
    added = admin.post("/rules/grid/edit/tests", data={"test": test, "name": "tried"})
    assert added.status_code == 204
    tried = kept(database)["tests"][-1]
    assert tried["then"] == {"zone": "SPECIAL", "row": "app"}
    assert tried["given"]["member"] == {"tier": "gold"}
    assert "tried" in part(admin, "tests")
    page = html.unescape(admin.post("/rules/grid/edit/try?lang=en", data={"fact.member.tier": "silver"}).text)
    assert marks(page) == {"score": ["undecided"]}


def test_a_member_that_is_tried_leaves_no_name_in_the_test(
    admin: Visitor, database: Database, clock: FixedClock, chain: Sample
) -> None:
    rows = [{"id": "a", "when": [{"is_set": ""}, None], "then": {"zone": {"var": "member.name"}}}]
    inputs = [{"field": "member.name"}, {"field": "member.tier"}]
    save(database, clock, zones(key="grid", inputs=inputs, rows=rows, conditions={}, tests=[]))
    page = html.unescape(admin.post("/rules/grid/edit/try", data={"subject": str(chain.members[0])}).text)
    [test] = re.findall(r'name="test" value="(\{.*?\})">', page)
    assert "name" not in json.loads(test)["given"].get("member", {})
    assert "zone" not in json.loads(test)["then"]


@pytest.mark.parametrize("data", [{"test": "{", "name": "x"}, {"test": "{}", "name": ""}, {"test": "[]", "name": "x"}])
def test_a_test_without_name_or_content_is_not_kept(
    admin: Visitor, database: Database, clock: FixedClock, data: dict[str, Any]
) -> None:
    save(database, clock, zones(key="grid"))
    assert admin.post("/rules/grid/edit/tests", data=data).status_code == 422
    assert len(kept(database)["tests"]) == 2
