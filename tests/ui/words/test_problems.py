"""Refusals are told in the words of the page, whatever raised them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.sample import Sample
from tests.ui.visitor import Visitor
from ui.words.problems import told

ROOT = Path(__file__).parents[3]
SOURCES = [
    "engine/runs/commands.py", "engine/runs/store.py", "engine/definitions/life.py", "engine/jobs/store.py",
    "engine/organisation/sync/requests.py", "ui/pages/alerts.py", "ui/pages/bulk.py", "ui/pages/chain_jobs.py",
    "ui/pages/jobs.py", "ui/pages/journeys.py", "ui/pages/members.py",
    "ui/pages/parked.py", "ui/pages/runs.py", "ui/pages/visit.py", "ui/http/limits.py",
]  # fmt: skip
"""Where what pages answer is raised."""


def sentences(source: str) -> Iterator[str]:
    """What exceptions are raised with, each value in a sentence replaced by a number."""
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        given = node.exc.args if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) else []
        yield from (said for argument in given[:1] if (said := sentence(argument)) is not None)


def sentence(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(said)):
            return said
        case ast.JoinedStr(values=parts):
            return "".join(sentence(part) or "" for part in parts)
        case ast.FormattedValue(conversion=114):
            return "'7'"
        case ast.FormattedValue():
            return "7"
        case ast.BinOp(left=left, right=ast.IfExp(body=body)):
            return f"{sentence(left)}{sentence(body)}"
        case _:
            return None


@pytest.mark.parametrize("source", SOURCES)
def test_whatever_a_page_may_answer_is_told_in_chinese(source: str) -> None:
    untold = [said for said in sentences(source) if told(said, "zh") is None]
    assert untold == []


def test_the_sentences_are_found_where_they_are_raised() -> None:
    found = {source: len(list(sentences(source))) for source in SOURCES}
    assert found["engine/runs/commands.py"] >= 6
    assert found["engine/definitions/life.py"] >= 4
    assert "There is no journey '7' with a version 7." in set(sentences("ui/pages/journeys.py"))


def test_values_are_told_in_words_and_other_sentences_not_at_all() -> None:
    said = "Only a run that is stuck can be given retry; this one is waiting."
    assert told(said, "zh") == "只有卡住的实例才能「重试」；它现在是「等待中」。"
    assert told(said, "en") == said
    assert told("Nobody foresaw this.", "zh") is None


def test_a_page_answers_in_its_language(admin: Visitor, chain: Sample) -> None:
    run = f"/runs/{chain.runs['wait_join']}"
    answer = admin.post(f"{run}/retry")
    assert answer.status_code == 409
    assert "只有卡住的实例才能「重试」" in answer.text
    assert "Only a run" not in answer.text
    admin.get("/?lang=en")
    assert "Only a run that is stuck can be given retry; this one is waiting." in admin.post(f"{run}/retry").text


def test_the_api_answers_in_english_whatever_the_browser_remembers(admin: Visitor, chain: Sample) -> None:
    admin.get("/?lang=zh")
    answer = admin.get("/api/v1/runs")
    assert answer.json()["detail"].isascii()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_shows_the_errors_that_it_speaks_of(admin: Visitor, chain: Sample, language: str) -> None:
    answer = admin.get(f"/journeys/hook-coupon/funnel?by=x&lang={language}")
    assert answer.status_code == 422
    assert re.search(r"by</span>: Input should be .*channel.*store", answer.text)
    assert "</span>:" not in admin.get(f"/nowhere?lang={language}").text
