"""The forms of a simulation: facts that the journey reads, events that it would take, a name for the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.definitions.source import value_at
from engine.events.types import INTERNAL_TYPES, RECORDS
from engine.journeys.context import CheckContext
from engine.journeys.fields import event_fields
from engine.journeys.parse import read
from engine.journeys.plan import Plan
from engine.journeys.trying import hints
from engine.journeys.trying.simulation import Simulation
from engine.members.attributes import TELLING_TYPES
from rules.types import Fields, Json
from ui.journeys.design import Design
from ui.messages import Language
from ui.trying.facts import PREFIX, Entry, Filled, fill_fields
from ui.trying.naming import name_of

SOME_TEXT = "TEST"
_KINDS = frozenset({"event.channel.kind", "event.channel.key", "event.store.key", "event.associate.key"})
"""Texts that name something: a made-up one would name nothing."""
MEMBER = "member."
_GIVEN = frozenset({"event.type", "event.time"})
"""What every event has without being asked."""
_SINCE = "member.friend_since"
"""No attribute: it follows from other events."""
_NOWHERE = "/-"
"""The place in the document of what it does not name."""
OTHER = "other"
"""The place of the form for any event; those of the events that are offered are `inject1` and so on."""


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

    def given(self) -> dict[str, list[Entry]]:
        """The facts of a made-up `person`, and what the entry `event` tells."""
        event = dict.fromkeys(path for offer in self._entries for path in offer.fields)
        paths = [*hints.given_fields(self.plan), *event]
        types = self.entry_types()
        on = {} if self.sent.get("on") in types else {"on": types[0] if types else ""}
        entries = self._fill(paths, {**self._usual(paths), **self._hinted(self._entries)}, {**self.sent, **on}).entries
        told = [entry for entry in entries if entry.path in event]
        return {"person": [entry for entry in entries if entry not in told], "event": told}

    def entry_types(self) -> list[str]:
        """The events that may start a run."""
        return [offer.on for offer in self._entries]

    def offers(self, found: Simulation) -> list[Offered]:
        """The events that the run would take where it stands, with data that would be taken."""
        return [
            Offered(offer.on, offer.role, self._entries_at(f"inject{n}", offer))
            for n, offer in enumerate(hints.offers(self.plan, found.state), 1)
        ]

    def event_types(self) -> tuple[list[str], list[str]]:
        """The types of events that may be let happen: those that the journey names, and all others."""
        others = [on for on in self.context.events if on not in self._named and on not in INTERNAL_TYPES]
        return [*self._named], others

    def other(self) -> Offered:
        """The form for any event, of the type that was chosen: what the journey reads of it, then all else it tells."""
        on = self.sent.get("on", "") if self.sent.get("place") == OTHER else ""
        offer = self._named.get(on, hints.Offer(on, (), _NOWHERE, OTHER))
        return Offered(on, OTHER, self._entries_at(OTHER, offer, self._told(on)))

    def filled(self) -> Filled:
        """What was sent, as facts: of a real member only what the event tells, for the rest is as it is."""
        paths = [name.removeprefix(PREFIX) for name in self.sent if name.startswith(PREFIX)]
        asked = "event." if self.sent.get("member", "").strip() else ""
        return self._fill([path for path in paths if path.partition(".")[2] and path.startswith(asked)], {})

    def test_name(self, found: Simulation, design: Design) -> str:
        """A name for the test that the walk may become."""
        nodes = {step.id: step.name for step in design.steps}
        return name_of(found, test_names(self.document), nodes, self.language)

    @cached_property
    def known(self) -> Fields:
        """Every field that a form may hold."""
        events = self.context.events
        of_events = {path: each for kind in events for path, each in event_fields(kind, events).items()}
        attributes = {_told_as(path): each for path, each in self.context.fields.items() if path.startswith(MEMBER)}
        return {**attributes, **of_events, **self._declared}

    def _known_of(self, on: str) -> Fields:
        """The same; what several types of events tell under one name is as this type declares it."""
        of_one = self.context.events.get(on, {})
        return {**self.known, **of_one, **self._declared}

    @cached_property
    def _declared(self) -> Fields:
        """What HQ and the document declare, which goes before what events do."""
        journey = read(self.document).journey
        return {**self.context.fields, **(journey.fields if journey else {})}

    @cached_property
    def _entries(self) -> list[hints.Offer]:
        return hints.entry_offers(self.plan, self.context.events)

    @cached_property
    def _named(self) -> dict[str, hints.Offer]:
        return hints.named_offers(self.plan, self.context.events)

    def _told(self, on: str) -> list[str]:
        """What an event of this type tells: of a record its key, and all that the journey reads."""
        known = self.context.events.get(on, {})
        records = tuple(f"event.{record}." for record in RECORDS)
        own = [path for path in known if path not in _GIVEN and not path.startswith(records)]
        kept = [path for path in known if path.startswith(records) and _is_kept(path, self.plan)]
        return [*self._attributes(on), *own, *kept]

    def _attributes(self, on: str) -> list[str]:
        """The attributes of the member that such an event may tell and the journey reads."""
        read = sorted(path for path in self.plan.fields if path.startswith(MEMBER)) if on in TELLING_TYPES else []
        told = [path for path in read if path != _SINCE and (each := self.context.fields.get(path)) and each.optional]
        return [_told_as(path) for path in told]

    def _entries_at(self, place: str, offer: hints.Offer, more: Iterable[str] = ()) -> Sequence[Entry]:
        """A form of the page: filled with what was sent where it is the one that was sent."""
        sent = self.sent if self.sent.get("place") == place else {}
        paths = [*dict.fromkeys([*offer.fields, *more])]
        return self._fill(paths, self._hinted([offer]), {"on": offer.on, **sent}).entries

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

    def _fill(self, paths: Sequence[str], hinted: Mapping[str, str], sent: Mapping[str, str] | None = None) -> Filled:
        written = self.sent if sent is None else sent
        filled = {**{f"{PREFIX}{path}": value for path, value in hinted.items()}, **written}
        known = self._known_of(written.get("on", ""))
        return fill_fields(paths, known, self.plan.zone, filled, self.language)


def test_names(document: Mapping[str, Json]) -> list[str]:
    """The names of the document's tests in their order; empty where one cannot be read."""
    tests = document.get("tests")
    named = tests if isinstance(tests, list) else []
    return [str(each.get("name", "")) if isinstance(each, dict) else "" for each in named]


def _told_as(path: str) -> str:
    """Where an event tells an attribute of the member."""
    return f"event.{path.removeprefix(MEMBER)}"


def _is_kept(path: str, plan: Plan) -> bool:
    return path.endswith(".key") or path in plan.fields


def _pointer(path: str) -> str:
    return "/" + path.replace(".", "/")


def _plain(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
