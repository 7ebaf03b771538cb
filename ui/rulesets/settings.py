"""What holds for a ruleset beside its rows, as the form of its editor shows it and as commands set it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rules.tables.document import OUTPUT_TYPES
from rules.tables.scalars import NotationError, as_json, manner_of, read_json, read_value, write_value
from rules.types import Json
from ui.messages import Language, text

Document: TypeAlias = Mapping[str, Json]
Sent: TypeAlias = Mapping[str, str]

HITS = ("unique", "first", "any", "collect")
AGGREGATES = ("list", "sum", "min", "max", "count")
UNKNOWNS = ("otherwise", "skip", "error")
FIELD_TYPES = (
    "text", "enum", "integer", "decimal", "money", "boolean", "date", "instant", "duration", "tags", "ref:store",
)  # fmt: skip
GIVEN_TYPES = (*OUTPUT_TYPES, "ref:store", "ref:price_zone", "ref:associate", "ref:region")


_WHOLE = "-?[0-9]{1,15}"


class TermError(ValueError):
    """What was sent cannot hold; `message` says why in the reader's language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Given:
    """One output of `otherwise`, as it is written in a cell."""

    key: str
    type_name: str
    text: str


def value_of(term: str, document: Document, sent: Sent, language: Language) -> Json:
    """The value of a term from its form; null takes it away. Raises TermError."""
    match term:
        case "title" | "note":
            return _words(document.get(term), sent)
        case "hit" | "on_unknown" | "aggregate" | "time_zone":
            return sent.get("value", "").strip() or None
        case "complete":
            return True if sent.get("value") == "true" else None
        case "total":
            return _total(sent, language)
        case _:
            return _otherwise(document, sent, language)


def otherwise_of(document: Document) -> list[Given] | None:
    """What `otherwise` gives, output by output; None where it is a list or something else."""
    given = document.get("otherwise")
    if given is not None and not isinstance(given, dict):
        return None
    found = []
    for key, type_name in outputs_of(document):
        value = (given or {}).get(key)
        shown = "" if key not in (given or {}) else _shown(value, type_name)
        found.append(Given(key, type_name, shown))
    return found


def outputs_of(document: Document) -> list[tuple[str, str]]:
    """The keys and types of the outputs that can be read."""
    outputs = document.get("outputs")
    listed = [each for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else []
    return [(str(each["key"]), str(each.get("type", "text"))) for each in listed if isinstance(each.get("key"), str)]


def declaration_of(sent: Sent, language: Language) -> tuple[str, dict[str, Json]]:
    """A field that a ruleset declares itself: its path and its declaration. Raises TermError."""
    path, kind = sent.get("path", "").strip(), sent.get("type", "").strip() or "text"
    if not path:
        raise TermError(text(language, "grid.field.no_path"))
    declared: dict[str, Json] = {"type": kind}
    if values := _listed(sent.get("values", "")):
        declared["values"] = [*values]
    for bound in ("min", "max"):
        if given := sent.get(bound, "").strip():
            declared[bound] = int(given) if re.fullmatch(_WHOLE, given) else given
    if currency := sent.get("currency", "").strip():
        declared["currency"] = currency
    if sent.get("optional") == "true":
        declared["optional"] = True
    if words := _words(None, sent):
        declared["title"] = words
    return path, declared


def output_of(sent: Sent) -> dict[str, Json]:
    """A new output from its form."""
    made: dict[str, Json] = {"key": sent.get("key", "").strip(), "type": sent.get("type", "").strip() or "text"}
    if values := _listed(sent.get("values", "")):
        made["values"] = [*values]
    if currency := sent.get("currency", "").strip():
        made["currency"] = currency
    if sent.get("optional") == "true":
        made["optional"] = True
    if words := _words(None, sent):
        made["title"] = words
    return made


def promise_of(sent: Sent, taken: Sequence[str], language: Language) -> dict[str, Json]:
    """A promise between contexts from its form. Raises TermError."""
    vary, among, same = (sent.get(name, "").strip() for name in ("vary", "among", "same"))
    if not vary or len(_listed(among)) < 2 or not _listed(same):
        raise TermError(text(language, "grid.promise.unfinished"))
    name, number = "promise", 1
    while (made := f"{name}-{number}") in taken:
        number += 1
    severity: dict[str, Json] = {"severity": "error"} if sent.get("severity") == "error" else {}
    return {"id": made, "vary": vary, "among": [*_listed(among)], "same": [*_listed(same)], **severity}


def _words(before: Json, sent: Sent) -> Json:
    """A text in both languages: one stands for the other; as it was written where it says the same."""
    zh, en = sent.get("zh", "").strip(), sent.get("en", "").strip()
    if not zh and not en:
        return None
    if isinstance(before, str) and zh == en == before:
        return before
    return {"zh": zh or en, "en": en or zh}


def _total(sent: Sent, language: Language) -> Json:
    of, kind, amount = (sent.get(name, "").strip() for name in ("of", "kind", "amount"))
    if not of or not kind:
        return None
    if not re.fullmatch(_WHOLE, amount) or amount.startswith("-"):
        raise TermError(text(language, "grid.total.no_amount"))
    return {"of": of, "max" if kind == "max" else "is": int(amount)}


def _otherwise(document: Document, sent: Sent, language: Language) -> Json:
    if sent.get("has") != "true":
        return None
    try:
        if (whole := sent.get("json")) is not None:
            return read_json(whole.strip() or "{}")
        given: dict[str, Json] = {}
        for key, type_name in outputs_of(document):
            if written := sent.get(f"given.{key}", "").strip():
                given[key] = read_value(written, manner_of(type_name))
    except NotationError as error:
        raise TermError(error.message[language]) from error
    return given


def _shown(value: Json, type_name: str) -> str:
    try:
        return write_value(value, manner_of(type_name))
    except NotationError:
        return as_json(None)


def _listed(written: str) -> list[str]:
    """What stands between commas."""
    return [each.strip() for each in written.replace("\uff0c", ",").replace("、", ",").split(",") if each.strip()]
