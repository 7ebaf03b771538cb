"""Why a run or a walk went its way, in words: what each condition came to, the event, the time, what a ruleset saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.journeys.trying.recorded import Because
from engine.journeys.trying.tracing import Reason
from rules.types import Fields, Json, Type
from rules.writing import written
from rules.zones import HOME
from ui.messages import Language, text
from ui.rulesets.tables import field_name, named
from ui.words import effects, wording
from ui.words.choices import called


@dataclass(frozen=True)
class Said:
    """A condition that was asked: `port` is where it would have led, `missing` names the fields that would decide."""

    reason: Reason
    verdict: str
    sentence: str
    parts: tuple[tuple[str, str], ...]
    missing: str = ""
    port: str | None = None


@dataclass(frozen=True)
class Why:
    """A line of a run: why in one sentence, its conditions, and what was looked at."""

    sentence: str = ""
    said: tuple[Said, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()


def said(reason: Reason, fields: Fields, language: Language, port: str | None = None) -> Said:
    """A condition with its parts in words; what is personal is withheld."""
    explanation = reason.explanation or {}
    parts = explanation.get("parts")
    return Said(
        reason,
        verdict_of(reason),
        _sentence(explanation, language) or reason.pointer,
        tuple(_part(part, language) for part in parts if isinstance(part, dict)) if isinstance(parts, list) else (),
        named(reason.missing, fields, language),
        port,
    )


def verdict_of(reason: Reason) -> str:
    """true, false, unknown or error."""
    if reason.error:
        return "error"
    return "unknown" if reason.value is None else str(reason.value).lower()


def why(told: Because, fields: Fields, language: Language) -> Why:
    """Why a line of a run came to be."""
    fields = {**fields, **(told.fields or {})}
    conditions = tuple(said(reason, fields, language, port) for reason, port in told.reasons)
    looked = (told.seen or {}).items()
    seen = [(field_name(path, fields, language), value_of(path, value, fields, language)) for path, value in looked]
    if told.hidden:
        seen.append((text(language, "timeline.why.personal", n=told.hidden), text(language, "trying.hidden")))
    return Why(_one(told, language), conditions, tuple(seen))


def _one(told: Because, language: Language) -> str:
    """The reason where it is no condition."""
    if told.event is not None:
        return text(language, "timeline.why.event", event=wording.event(told.event, language))
    if told.share is not None:
        return text(language, "timeline.why.split", share=wording.share(told.share / 10_000))
    if told.passed is None:
        return ""
    length = wording.iso_duration(told.passed, language) if told.passed else ""
    if not told.awaited:
        return text(language, "timeline.why.delay", length=length)
    events = text(language, "list.or").join(wording.event(each, language) for each in told.awaited)
    return text(language, "timeline.why.timeout", length=length, events=events)


def value_of(path: str, value: Json, fields: Fields, language: Language) -> str:
    """A fact in words."""
    declared = fields.get(path)
    if declared is not None and declared.values and isinstance(value, str):
        return called(declared.values, value, language)
    if declared is not None and declared.type == "instant" and isinstance(value, str):
        return _instant(value, declared.value_type, language)
    return effects.plain(value, language)


def _instant(value: str, type_: Type, language: Language) -> str:
    """A time as sentences show it; what was given and is none stays as it is."""
    try:
        return written(datetime.fromisoformat(value), type_, language, HOME)
    except ValueError:
        return value


def _part(part: Mapping[str, Json], language: Language) -> tuple[str, str]:
    """A sub-expression and what it came to."""
    if part.get("unknown"):
        value = text(language, "trying.unknown")
    elif part.get("personal") and part.get("value") is None:
        value = text(language, "trying.hidden")
    else:
        value = effects.plain(part.get("value"), language)
    return _sentence(part, language), value


def _sentence(explanation: Mapping[str, Json], language: Language) -> str:
    told = explanation.get("sentence")
    return str(told.get(language, "")) if isinstance(told, dict) else ""
