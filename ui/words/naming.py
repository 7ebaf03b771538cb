"""Names in a sentence of the checks, which stand between quotation marks, called as the pages call them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from engine.journeys.context import CheckContext
from rules.types import Declaration, Problem, Title
from ui.messages import LANGUAGES, Language
from ui.words import wording

Named: TypeAlias = Callable[[str], str | None]
"""What a name is called; None where it is called by itself."""

_QUOTED: Mapping[Language, re.Pattern[str]] = {
    "zh": re.compile("([“「])([^“”「」]{1,300})([”」])"),
    "en": re.compile("(`)([^`]{1,300})(`)"),
}


def said(sentence: str, named: Named, language: Language) -> str:
    """The sentence with what its names are called."""

    def word(quoted: re.Match[str]) -> str:
        name = named(quoted[2])
        if name is None:
            return quoted[0]
        return f"“{name}”" if language == "en" else f"{quoted[1]}{name}{quoted[3]}"

    return _QUOTED[language].sub(word, sentence)


def field_called(path: str, context: CheckContext, language: Language) -> str | None:
    """A field's title and its path, by which formulas know it."""
    declared = context.fields.get(path) or next(
        (fields[path] for fields in context.events.values() if path in fields), None
    )
    told = _title(declared, language)
    return f"{told} ({path})" if told else None


def problem_told(problem: Problem, context: CheckContext) -> Problem:
    """A problem of a rule or a table in the words of the pages: they speak of fields."""
    told: dict[str, str] = {}
    for each in LANGUAGES:
        told[each] = said(problem.message[each], _fields(context, each), each)
    return replace(problem, message=told)


def _fields(context: CheckContext, language: Language) -> Named:
    return lambda path: field_called(path, context, language)


def _title(declared: Declaration | None, language: Language) -> str:
    title = declared.title if declared is not None else None
    return wording.title(title.model_dump() if isinstance(title, Title) else title, language)
