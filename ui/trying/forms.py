"""The forms of a simulation: facts that the journey reads, events that it would take, a name for the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.definitions.source import value_at
from engine.journeys.context import CheckContext
from engine.journeys.fields import event_fields
from engine.journeys.parse import read
from engine.journeys.plan import Plan
from engine.journeys.trying import hints
from engine.journeys.trying.simulation import Simulation
from engine.journeys.trying.walks import named
from rules.types import Fields, Json
from ui.journeys.design import Design
from ui.messages import Language, text
from ui.trying.facts import PREFIX, Entry, Filled, fill_fields
from ui.words import wording

SOME_TEXT = "TEST"
_KINDS = frozenset({"event.channel.kind", "event.channel.key", "event.store.key", "event.associate.key"})
"""Texts that name something: a made-up one would name nothing."""


@dataclass(frozen=True)
class Offered:
    """An event that the run would take, with a form for its data."""

    on: str
    role: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class WalkForms:
    """Makes the forms of a plan, filled with what was sent."""

    plan: Plan
    document: dict[str, Json]
    context: CheckContext
    language: Language
    sent: Mapping[str, str]

    def given(self) -> list[Entry]:
        """The facts of a made-up member, and what the entry event tells."""
        event = dict.fromkeys(path for offer in self._entries for path in offer.fields)
        paths = [*hints.given_fields(self.plan), *event]
        return self._fill(paths, {**self._usual(paths), **self._hinted(self._entries)}).entries

    def entry_types(self) -> list[str]:
        """The events that may start a run."""
        return [offer.on for offer in self._entries]

    def offers(self, found: Simulation) -> list[Offered]:
        """The events that the run would take where it stands, with data that would be taken."""
        return [
            Offered(offer.on, offer.role, self._fill(offer.fields, self._hinted([offer])).entries)
            for offer in hints.offers(self.plan, found.state)
        ]

    def filled(self) -> Filled:
        """What was sent, as facts: of a real member only what the event tells, for the rest is as it is."""
        paths = [name.removeprefix(PREFIX) for name in self.sent if name.startswith(PREFIX)]
        asked = "event." if self.sent.get("member", "").strip() else ""
        return self._fill([path for path in paths if path.partition(".")[2] and path.startswith(asked)], {})

    def test_name(self, found: Simulation, design: Design) -> str:
        """A name for the test that the walk may become."""
        taken = set(test_names(self.document))
        called = {step.id: step.name for step in design.steps}
        ends = {str(outcome): wording.outcome(outcome, self.language) for outcome in [found.outcome] if outcome}
        return named(found, taken, {**called, **ends, "": text(self.language, "trying.nobody_enters")})

    @cached_property
    def known(self) -> Fields:
        """Every field that a form may hold."""
        journey = read(self.document).journey
        kinds = [event_fields(kind, self.context.events) for kind in self.context.events]
        of_events = {path: each for fields in kinds for path, each in fields.items()}
        return {**of_events, **self.context.fields, **(journey.fields if journey else {})}

    @cached_property
    def _entries(self) -> list[hints.Offer]:
        return hints.entry_offers(self.plan, self.context.events)

    def _usual(self, paths: Iterable[str]) -> dict[str, str]:
        """What the first test gives; what is always known and is no text is false or nothing."""
        tests = self.document.get("tests")
        first = tests[0] if isinstance(tests, list) and tests else None
        given = first.get("given") if isinstance(first, dict) else None
        told = {path: _plain(value) for path in paths if (value := value_at(given, _pointer(path))) is not None}
        sure = {
            path for path in paths if (each := self.known.get(path)) and not each.optional and each.type == "boolean"
        }
        return {**dict.fromkeys(sure, "false"), **told}

    def _hinted(self, offers: Iterable[hints.Offer]) -> dict[str, str]:
        """Values with which the conditions of these events may be true; texts that are read later get some text."""
        found: dict[str, str] = {}
        for offer in offers:
            for path in offer.fields:
                if (declared := self.known.get(path)) and declared.type == "text" and path not in _KINDS:
                    found[path] = SOME_TEXT
            for path, value in hints.hints(value_at(self.document, offer.pointer)).items():
                if path in offer.fields:
                    found[path] = _plain(value)
            found.update({path: _plain(value) for path, value in offer.sure.items()})
        return found

    def _fill(self, paths: Sequence[str], hinted: Mapping[str, str]) -> Filled:
        sent = {**{f"{PREFIX}{path}": value for path, value in hinted.items()}, **self.sent}
        return fill_fields(paths, self.known, self.plan.zone, sent, self.language)


def test_names(document: Mapping[str, Json]) -> list[str]:
    """The names of the document's tests in their order; empty where one cannot be read."""
    tests = document.get("tests")
    named = tests if isinstance(tests, list) else []
    return [str(each.get("name", "")) if isinstance(each, dict) else "" for each in named]


def _pointer(path: str) -> str:
    return "/" + path.replace(".", "/")


def _plain(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
