"""What is found, with all that it names called as the pages call it: nodes by their titles, ports and events by words.

The checks name things by the ids of the document, between quotation marks; here stands which names a code speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.journeys.catalogue import Catalogue
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from rules.documents.commands import Mend
from rules.documents.pointers import found, steps_of
from rules.types import Json
from ui.definitions.places import key_words, outside_conditions, place_words
from ui.definitions.value_words import Thing
from ui.journeys.outline import node_names
from ui.messages import LANGUAGES, Language
from ui.words import wording
from ui.words.naming import Named, field_called, said

_MISSING_KEY = "The key `"


@dataclass(frozen=True)
class Spoken:
    """The words for what one document names, in both languages."""

    document: dict[str, Json]
    context: CheckContext
    thing: Thing

    def finding(self, one: Finding) -> Finding:
        """A finding with its message in the words of the pages."""
        told: dict[str, str] = {each: said(one.message[each], self._names(one, each), each) for each in LANGUAGES}
        return replace(one, message=told)

    def mend(self, of: Finding, mend: Mend) -> Mend:
        """A mend with its title in the words of the pages."""
        told: dict[str, str] = {each: said(mend.title[each], self._offered(of, each), each) for each in LANGUAGES}
        return replace(mend, title=told)

    def _names(self, of: Finding, language: Language) -> Named:
        match of.code:
            case "unknown-node" | "unreachable-node" | "dead-end" | "test-failed":
                return self._nodes[language].get
            case "hot-loop":
                return lambda name: self._nodes[language].get(name) or self._journey(name, language)
            case "unknown-port" | "missing-port" | "expires-in-quiet":
                return lambda name: wording.port(name, language)
            case "unknown-activity" | "bad-subject":
                return lambda name: self._activity(name, language)
            case "unknown-event":
                return lambda name: self._event(name, language)
            case "entry-overlap":
                return lambda name: self._event(name, language) or self._journey(name, language)
            case "unknown-field" | "type-mismatch" | "maybe-missing":
                return lambda name: field_called(name, self.context, language)
            case "schema" | "bad-params" if of.message["en"].startswith(_MISSING_KEY):
                return lambda name: _key(self.document, self.context.catalogue, of.pointer, name, language)
            case _:
                return _nothing

    def _offered(self, of: Finding, language: Language) -> Named:
        """Mends speak of what they lead to."""
        match of.code:
            case "missing-port" | "expires-in-quiet":
                return self._nodes[language].get
            case "unreachable-node":
                return self._way(language)
            case _:
                return self._names(of, language)

    def _way(self, language: Language) -> Named:
        """Of a way its node and its port, in the order in which the language tells them."""
        node, port = self._nodes[language].get, lambda name: wording.port(name, language)
        order = iter((node, port) if language == "zh" else (port, node))
        return lambda name: next(order, _nothing)(name)  # noqa: PLW0108  each name asks the next one

    @cached_property
    def _nodes(self) -> dict[Language, dict[str, str]]:
        return {each: node_names(self.document, self.context.catalogue, each) for each in LANGUAGES}

    def _journey(self, key: str, language: Language) -> str | None:
        title = self.document.get("title") if key == self.document.get("key") else self.thing("journey", key)
        return wording.title(title, language) or None

    def _activity(self, name: str, language: Language) -> str | None:
        type_ = self.context.catalogue.get(name)
        return None if type_ is None else wording.title(type_.titles, language) or None

    def _event(self, name: str, language: Language) -> str | None:
        told = wording.event(name, language)
        return told if told != name else None


def place_told(document: dict[str, Json], catalogue: Catalogue, pointer: str, language: Language) -> str:
    """Where something was found: nodes and params as pages call them, conditions as a whole."""

    def called(steps: Sequence[str]) -> str:
        match steps:
            case ["nodes", node]:
                return node_names(document, catalogue, language).get(node, "")
            case ["nodes", _, "params", name]:
                return _key(document, catalogue, pointer, name, language)
            case _:
                return ""

    return place_words(document, outside_conditions(pointer), language, called=called)


def _key(document: dict[str, Json], catalogue: Catalogue, pointer: str, key: str, language: Language) -> str:
    """What the form calls a key: a param by the words of its activity type."""
    node = found(document, steps_of(pointer)[:2])
    type_ = catalogue.get(str(node.get("activity"))) if isinstance(node, dict) else None
    schema = type_.params.model_json_schema().get("properties", {}).get(key, {}) if type_ else {}
    return wording.title(schema.get("x-title"), language) or key_words(key, language)


def _nothing(_: str) -> None:
    """No name is another one."""
