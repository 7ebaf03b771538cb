"""What stands in the library is sound: no findings, tests that pass and visit everything, words in both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.definitions import checks
from engine.definitions.context import context_without_service
from engine.definitions.kinds import Kind
from engine.journeys.canonical import content_hash
from engine.journeys.context import CheckContext
from engine.library.shelf import FOLDERS, Template, find_template, needs, templates
from rules.types import Json
from workflows.activities.registry import catalogue_of, load_activities

CATALOGUE = catalogue_of(load_activities())
KINDS: tuple[Kind, ...] = ("fields", "ruleset", "journey")
ALL = [template for kind in KINDS for template in templates(kind)]
UNVISITED = {("owner-on-add", "whose", "error"), ("price-zone-assignment", "zone", "error")}
"""A test cannot make a ruleset fail."""


def context() -> CheckContext:
    rulesets = [template.document for template in templates("ruleset")]
    return context_without_service(CATALOGUE, rulesets=rulesets)


def name(template: Template) -> str:
    return f"{template.kind}/{template.key}"


def words(document: Json, pointer: str = "") -> Iterator[tuple[str, Json]]:
    """Every title and note of a document, by place."""
    match document:
        case dict():
            for key, value in document.items():
                if key in {"title", "note"}:
                    yield f"{pointer}/{key}", value
                elif key != "tests":
                    yield from words(value, f"{pointer}/{key}")
        case list():
            for i, value in enumerate(document):
                yield from words(value, f"{pointer}/{i}")


def test_the_shelf_holds_these() -> None:
    keys = {kind: [template.key for template in templates(kind)] for kind in KINDS}
    assert keys["journey"] == [
        "added-not-joined", "birthday", "dormant-recall", "group-win-back", "hook-coupon", "new-member", "owner-on-add",
        "price-zone-assignment",
    ]  # fmt: skip
    assert keys["ruleset"] == ["commission", "credit", "lead-routing", "ownership", "price-zone"]
    assert keys["fields"] == ["shopping"]


@pytest.mark.parametrize("template", ALL, ids=name)
def test_each_says_what_it_is_in_both_languages(template: Template) -> None:
    document = template.document
    assert document["key"] == template.key
    assert isinstance(document["title"], dict)
    assert isinstance(document["note"], dict)
    lacking = [place for place, said in words(document) if not isinstance(said, dict) or said.keys() != {"zh", "en"}]
    assert lacking == []


@pytest.mark.parametrize("template", ALL, ids=name)
def test_nothing_is_found_in_it_but_what_the_hook_coupon_takes_for_granted(template: Template) -> None:
    found = checks.find(template.kind, None, template.document, context())
    assert [(each.code, each.pointer) for each in found if template.key != "hook-coupon"] == []
    assert {each.code for each in found} <= {"unused-value", "maybe-missing"}


@pytest.mark.parametrize("template", [*templates("journey"), *templates("ruleset")], ids=name)
def test_its_tests_pass_and_visit_everything(template: Template) -> None:
    report = checks.run(template.kind, None, template.document, context())
    assert report.tests
    assert [(result.name, result.differences) for result in report.tests if result.differences] == []
    unvisited = {(template.key, *place[:-1]) for place in report.coverage if not place[-1]}
    assert unvisited <= UNVISITED


@pytest.mark.parametrize("template", ALL, ids=name)
def test_a_draft_made_from_it_differs_in_key_and_title_alone(template: Template) -> None:
    title = {"zh": "我的", "en": "Mine"}
    made = json.loads(template.made("mine", title))
    assert (made["key"], made["title"]) == ("mine", title)
    assert [each for each in checks.find(template.kind, "mine", made, context()) if each.severity == "error"] == []
    restored = {**made, "key": template.key, "title": template.document["title"]}
    assert content_hash(restored) == content_hash(template.document)


def test_what_a_journey_needs_is_told() -> None:
    hook, owner = find_template("journey", "hook-coupon"), find_template("journey", "owner-on-add")
    assert hook is not None
    assert owner is not None
    assert needs(hook.document, CATALOGUE) == (("coupon-batch", "HOOK-2026"),)
    assert needs(owner.document, CATALOGUE) == (("ruleset", "ownership"),)


def test_what_is_not_there_is_not_found() -> None:
    assert find_template("journey", "nothing") is None
    assert find_template("price-list", "hook-coupon") is None
    assert all(folder.is_dir() for folder in FOLDERS.values())
