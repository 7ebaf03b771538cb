"""Each finding comes about in the editor, is told in both languages, leads to its place, stands there, is mended."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from engine.definitions.codes import CODES
from engine.definitions.kinds import Kind
from tests.ui.dom import Element, parsed
from tests.ui.finding_codes.cases import Case
from tests.ui.finding_codes.clean import journey, ruleset
from tests.ui.finding_codes.house import House, opened
from tests.ui.finding_codes.journey_cases import CASES as JOURNEY_CASES
from tests.ui.finding_codes.requests import Author
from tests.ui.finding_codes.ruleset_cases import CASES as RULESET_CASES

LANGUAGES = ("zh", "en")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
ASIDE = re.compile(r"“[^”]*”|「[^」]*」|`[^`]*`|\([^)]*\)")
"""Names, and what formulas call something: the same in both languages."""
BARE = re.compile(r"/(nodes|rows|entry|tests|inputs)\b|[{}\[\]]")
"""What no operator reads: JSON and pointers into it."""


@pytest.mark.parametrize(("kind", "cases"), [("journey", JOURNEY_CASES), ("ruleset", RULESET_CASES)])
def test_every_code_has_a_case_and_every_case_a_mend_or_the_reason_why_not(kind: Kind, cases: list[Case]) -> None:
    assert {case.code for case in cases} == CODES[kind]
    assert [case.name for case in cases if bool(case.mend) == bool(case.why)] == []


def begun(house: House, case: Case, kind: str) -> Author:
    """A definition in which nothing was found, after what the case does to it."""
    key = f"case-{next(house.numbers)}"
    document = (case.begin or (journey if kind == "journey" else ruleset))(key)
    author = house.begin(kind, document, unproved=case.unproved, live=case.live)
    if not case.unproved:
        assert problems(author, "en") == []
    for deed in case.deeds:
        deed(author)
    return author


def problems(author: Author, language: str) -> list[Element]:
    """The list of problems, one element each."""
    answer = author.visitor.get(f"{author.doors}/problems?lang={language}")
    assert answer.status_code == 200
    return parsed(answer.text).all("li")


def problem_of(case: Case, author: Author, language: str) -> Element:
    """The problem of the case."""
    listed = problems(author, language)
    found = [each for each in listed if (each.get("data-code"), each.get("data-pointer")) == (case.code, case.pointer)]
    assert found, [(each.get("data-code"), each.get("data-pointer")) for each in listed]
    return found[0]


def message_of(problem: Element) -> str:
    return problem.one("span", class_="finding-says").text


def assert_is_told(problem: Element, language: str) -> None:
    """In the words of its reader: nothing of JSON, and no word of the other language."""
    said, place = message_of(problem), problem.one("a", class_="row-link").text
    assert bool(CHINESE.search(said)) is (language == "zh"), said
    assert said.endswith(("。", ".", "?", "？")), said
    plain = ASIDE.sub("", said)
    assert not BARE.search(plain), said
    assert not re.search(r"\w_\w", plain), f"a key stands for a word: {said}"
    if language == "en":
        assert not CHINESE.search(place), place
        assert "`" not in re.sub(r"`[^`]*`", "", said)
    assert place
    assert not BARE.search(place), place


def follow(case: Case, author: Author, problem: Element, language: str) -> tuple[Element, str]:
    """The page that a problem leads to, and the place on it that the address names."""
    address = problem.one("a", class_="row-link").get("href")
    return opened(author.visitor, address, language), address.partition("#")[2]


def pointed(page: Element, pointer: str) -> list[Element]:
    """What the page shows for a place of the document, but for the list of problems."""
    listed = page.all(id="edit-problems")
    return [each for each in page.all(data_pointer=pointer) if not any(each.is_within(one) for one in listed)]


@pytest.mark.parametrize("case", JOURNEY_CASES, ids=[case.name for case in JOURNEY_CASES])
def test_a_finding_of_a_journey(house: House, case: Case) -> None:
    author = begun(house, case, "journey")
    for language in LANGUAGES:
        problem = problem_of(case, author, language)
        assert_is_told(problem, language)
        page, place = follow(case, author, problem, language)
        said = message_of(problem)
        assert place == f"f:{quote(case.pointer, safe='/-_.~')}"
        assert_stands_in_form(page, case.place, said)
        assert_is_drawn(case, author, said, language)
    assert_is_mended(case, author)


def assert_stands_in_form(page: Element, place: str, said: str) -> None:
    """Beside the field of the place; what is about a whole node, above its form; of a test, in what came of it."""
    shown = pointed(page, place)
    assert shown, f"nothing stands for {place}"
    if place.startswith("/tests/"):
        [test] = shown
        assert test.one("span", class_="state state-failed")
        assert test.one("ul", class_="test-differs").text
        return
    if place.count("/") > 2:
        shown = [each for each in shown if each.is_within(page.all(id="panel")[-1])]
    assert any(said in each.text for each in shown), [each.text for each in shown]


def assert_is_drawn(case: Case, author: Author, said: str, language: str) -> None:
    """The node, or the entry, has a mark in the picture and in the outline that says it."""
    match case.pointer.split("/")[1:]:
        case ["nodes", node, *_]:
            step = f"step-{node}"
        case ["entry" | "start" | "goal" | "exits", *_]:
            node, step = "@entry", "step-@entry"
        case _:
            return
    graph = parsed(author.visitor.get(f"/journeys/{author.key}/edit/graph?lang={language}").text)
    [box] = [each for each in graph.all("a", data_node=node) if each.is_within(graph.one(id="canvas"))]
    assert {"node-bad", "node-warn"} & set(box.get("class").split())
    assert said in box.one("title").text
    assert any(said in re.sub(r"\s+", " ", each.get("title")) for each in graph.one(id=step))


@pytest.mark.parametrize("case", RULESET_CASES, ids=[case.name for case in RULESET_CASES])
def test_a_finding_of_a_ruleset(house: House, case: Case) -> None:
    author = begun(house, case, "ruleset")
    for language in LANGUAGES:
        problem = problem_of(case, author, language)
        assert_is_told(problem, language)
        page, place = follow(case, author, problem, language)
        assert place
        said = message_of(problem)
        told = page.one(id="grid-findings").all("li")
        assert any(said in each.text for each in told)
        for one in case.place.split():
            assert_stands(page, one, said)
    assert_is_mended(case, author)


def assert_stands(page: Element, place: str, said: str) -> None:
    """At a part of the settings or a test (`/total`), a row (`gold`), or a cell (`gold/and`)."""
    row, _, column = place.partition("/")
    [told] = [each.get("data-marks") for each in page.one(id="grid-findings") if each.get("data-marks")]
    if place.startswith("/inputs"):
        assert page.all("th", data_place=place)
    if (place.startswith("/") and place != "/id") or not column:
        assert said in [note["said"] for note in json.loads(told).get(place, ())]
        assert page.all(data_says=place) or page.all("tr", data_id=place)
    else:
        names = [each.get("data-column") for each in page.all("th") if each.get("data-column")]
        rows = page.all("tr", data_id=row) if row else [each for each in page.all("tr") if each.get("data-stamp")]
        cells = [[each for each in one if each.tag in {"th", "td"}][names.index(column)] for one in rows]
        assert said in [each.get("data-fault") for each in cells]


def errors(author: Author) -> set[tuple[str, str]]:
    """What blocks publishing, by code and place; tests of the document tell what a mend has changed."""
    return {
        (each.get("data-code"), each.get("data-pointer"))
        for each in problems(author, "en")
        if each.all("span", class_="state state-error") and each.get("data-code") != "test-failed"
    }


def assert_may_be_accepted(author: Author, problem: Element) -> None:
    """A warning that only a person can judge is accepted for a reason, which everybody reads."""
    forms = problem.all("form", class_="accept-form")
    if problem.all("span", class_="state state-error"):
        assert not forms
        return
    [form] = forms
    sent = {each.get("name"): each.get("value") for each in form.all("input")}
    answer = author.post(form.get("hx-post"), **sent, reason="the shops have agreed")
    [told] = [each for each in parsed(answer.text).all("li") if message_of(each) == message_of(problem)]
    assert "the shops have agreed" in told.text
    assert not told.all("form", class_="accept-form")


def assert_is_mended(case: Case, author: Author) -> None:
    """The offered mend does away with the finding, and brings no error; where there is none, the case says why."""
    before, problem = errors(author), problem_of(case, author, "en")
    forms = {each.one("button").text: each for each in problem.all("form", class_="finding-mend")}
    if not case.mend:
        assert case.why
        assert not forms, f"a mend is offered after all: {[*forms]}"
        assert_may_be_accepted(author, problem)
        return
    [title] = [each for each in forms if each.startswith(case.mend)][:1] or [""]
    assert title, f"offered are {[*forms]}"
    sent = {each.get("name"): each.get("value") for each in forms[title].all("input")}
    answer = author.visitor.post(forms[title].get("hx-post"), data=sent, headers={"HX-Request": "true"})
    assert answer.status_code == 204, answer.text
    gone = {(each.get("data-code"), each.get("data-pointer"), message_of(each)) for each in problems(author, "en")}
    assert (case.code, case.pointer, message_of(problem)) not in gone
    assert errors(author) <= before
