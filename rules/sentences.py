"""A rule in words, in Chinese and in English: what its nodes say, put together with brackets where they are needed.

Each class of nodes has `sentence`; operators have a `template`, and their own `sentence` where that does not do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from rules.tree import Binding, Expression, Value
from rules.types import Type
from rules.writing import titled

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Words(NamedTuple):
    """Words of the same meaning, in Chinese and in English."""

    zh: str
    en: str

    def of(self, language: Language) -> str:
        """Those of a language."""
        return self.zh if language == "zh" else self.en


LISTED = 10
"""Items of a list that are written out; of more it is said how many there are."""

_PLAIN = re.compile(r"[\w./@*+-]+")
_ORDINARY_WORD = re.compile(r"[A-Z][a-z]*\b")


class Speaker:
    """Puts the nodes of a checked rule into one language; instants are those of `zone`."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone

    def say(self, node: Expression) -> str:
        """The words of a node."""
        return node.sentence(self)

    def part(self, node: Expression, least: Binding = Binding.TERM) -> str:
        """The words of a node as a part of others: in brackets when they hold together less than they must there."""
        return f"({self.say(node)})" if node.binding < least else self.say(node)

    @property
    def none(self) -> str:
        """An empty list."""
        return Words("(空)", "(nothing)").of(self.language)

    def fill(self, template: Words, parts: Sequence[str]) -> str:
        """A template with `{0}`, `{1}`, … and `{all}` for all parts one after the other."""
        return template.of(self.language).format(*parts, all=self.listed(parts))

    def listed(self, parts: Sequence[str]) -> str:
        """Several things of equal rank; only the first of many."""
        comma = Words("、", ", ").of(self.language)
        if len(parts) <= LISTED:
            return comma.join(parts)
        more = Words(f" 等 {len(parts)} 项", f" and {len(parts) - LISTED} more").of(self.language)
        return comma.join(parts[:LISTED]) + more

    def either(self, parts: Sequence[str]) -> str:
        """Several things of which one will do; of none, that they are still to be chosen."""
        if not parts:
            return Words("(还没有选值)", "(no value chosen yet)").of(self.language)
        if len(parts) < 2:
            return self.listed(parts)
        if len(parts) > LISTED:
            return Words("{} 之一", "one of {}").of(self.language).format(self.listed(parts))
        return Words("{} 或 {}", "{} or {}").of(self.language).format(self.listed(parts[:-1]), parts[-1])

    def value(self, value: Value, type_: Type) -> str:
        """A known value, by its title if it has one: in quotation marks where it would run into the words around it."""
        text = titled(value, type_, self.language, self.zone)
        is_text = type_.kind in ("text", "enum", "ref", "any")
        return text if not is_text or _PLAIN.fullmatch(text) else self.quoted(text)

    def quoted(self, text: str) -> str:
        """A text in the quotation marks of the language."""
        return Words("「{}」", "“{}”").of(self.language).format(text)

    def called(self, title: str) -> str:
        """A title within a sentence: in English it begins small, unless its first word is a name such as WeCom."""
        if self.language == "en" and _ORDINARY_WORD.match(title):
            return title[0].lower() + title[1:]
        return title


def sentence(node: Expression, language: Language, zone: ZoneInfo) -> str:
    """A checked node in words."""
    return Speaker(language, zone).say(node)


def sentences(node: Expression, zone: ZoneInfo) -> dict[str, str]:
    """The same in both languages."""
    return {language: sentence(node, language, zone) for language in LANGUAGES}
