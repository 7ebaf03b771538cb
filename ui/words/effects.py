"""What an effect does and what an event tells, in one line: params and fields by what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from engine.journeys.catalogue import Catalogue
from engine.journeys.fields import event_fields
from rules.types import Declaration, Fields, Json, Title
from ui.messages import Language, text
from ui.words import wording
from ui.words.choices import called

Titles: TypeAlias = Mapping[tuple[str, str], Mapping[str, str]]
"""What the things are called that effects name, such as `("batch", "HOOK-2026")`."""


def effect(activity: str, params: Mapping[str, Json], catalogue: Catalogue, titles: Titles, language: Language) -> str:
    """An effect with its params, such as "Issue a coupon (Coupon batch: Welcome)"."""
    name = wording.activity(activity, catalogue, language)
    said = told(activity, params, catalogue, titles, language)
    return text(language, "words.with", what=name, parts=pairs(said, language)) if said else name


def told(
    activity: str, params: Mapping[str, Json], catalogue: Catalogue, titles: Titles, language: Language
) -> list[tuple[str, str]]:
    """The params of an effect: what each is called, and its value; what says nothing is left out."""
    known = catalogue.get(activity)
    named = known.params.model_json_schema().get("properties", {}) if known else {}
    return [
        (_called(named.get(name), name, language), _written(value, name, titles, language))
        for name, value in params.items()
        if value not in (None, "", [], {})
    ]


def happened(on: str, data: Mapping[str, Json], events: Mapping[str, Fields], language: Language) -> str:
    """What an event tells, in one line."""
    return pairs(happenings(on, data, events, {}, language), language)


def happenings(
    on: str, data: Mapping[str, Json], events: Mapping[str, Fields], titles: Titles, language: Language
) -> list[tuple[str, str]]:
    """What an event tells: each field by its title, that of another type's field where this one has none."""
    others = {path: each for kind in events.values() for path, each in kind.items()}
    fields = {**others, **event_fields(on, events)}
    return [
        (_named(path, fields, language), _happened(path, value, fields, titles, language))
        for path, value in _leaves("event", {**data})
    ]


def _named(path: str, fields: Fields, language: Language) -> str:
    """What a field is called; one that names a record, such as the channel's key, by the record's own name."""
    record = _RECORDS.get(path)
    return text(language, record) if record and path not in fields else _title(fields.get(path), path, language)


def _happened(path: str, value: Json, fields: Fields, titles: Titles, language: Language) -> str:
    declared, name = fields.get(path), path.rpartition(".")[2]
    match value:
        case str() if declared is not None and declared.values:
            return called([*declared.values], value, language)
        case str():
            return wording.title(titles.get((name, value)), language, value)
        case list() if declared is not None and isinstance(declared.of, Mapping):
            of = {inner: _title(each, inner, language) for inner, each in declared.of.items()}
            return text(language, "words.items").join(
                pairs([(of.get(inner, inner), plain(each, language)) for inner, each in item.items()], language)
                for item in value
                if isinstance(item, dict)
            )
        case _:
            return plain(value, language)


def pairs(said: Iterable[tuple[str, str]], language: Language) -> str:
    """Names and values in one line."""
    join = text(language, "words.join")
    return join.join(text(language, "words.pair", name=name, value=value) for name, value in said)


def plain(value: Json, language: Language) -> str:
    """A value of a document, without brackets and quotes."""
    match value:
        case bool():
            return text(language, "try.true" if value else "try.false")
        case None:
            return text(language, "trying.nothing")
        case list():
            return text(language, "words.items").join(plain(each, language) for each in value)
        case dict():
            return pairs([(name, plain(each, language)) for name, each in value.items()], language)
        case _:
            return wording.plain_json(value)


def _written(value: Json, name: str, titles: Titles, language: Language) -> str:
    match value:
        case str():
            return wording.title(titles.get((name, value)), language, value)
        case list():
            return text(language, "words.items").join(_written(each, name, titles, language) for each in value)
        case dict():
            return pairs([(inner, _written(each, inner, titles, language)) for inner, each in value.items()], language)
        case _:
            return plain(value, language)


_RECORDS = {
    "event.channel": "column.channel",
    "event.store": "column.store",
    "event.associate": "column.associate",
    "event.journey": "column.journey",
}


def _called(schema: Any, name: str, language: Language) -> str:
    return wording.title(schema.get("x-title") if isinstance(schema, dict) else None, language, name)


def _title(declared: Declaration | None, path: str, language: Language) -> str:
    called = declared.title if declared else None
    return wording.title(called.model_dump() if isinstance(called, Title) else called, language, path)


def _leaves(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """The values with their paths; what holds others is opened."""
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}", each)
    elif value not in (None, "", [], {}):
        yield path, value
