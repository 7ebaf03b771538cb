"""What an alert knows of its cause, in the reader's language: a label and a value each, what matters first."""

from collections.abc import Mapping

from rules.types import Json
from ui.messages import Language, known, text
from ui.words import wording

_ORDER = ("kind", "reason", "condition", "journey", "node", "run", "failed", "of", "api", "code", "error", "message")


def facts(detail: Mapping[str, Json], language: Language) -> list[tuple[str, str]]:
    """Labels and values of the detail. A name or value that has no word of ours stands as it was told."""
    ranked = sorted((name for name, value in detail.items() if value not in ("", None)), key=_rank)
    return [(_label(name, language), _value(name, detail[name], language)) for name in ranked]


def _rank(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _label(name: str, language: Language) -> str:
    key = f"alert_fact.{name}"
    return text(language, key) if known(language, key) else name


def _value(name: str, value: Json, language: Language) -> str:
    match name:
        case "reason":
            return wording.reason(value, language)
        case "kind":
            key = f"job_kind.{value}"
            return text(language, key) if known(language, key) else str(value)
        case "run":
            return f"#{value}"
        case _:
            return wording.plain_json(value)
