"""What a table gives, in words: each output by its title."""

from __future__ import annotations

from collections.abc import Sequence

from rules.proofs.boxes import Words
from rules.proofs.messages import NO_OUTCOME
from rules.tables.document import Output
from rules.types import Json
from rules.words import said


def outcome_words(outcome: Json, outputs: Sequence[Output]) -> Words:
    """An outcome in Chinese and English, such as "Zone = SPECIAL"."""
    if outcome is None:
        return NO_OUTCOME
    return _told(outcome, outputs, "zh"), _told(outcome, outputs, "en")


def output_words(key: str, outputs: Sequence[Output]) -> Words:
    """What people call an output."""
    return _named(key, outputs, "zh"), _named(key, outputs, "en")


def _told(outcome: Json, outputs: Sequence[Output], language: str) -> str:
    nothing = "无" if language == "zh" else "nothing"
    match outcome:
        case dict():
            return said({_named(key, outputs, language): value for key, value in outcome.items()}, nothing)
        case list() if outcome:
            return "; ".join(_told(each, outputs, language) for each in outcome[:3]) + ("; …" if outcome[3:] else "")
        case _:
            return said(outcome, nothing)


def _named(key: str, outputs: Sequence[Output], language: str) -> str:
    title = next((output.title for output in outputs if output.key == key), None)
    return (title.zh if language == "zh" else title.en) if title is not None else key
