"""What the values to choose from are called, where they are of a list that we know ourselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.events.types import EVENT_TYPES, RECORDS
from engine.members.fields import base_fields
from rules.types import Title
from ui.messages import Language

_DECLARED = (
    *(each for record in RECORDS.values() for each in record.values()),
    *base_fields().values(),
    *(each for type_ in EVENT_TYPES.values() for each in type_.data.values()),
)
_KNOWN: Mapping[frozenset[str], Mapping[str, Title]] = {
    frozenset(each.titles): each.titles for each in _DECLARED if each.titles
}


def titles_of(values: Sequence[str]) -> Mapping[str, Title]:
    """The titles of the values of just such a list; none of any other, which is an author's own."""
    return _KNOWN.get(frozenset(values), {})


def called(values: Sequence[str], value: str, language: Language) -> str:
    """The title of a value alone, for people who only read; the value itself where it has none."""
    found = titles_of(values).get(value)
    return found.model_dump()[language] if found is not None else value


def choice(values: Sequence[str], value: str, language: Language) -> str:
    """What a value of a list is called: its title with the value itself, or the value alone."""
    return choice_of(titles_of(values), value, language)


def choice_of(titles: Mapping[str, Title], value: str, language: Language) -> str:
    """The same by the titles that a declaration gives its values."""
    found = titles.get(value)
    if found is None:
        return value
    return f"{found.zh}({value})" if language == "zh" else f"{found.en} ({value})"


def title_of(value: str, language: Language) -> str | None:
    """What a value is called that is called alike in all such lists; None for another."""
    found = {titles[value].model_dump()[language] for titles in _KNOWN.values() if value in titles}
    return found.pop() if len(found) == 1 else None


def search_words(values: Sequence[str]) -> str:
    """By what a field with such values is found besides its own title, in both languages."""
    return " ".join(f"{title.zh} {title.en}" for title in titles_of(values).values())
