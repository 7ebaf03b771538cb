"""The fields that an author may use at a place of a document, and how they are offered to choose from.

`fields_at` answers what the checks see there; `offers` puts titles in both languages to them, in groups, for chips and
searches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.definitions.source import value_at
from engine.journeys.document import Journey
from engine.journeys.fields import DocumentFields
from engine.journeys.parse import read
from engine.rulesets.fields import seen_by
from rules.fields import MOMENT
from rules.pointers import key_of
from rules.types import Declaration, Fields, Json, Title
from ui.messages import LANGUAGES, known, text
from ui.words.choices import search_words

if TYPE_CHECKING:
    from engine.definitions.kinds import Kind
    from engine.journeys.context import CheckContext

OF_AUDIENCES = ("member.", "store.", "associate.")
"""What fields begin with that need no event: all that is known of somebody at any time."""

GROUPS = ("item", "member", "store", "associate", "event", "vars", "run", "moment", "other")
"""In the order in which they are offered."""

MOMENTS: Fields = {path: Declaration(type=of.kind) for path, of in MOMENT.items()}
"""What is there everywhere without being declared."""

_AUDIENCE_PLACES = frozenset({"audience", "becomes", "date"})


def fields_at(kind: Kind, document: dict[str, Json], pointer: str, context: CheckContext) -> Fields:
    """The fields that expressions and conditions see at a place, as the checks see them there; never raises.

    `event.*` is the event being tested in a `when` of entry, goal, exits and a wait's `for`, else the entry event.
    In a cell of a table, the path `""` is the cell's own value. `now` and `today` are not among them: they are
    everywhere.
    """
    match kind:
        case "journey":
            return _of_journey(document, pointer, context)
        case "ruleset":
            return _of_ruleset(document, pointer, context)
        case _:
            return context.fields


def inside(fields: Fields, lines: Declaration) -> Fields:
    """What a condition on the items of a list sees: the item's own fields first, then those outside."""
    if lines.value_type.kind == "tags":
        return {**fields, "": Declaration(type="enum", values=lines.values) if lines.values else _TEXT}
    if isinstance(lines.of, Declaration):
        return {**fields, "": lines.of}
    return {**fields, **(lines.of or {})}


_TEXT = Declaration(type="text")


# Journeys


def _of_journey(document: dict[str, Json], pointer: str, context: CheckContext) -> Fields:
    journey = read(document).journey
    if journey is None:
        return context.fields
    scope = DocumentFields(journey, context.catalogue, context.fields, context.events, context.rulebook)
    match pointer.split("/")[1:]:
        case ["entry", _, key, *_] if key in _AUDIENCE_PLACES:
            return _of_audience(journey, context)
        case ["entry", index, *_]:
            return scope.at_entry(_event_of(document, f"/entry/{index}"))
        case ["goal", *_]:
            return scope.at_event(_event_of(document, "/goal"))
        case ["exits", index, *_]:
            return scope.at_event(_event_of(document, f"/exits/{index}"))
        case ["nodes", node, "for", index, *_] if index.isdecimal():
            return scope.at_event(_event_of(document, f"/nodes/{node}/for/{index}"))
        case ["nodes", node, *_]:
            return scope.at_node(key_of(node))
        case _:
            return scope.at_node("")


def _event_of(document: dict[str, Json], place: str) -> str:
    """The event type that is tested there; what only looks like one has no fields but those of all events."""
    named = value_at(document, f"{place}/on")
    return named if isinstance(named, str) else ""


def _of_audience(journey: Journey, context: CheckContext) -> Fields:
    """All that is known of somebody without an event."""
    declared = {path: each for path, each in journey.fields.items() if path.startswith(OF_AUDIENCES)}
    everywhere = {path: each for path, each in context.fields.items() if path.startswith(OF_AUDIENCES)}
    return {**declared, **everywhere}


# Rulesets


def _of_ruleset(document: dict[str, Json], pointer: str, context: CheckContext) -> Fields:
    fields, _ = seen_by(document, context)
    match pointer.split("/")[1:]:
        case ["rows", _, "when", index, *_]:
            own = fields.get(str(value_at(document, f"/inputs/{index}/field")))
            return fields if own is None else {**fields, "": own}
        case _:
            return fields


# How they are offered


@dataclass(frozen=True)
class Offer:
    """A field to choose: its path, what people call it, and which group it stands in."""

    path: str
    title: Title
    declaration: Declaration
    group: str

    @property
    def kind(self) -> str:
        """The kind of its values: `integer`, `ref`, …"""
        return self.declaration.value_type.kind

    @property
    def search_words(self) -> str:
        """What its values are called, by which it is found as well."""
        return search_words(self.declaration.values or ())

    def matches(self, query: str) -> bool:
        """Whether all words of a search stand in its title, in either language, in its path, or among its values."""
        said = f"{self.title.zh} {self.title.en} {self.path} {self.search_words}".casefold()
        return all(word in said for word in query.casefold().split())


def offers(fields: Fields, *, own: Mapping[str, Declaration] | None = None) -> list[Offer]:
    """The fields to choose from with `now` and `today`, group by group; `own` are those of the item of a list."""
    found = [offer(path, each, own=own) for path, each in {**MOMENTS, **fields}.items()]
    return sorted(found, key=lambda each: (GROUPS.index(each.group), _order(each)))


def offer(path: str, declaration: Declaration, *, own: Mapping[str, Declaration] | None = None) -> Offer:
    """One field to choose."""
    group = "item" if path == "" or (own is not None and path in own) else _group(path)
    return Offer(path, _title(path, declaration), declaration, group)


def search(offered: Sequence[Offer], query: str) -> list[Offer]:
    """Those that a search finds; titles that begin with it first."""
    begun = query.strip().casefold()
    found = [each for each in offered if each.matches(query)]
    return sorted(found, key=lambda each: not _titles_begin(each, begun))


def _titles_begin(each: Offer, begun: str) -> bool:
    return each.title.zh.casefold().startswith(begun) or each.title.en.casefold().startswith(begun)


def _group(path: str) -> str:
    if path in MOMENT:
        return "moment"
    owner = path.partition(".")[0]
    return owner if owner in GROUPS else "other"


def _order(each: Offer) -> str:
    """Within a group in the order of declaration, but what was saved is kept together by its name."""
    return each.path.split(".")[1] if each.group == "vars" else ""


def _title(path: str, declaration: Declaration) -> Title:
    """What people call a field: its declared title, what was saved with its name before; else ours, else its path."""
    title = declaration.title
    if isinstance(title, str):
        title = Title(zh=title, en=title)
    if title is None:
        title = Title(**dict(_named(path)))
    match path.split("."):
        case ["vars", name, *_]:
            return Title(zh=f"{name} · {title.zh}", en=f"{name} · {title.en}")
        case _:
            return title


def _named(path: str) -> Iterator[tuple[str, str]]:
    """Our own words for fields that are declared without any, language by language."""
    last = ".".join(path.split(".")[2:]) if path.startswith("vars.") else path
    key = f"conditions.field.{last or 'item'}"
    for language in LANGUAGES:
        yield language, text(language, key) if known(language, key) else last
