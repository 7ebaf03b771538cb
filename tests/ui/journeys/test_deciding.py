"""What the branches of a journey decide on, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings

from engine.definitions.context import event_fields
from engine.journeys.context import CheckContext
from rules.types import Json
from tests.engine.journeys.strategies import broken_journeys
from tests.ui.sample import JOURNEY
from ui.journeys.deciding import decisions
from ui.journeys.design import design

CONTEXT = CheckContext(events=event_fields())
TODAY: Json = {"==": [{"var": "run.journey"}, "hook"]}
SAVED: Json = {"==": [{"var": "vars.joined.store.key"}, "S01"]}


def branching(*conditions: Json, **more: Json) -> dict[str, Any]:
    """The sample journey with one branch more, whose cases ask these conditions."""
    source = copy.deepcopy(JOURNEY)
    cases = [{"when": condition, "port": f"case_{n}"} for n, condition in enumerate(conditions, start=1)]
    ports = {case["port"]: "done" for case in cases} | {"else": "done"}
    source["nodes"] |= {
        "joined": {
            "type": "wait",
            "for": [{"on": "group.joined", "port": "in", "save": "joined"}],
            "ports": {"in": "asked"},
        },
        "asked": {"type": "choice", "cases": cases, "ports": ports, **more},
    }
    return source


@pytest.mark.parametrize(
    ("conditions", "zh", "en"),
    [
        ([TODAY], "run.journey 是 hook", "run.journey is hook"),
        ([TODAY, True], "2 种情况：run.journey 是 hook", "1 of 2: run.journey is hook"),
        ([SAVED], "门店编号 是 S01", "store key is S01"),
    ],
)
def test_a_branch_says_what_its_first_case_asks(conditions: list[Json], zh: str, en: str) -> None:
    source = branching(*conditions)
    assert decisions(source, CONTEXT, "zh")["asked"] == zh
    assert decisions(source, CONTEXT, "en")["asked"] == en


def test_its_card_and_its_step_say_it_below_the_name() -> None:
    for title in (None, "Where from?"):
        source = branching(TODAY, **({"title": title} if title else {}))
        read = design(source, [], {}, "en", decisions(source, CONTEXT, "en"))
        step, box = read.find("asked"), next(drawn.box for drawn in read.drawing.boxes if drawn.box.id == "asked")
        assert step is not None
        assert (step.name, step.does) == (title or "Branch", "run.journey is hook")
        assert (box.name, box.word) == (step.name, step.does)


def test_long_sentences_are_cut() -> None:
    long = decisions(branching({"==": [{"var": "run.journey"}, "far " * 500]}), CONTEXT, "en")["asked"]
    assert len(long) <= 160
    assert long.endswith("…")


@pytest.mark.parametrize(
    "condition",
    [
        *(None, [], {}, "", 7, "\ud800", {"==": []}, {"==": [{"var": ""}, 1]}, {"var": "vars.nothing.there"}),
        *({"rule": "gone"}, {"and": []}, {"no such operator": 1}, {"$": {"$": {}}}, {"and": [{"or": None}]}),
    ],
)
def test_a_branch_that_cannot_be_read_is_told_as_before(condition: Json) -> None:
    source = branching(condition)
    assert "asked" not in decisions(source, CONTEXT, "zh")
    read = design(source, [], {}, "zh", decisions(source, CONTEXT, "zh")).find("asked")
    assert read is not None
    assert (read.name, read.does) == ("条件分支", "asked")


def test_a_condition_nested_deeper_than_can_be_read_is_told_as_before() -> None:
    deep: Json = TODAY
    for _ in range(400):
        deep = {"!": [deep]}
    assert "asked" not in decisions(branching(deep), CONTEXT, "zh")


@settings(max_examples=60, deadline=None)
@given(broken_journeys())
def test_any_document_is_read(source: Any) -> None:
    if isinstance(source, dict):
        assert all(decisions(source, CONTEXT, "zh").values())
