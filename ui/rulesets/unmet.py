"""Why a test of a ruleset does not hold, each statement in words: outputs by their titles, shares in per cent."""

from __future__ import annotations

from collections.abc import Mapping

from rules.documents.report import TestResult
from rules.types import Json
from rules.writing import summed
from ui.messages import Language, known, text
from ui.words import effects, wording


def unmet(test: TestResult, document: Mapping[str, Json], language: Language) -> list[str]:
    """What a test expected, and what came."""
    outputs = _outputs(document)
    return [
        text(
            language,
            "rules.difference",
            field=_name(each.field, outputs, language),
            expected=_told(each.expected, each.field, outputs, language),
            actual=_told(each.actual, each.field, outputs, language),
        )
        for each in test.differences
    ]


def _outputs(document: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    listed = document.get("outputs")
    return {
        str(each.get("key")): each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)
    }


def _name(field: str, outputs: Mapping[str, Mapping[str, Json]], language: Language) -> str:
    """What an output, or what tests state beside outputs, is called."""
    if field in outputs:
        return wording.title(outputs[field].get("title"), language, field)
    key = f"rules.stated.{field}"
    return text(language, key) if known(language, key) else field


def _told(value: Json, field: str, outputs: Mapping[str, Mapping[str, Json]], language: Language) -> str:
    match value:
        case list() if any(isinstance(each, dict) for each in value):
            join = text(language, "words.join")
            return join.join(_told(each, field, outputs, language) for each in value)
        case dict() if value.keys() <= outputs.keys() and value:
            items = text(language, "words.items")
            return items.join(
                f"{_name(key, outputs, language)} = {_told(each, key, outputs, language)}"
                for key, each in value.items()
            )
        case int() if not isinstance(value, bool) and field in outputs:
            return summed(value, str(outputs[field].get("type")))
        case str() if field == "reason" and known(language, f"reason.{value}"):
            return text(language, f"reason.{value}")
        case _:
            return effects.plain(value, language)
