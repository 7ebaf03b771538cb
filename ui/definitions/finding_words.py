"""What is found, with all that it names called as the pages call it: nodes by their titles, ports and events by words.

The checks name things by the ids of the document, between quotation marks; here stands which names a code speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.journeys.catalogue import Catalogue
from engine.journeys.checks.named import named
from engine.journeys.context import CheckContext
from engine.journeys.findings import Finding
from engine.journeys.parse import read
from rules.documents.commands import Mend
from rules.documents.pointers import steps_of
from rules.types import Json
from ui.definitions.places import key_words, outside_conditions, place_words
from ui.definitions.value_words import Telling, Thing
from ui.journeys.outline import node_names
from ui.messages import LANGUAGES, Language, text
from ui.scope import fields_at, offer
from ui.words import wording
from ui.words.choices import title_of
from ui.words.naming import Named, field_called, said

_MISSING_KEY = re.compile(r"The key `([^`]+)` is missing\.")


@dataclass(frozen=True)
class Spoken:
    """The words for what one document names, in both languages."""

    document: dict[str, Json]
    context: CheckContext
    thing: Thing

    def finding(self, one: Finding) -> Finding:
        """A finding with its message in the words of the pages."""
        missing = _MISSING_KEY.fullmatch(one.message["en"]) if one.code in {"schema", "bad-params"} else None
        told: dict[str, str] = {
            each: self._to_fill(one.pointer, missing[1], each)
            if missing
            else said(one.message[each], self._names(one, each), each)
            for each in LANGUAGES
        }
        return replace(one, message=told)

    def mend(self, of: Finding, mend: Mend) -> Mend:
        """A mend with its title in the words of the pages."""
        told: dict[str, str] = {each: said(mend.title[each], self._offered(of, each), each) for each in LANGUAGES}
        return replace(mend, title=told)

    def _names(self, of: Finding, language: Language) -> Named:
        match of.code:
            case "unknown-node" | "unreachable-node" | "dead-end":
                return self._nodes[language].get
            case "test-failed":
                return lambda name: self._stated(name, language)
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
                return lambda name: self._field_read(of.pointer, name, language)
            case "schema" | "bad-params":
                return lambda name: self._part(of.pointer, name, language)
            case _:
                return _nothing

    def _offered(self, of: Finding, language: Language) -> Named:
        """Mends speak of what they lead to."""
        match of.code:
            case "missing-port" | "expires-in-quiet":
                return self._nodes[language].get
            case "unreachable-node":
                return self._way(language)
            case "unknown-reference":
                return lambda name: self._named_thing(of.pointer, name, language)
            case "type-mismatch":
                return lambda name: title_of(name, language)
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

    def _to_fill(self, pointer: str, key: str, language: Language) -> str:
        return text(language, "edits.fill", name=self._field(pointer, key, language) or key)

    def _field(self, pointer: str, key: str, language: Language) -> str | None:
        """What its form calls a key at a place, be it the place itself or what is missing there."""
        steps, telling = steps_of(pointer), self._telling[language]
        places = [steps] if steps[-1:] == [key] else [[*steps, key], [*steps[:-1], key]]
        called = next((told for place in places if (told := telling.field(place))), key_words(key, language))
        return called if called != key else None

    def _field_read(self, pointer: str, path: str, language: Language) -> str | None:
        """A field that an expression reads: by its title and its path, what was saved as well."""
        called = field_called(path, self.context, language)
        if called is not None or not path.startswith(("vars.", "event.")):
            return called
        declared = fields_at("journey", self.document, pointer, self.context).get(path)
        return f"{offer(path, declared).title.model_dump()[language]} ({path})" if declared is not None else None

    def _part(self, pointer: str, name: str, language: Language) -> str | None:
        """What is called so at a place: a field, or what may be written there."""
        told = self._field(pointer, name, language) or self._telling[language].told(name, pointer)
        return told if told != name else None

    def _named_thing(self, pointer: str, key: str, language: Language) -> str | None:
        """A thing by its title with its key, by which it is known elsewhere."""
        kind = self._kinds.get(pointer)
        title = wording.title(self.thing(kind, key), language) if kind else ""
        return f"{title} ({key})" if title else None

    def _outcome(self, name: str, language: Language) -> str | None:
        told = wording.outcome(name, language)
        return told if told != name else None

    @cached_property
    def _telling(self) -> dict[Language, Telling]:
        return {each: Telling("journey", self.document, self.context, each) for each in LANGUAGES}

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """The kinds of things that the document names, by place."""
        journey = read(self.document).journey
        return {each.pointer: each.kind for each in named(journey, self.context.catalogue)} if journey else {}

    def _journey(self, key: str, language: Language) -> str | None:
        title = self.document.get("title") if key == self.document.get("key") else self.thing("journey", key)
        return wording.title(title, language) or None

    def _stated(self, name: str, language: Language) -> str | None:
        """A node, an outcome that has a word, or a coupon batch: what tests state."""
        called = self._nodes[language].get(name) or self._outcome(name, language)
        return called or wording.title(self.thing("coupon-batch", name), language) or None

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
            case ["nodes", _, "params", _, *_]:
                return Telling("journey", document, CheckContext(catalogue), language).field(steps)
            case _:
                return ""

    return place_words(document, outside_conditions(pointer), language, called=called)


def _nothing(_: str) -> None:
    """No name is another one."""
