"""What there is to choose from as somebody types: things by kind, fields in scope, events, zones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import groupby
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.definitions.context import context_of
from engine.definitions.kinds import Kind
from engine.definitions.things import search_things
from engine.edits.store import editable
from engine.events.types import EVENT_TYPES
from rules.types import Fields
from rules.zones import HOME_ZONE
from ui.forms.fields import Choice
from ui.messages import Language, text
from ui.pages.visit import Key, Visit, Visiting
from ui.scope import Offer, fields_at, offers, search
from ui.words import wording

router = APIRouter()

MOST = 40
Groups = Sequence[tuple[str, Sequence[Choice]]]


@router.get("/edit/{kind}/{key}/choices")
def show(
    visit: Visiting,
    kind: Kind,
    key: Key,
    of: Annotated[str, Query(max_length=40)],
    at: Annotated[str, Query(max_length=2000)] = "",
    q: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """The fragment below a search: what is found for what was typed, the nearest first."""
    what, _, thing = of.partition(":")
    with visit.begin() as session:
        match what:
            case "thing":
                groups = _alone(_things(visit, session, thing, q))
            case "field":
                groups = _fields(visit, session, kind, key, at, q)
            case "event":
                groups = _alone(_events(q, visit.language))
            case _:
                groups = _alone([Choice(name, name) for name in _zones() if q.casefold() in name.casefold()])
    return visit.render("forms/_choices.html", {"groups": groups})


def _alone(found: Sequence[Choice]) -> Groups:
    return [("", found[:MOST])] if found else []


def _things(visit: Visit, session: Session, kind: str, typed: str) -> list[Choice]:
    found = search_things(session, kind, typed)
    return [Choice(each.key, wording.title(each.title, visit.language, each.key)) for each in found]


def _events(typed: str, language: Language) -> list[Choice]:
    """The declared types whose name or title, in either language, holds what was typed."""
    wanted = typed.casefold().split()
    found = [
        Choice(name, wording.title(each.titles, language, name))
        for name, each in EVENT_TYPES.items()
        if all(word in f"{name} {' '.join(each.titles.values())}".casefold() for word in wanted)
    ]
    return sorted(found, key=lambda choice: not choice.text.startswith(typed.strip()))


def _fields(visit: Visit, session: Session, kind: Kind, key: str, at: str, typed: str) -> Groups:
    """The fields in scope by group: the member's, the event's, what was saved before."""
    context = context_of(session, visit.deps.catalogue, now=visit.now())
    seen = fields_at(kind, editable(session, kind, key).document, at, context)
    found = [each for each in search(offers(seen), typed) if each.path][: 3 * MOST]
    by_group = groupby(sorted(found, key=lambda each: each.group), key=lambda each: each.group)
    groups = {group: [_field(each, seen, visit.language) for each in offered] for group, offered in by_group}
    order = dict.fromkeys(each.group for each in offers(seen))
    return [(text(visit.language, f"forms.group.{group}"), groups[group]) for group in order if group in groups]


def _field(offered: Offer, seen: Fields, language: Language) -> Choice:
    title = offered.title.zh if language == "zh" else offered.title.en
    declared = seen.get(offered.path)
    return Choice(offered.path, title, may_be_absent=declared is not None and declared.optional)


@cache
def _zones() -> tuple[str, ...]:
    """All zones, those of China first."""
    return (HOME_ZONE, "Asia/Hong_Kong", "Asia/Taipei", *sorted(available_timezones()))
