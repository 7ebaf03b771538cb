"""What operators are called where they are chosen: our words for those that have a shape, else their own titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rules.operators import OPERATORS
from rules.types import Type
from ui.conditions.choices import Choice
from ui.conditions.views import Option
from ui.messages import Language, known, text

_TIMES = frozenset({"date", "instant"})


def label(choice: Choice, subject: Type, language: Language) -> str:
    """What a choice is called for a subject of this type."""
    if choice.operator:
        title = OPERATORS[choice.operator].title if choice.operator in OPERATORS else None
        return title.of(language) if title else choice.operator
    key = f"conditions.op.{choice.shape}"
    special = f"{key}.time" if subject.kind in _TIMES else f"{key}.{subject.kind}"
    return text(language, special if known(language, special) else key)


def heading(measure: str, language: Language) -> str:
    """What is made of a field before it is compared; nothing for the field itself."""
    return text(language, f"conditions.measure.{measure}") if measure else ""


def grouped(
    found: Sequence[Choice], chosen: Choice, types: Mapping[str, Type], language: Language
) -> dict[str, list[Option]]:
    """The choices under their headings; the one that stands there is among them, however unusual it is."""
    if chosen.key not in {each.key for each in found}:
        found = [*found, chosen]
    groups: dict[str, list[Option]] = {}
    for each in found:
        name = label(each, types[each.measure], language)
        groups.setdefault(heading(each.measure, language), []).append(Option(each.key, name, each.key == chosen.key))
    return groups
