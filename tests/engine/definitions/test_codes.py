"""The codes of findings are listed once: what the sources raise, what the list says and what the reference explains."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.definitions.codes import CODES
from engine.definitions.kinds import Kind
from engine.journeys.findings import WARNINGS

ROOT = Path(__file__).parent.parent.parent.parent
RAISING = frozenset({"finding", "Finding", "Problem", "_note", "report"})
"""What is given a code before anything else."""
ELSEWHERE = frozenset({"personal-field"})
"""Said of the question for an audience, which is no definition."""
CODE = re.compile(r"[a-z]+(-[a-z]+)*")


def raised(folder: str) -> Iterator[str]:
    """The codes that stand in calls, wherever they are given first."""
    for source in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or name_of(node.func) not in RAISING:
                continue
            given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "code")]
            yield from (
                each.value
                for each in given
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and CODE.fullmatch(each.value)
            )


def name_of(called: ast.expr) -> str:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def test_what_the_sources_raise_is_what_is_listed() -> None:
    found = {code for folder in ("rules", "engine") for code in raised(folder)} - ELSEWHERE
    listed = frozenset().union(*CODES.values())
    assert found == listed


def explained() -> Mapping[str, Mapping[str, str]]:
    """The severity of each code, by the heading of its table."""
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    row = re.compile(r"^\| `([a-z-]+)` \| ([a-z ]+) \| \S.*? \| \S.*? \|$", re.MULTILINE)
    return {part.partition("\n")[0]: dict(row.findall(part)) for part in parts}


@pytest.mark.parametrize(("kind", "heading"), [("journey", "Journeys"), ("ruleset", "Rulesets"), ("fields", "Fields")])
def test_each_code_is_explained_in_the_reference(kind: Kind, heading: str) -> None:
    assert explained()[heading].keys() == CODES[kind]


def test_the_reference_tells_the_severity_that_a_code_has_in_journeys() -> None:
    told = explained()["Journeys"]
    assert {code for code, severity in told.items() if severity == "warning"} == WARNINGS & CODES["journey"]
    assert {code for code, severity in told.items() if severity == "error"} == CODES["journey"] - WARNINGS
