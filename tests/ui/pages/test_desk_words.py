"""What the desk says so that its author understands it: outcomes, ways that make no difference, other journeys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.clock import FixedClock
from engine.database.connection import Database
from engine.edits.store import put_draft
from engine.journeys.editing.beginning import empty_journey
from tests.ui.conditions.branch import branch, put_branch
from tests.ui.visitor import Visitor
from ui.definitions.places import outside_conditions, place_words


@pytest.mark.parametrize(("lang", "word"), [("zh", "完成"), ("en", "Done")])
def test_the_end_of_a_blank_journey_is_called_by_a_word_and_others_are_offered(
    admin: Visitor, database: Database, clock: FixedClock, lang: str, word: str
) -> None:
    keep(database, clock, empty_journey("fresh", {"zh": "新", "en": "New"}))
    panel = admin.get(f"/journeys/fresh/edit/panel?node=done&lang={lang}").text
    usual = panel.partition("<datalist")[2].partition("</datalist>")[0]
    assert f'<option value="done" label="{word} · done">' in usual
    assert 'value="no_stock"' in usual
    assert f"“{word}”</span>" in panel
    assert f"<strong>{word}</strong>" in admin.get(f"/journeys/fresh/edit?lang={lang}").text


def test_an_outcome_of_the_authors_own_is_offered_as_it_is(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    document = empty_journey("fresh", {"zh": "新", "en": "New"})
    keep(database, clock, {**document, "nodes": {"done": {"type": "end", "outcome": "vip_served"}}})
    panel = admin.get("/journeys/fresh/edit/panel?node=done").text
    assert '<option value="vip_served" >' in panel


@pytest.mark.parametrize(
    ("ports", "says"),
    [({"yes": "end", "else": "end"}, True), ({"yes": "end", "else": "more"}, False), ({"yes": "end"}, False)],
)
def test_a_branch_whose_ways_all_lead_to_one_node_says_so(
    admin: Visitor, database: Database, clock: FixedClock, ports: dict[str, str], says: bool
) -> None:
    document = branch({"==": [{"var": "member.friend"}, True]})
    document["nodes"]["how"]["ports"] = ports
    document["nodes"]["more"] = {"type": "end", "outcome": "other"}
    keep(database, clock, document)
    panel = admin.get("/journeys/branch/edit/panel?node=how&lang=en").text
    assert ("makes no difference yet" in panel) is says


@pytest.mark.parametrize(
    ("place", "accepting"),
    [
        ("/edit/journey/branch/problems?", 'hx-post="/edit/journey/branch/problems/accept"'),
        ("/journeys/branch/edit/panel?part=entry&", 'href="#edit-problems"'),
        ("/journeys/branch/publish/entering?", 'hx-post="/journeys/branch/publish/accept"'),
    ],
)
def test_an_overlap_says_that_both_run_and_leads_to_the_other_journey_and_to_where_it_is_accepted(
    admin: Visitor, database: Database, clock: FixedClock, place: str, accepting: str
) -> None:
    put_branch(database, clock, {"==": [{"var": "member.friend"}, True]})
    shown = admin.get(f"{place}lang=en").text
    assert "Both journeys run for the same member: “Scan, add, join, coupon” is live" in shown
    assert 'href="/journeys/hook-coupon"' in shown
    assert accepting in shown


def test_the_form_of_a_new_journey_says_which_key_it_will_have(admin: Visitor) -> None:
    proposed = admin.get("/journeys/new/key?zh=&en=Welcome+back").text
    assert "建议编号（留空就用它）： <strong" in " ".join(proposed.split())
    assert "上面的编号" not in admin.get("/journeys/new").text


def keep(database: Database, clock: FixedClock, document: dict[str, Any]) -> None:
    with database.begin() as session:
        put_draft(session, "journey", document["key"], json.dumps(document), by="user:a", now=clock.now())


def test_what_a_test_lets_happen_is_called_no_condition() -> None:
    document = {"tests": [{"name": "t", "when": [{"at": "soon"}]}], "goal": {"when": {"==": [1, 1]}}}
    told = {at: place_words(document, outside_conditions(at), "en") for at in ("/tests/0/when/0/at", "/goal/when/==/0")}
    assert told == {"/tests/0/when/0/at": "Tests › t › What happens › 1 › At", "/goal/when/==/0": "Goal › Condition"}


def test_an_event_that_several_things_bring_about_says_how_one_of_them_is_meant(
    admin: Visitor, database: Database, clock: FixedClock
) -> None:
    journey = empty_journey("fresh", {"zh": "新", "en": "New"})
    keep(database, clock, journey)
    panel = "/journeys/fresh/edit/panel?part=entry&lang=en"
    assert "Every printed code counts" not in admin.get(panel).text
    keep(database, clock, {**journey, "entry": [{"on": "contact.scanned"}]})
    assert "add a condition on “Channel kind”" in admin.get(panel).text


def test_the_panel_of_a_wait_begins_with_how_long_it_lasts(admin: Visitor) -> None:
    panel = admin.get("/journeys/hook-coupon/edit/panel?node=wait_add&lang=en").text
    hint, length, events = (
        panel.index(text) for text in (">It waits for what happens anew", ">Wait at most<", ">Events awaited<")
    )
    assert hint < length < events
