"""Simulating a journey: who is tried, and what happens to them step by step and why.

The walk stands in the address; every button leads to the address of the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.journeys.admission import admission_of
from engine.journeys.plan import Plan
from engine.journeys.trying.walks import DEFAULT_BEGIN
from engine.members.lookup import find_member
from engine.runs.refusing import Refusing, would_refuse
from engine.trying.people import UnknownPersonError
from engine.trying.simulating import suggest
from engine.trying.titles import titles_of
from ui.http.lists import LARGEST_VERSION
from ui.journeys.design import design
from ui.messages import Language, text
from ui.pages.shown import meant
from ui.pages.tried import Tried, simulated, tried_by
from ui.pages.visit import Key, Visit, Visiting
from ui.trying import walks
from ui.trying.forms import OTHER, WalkForms, test_names
from ui.trying.moves import RefusedError, entered, moved
from ui.trying.stations import Teller, Words
from ui.trying.walks import Walk, WalkError
from ui.words import wording

router = APIRouter()

Version = Annotated[int | None, Query(ge=1, le=LARGEST_VERSION)]
Packed = Annotated[str | None, Query(alias="walk", max_length=20_000)]
Pressed = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True)
class Arrival:
    """What led to the page: the button that was pressed, or the test that the walk has become."""

    pressed: str = ""
    saved: int | None = None


@dataclass(frozen=True)
class Seen:
    """What the page is made of, within one transaction."""

    visit: Visit
    session: Session
    tried: Tried
    plan: Plan
    forms: WalkForms


async def sent_form(request: Request) -> dict[str, str]:
    """The entries of a form."""
    async with request.form() as form:
        return {name: text for name, text in form.items() if isinstance(text, str)}


Sent = Annotated[dict[str, str], Depends(sent_form)]


@router.get("/journeys/{key}/simulate")
def show_simulation(
    visit: Visiting,
    key: Key,
    packed: Packed = None,
    version: Version = None,
    pressed: Pressed = "",
    saved: Annotated[int | None, Query(ge=0, le=LARGEST_VERSION)] = None,
) -> HTMLResponse:
    """The walk of the address, or the choice of somebody to begin with."""
    tried = tried_by(visit, key, version)
    try:
        walk = walks.decode(packed) if packed else None
    except WalkError:
        return page(visit, tried, None, failure="walk", status=422)
    return page(visit, tried, walk, came=Arrival(pressed, saved))


@router.post("/journeys/{key}/simulate")
def move(visit: Visiting, key: Key, sent: Sent, version: Version = None) -> Response:
    """The address after a move: enter, step, back, rest, deadline, run, inject, answer, arm."""
    tried, walk = tried_by(visit, key, version), None
    if tried.plan is None:
        return page(visit, tried, None, status=422)
    forms = WalkForms(tried.plan, tried.document, tried.context, visit.language, sent)
    try:
        walk = walks.decode(sent["walk"]) if sent.get("walk") else None
        after = _moved(visit, tried, walk, sent.get("do", ""), forms) if walk else _entered(visit, tried.plan, forms)
    except WalkError:
        return page(visit, tried, None, failure="walk", status=422)
    except RefusedError as error:
        return page(visit, tried, walk, failure=str(error), sent=sent, status=422)
    return RedirectResponse(tried.address(after, sent.get("do", "")[:20]), 303)


@router.get("/journeys/{key}/simulate/event")
def show_event(
    visit: Visiting, key: Key, on: Annotated[str, Query(max_length=128)], version: Version = None
) -> HTMLResponse:
    """The fields of a type of event, for the form of any event."""
    tried = tried_by(visit, key, version)
    sent = {"place": OTHER, "on": on}
    forms = WalkForms(tried.plan, tried.document, tried.context, visit.language, sent) if tried.plan else None
    told = {"other": forms and forms.other(), "sent": sent, "failure": None}
    return visit.render("trying/_other_fields.html", told)


def page(
    visit: Visit,
    tried: Tried,
    walk: Walk | None,
    *,
    failure: str | None = None,
    came: Arrival | None = None,
    sent: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page: with a walk what happened in it, without one the choice of somebody."""
    common = {
        "tried": tried,
        "shown": tried.shown,
        "failure": failure,
        "pressed": came.pressed if came else "",
        "saved": _saved(tried, came.saved) if came else None,
        "sent": sent or {},
        "event_words": partial(_event_words, language=visit.language),
        "iso_duration": partial(wording.iso_duration, language=visit.language),
        "may_save": visit.may_operate_chain and tried.version is None,
    }
    if tried.plan is None:
        return visit.render("trying/broken.html", common, status=status)
    forms = WalkForms(tried.plan, tried.document, tried.context, visit.language, sent or {})
    with visit.begin() as session:
        seen = Seen(visit, session, tried, tried.plan, forms)
        try:
            more = _walked(seen, walk) if walk else _before(seen)
        except UnknownPersonError:
            common |= {"failure": "person"}
            more, status = _before(seen), 404
    return visit.render("trying/simulate.html", {**common, **more}, status=status)


def _saved(tried: Tried, test: int | None) -> tuple[int, str] | None:
    """The test that the walk has just become: its place and its name."""
    names = test_names(tried.document)
    return (test, names[test]) if test is not None and test < len(names) else None


def _event_words(types: Sequence[str], language: Language) -> str:
    return text(language, "list.or").join(wording.event(each, language) for each in types)


def _walk_instant(at: datetime, *, whole: bool = False, begin: datetime) -> str:
    """An instant of a walk: without the year where it is that of the beginning, unless the whole is asked for."""
    return wording.precise_instant(at, _LONG_AGO if whole else begin)


_LONG_AGO = datetime.fromtimestamp(0, UTC)


def _before(seen: Seen) -> dict[str, object]:
    visit, forms = seen.visit, seen.forms
    suggestions = suggest(seen.session, visit.deps.keys, seen.plan, now=visit.now())
    given, entries = forms.given(), forms.entry_types()
    kept_out = {each.member_id: _kept_out(seen, each.member_id) for each in suggestions}
    usual = datetime.fromisoformat(DEFAULT_BEGIN).strftime("%Y-%m-%d %H:%M")
    nothing = {"usual_begin": usual, "found": None, "walk": None, "packed": ""}
    return {"suggestions": suggestions, "kept_out": kept_out, "given": given, "entries": entries, **nothing}


def _kept_out(seen: Seen, member: int | None) -> Refusing | None:
    """Which rule would keep a real member out if the journey met them now."""
    if member is None:
        return None
    return would_refuse(seen.session, admission_of(seen.plan.document), member, seen.visit.now())


def _walked(seen: Seen, walk: Walk) -> dict[str, object]:
    visit, catalogue = seen.visit, seen.visit.deps.catalogue
    found = simulated(visit, seen.session, seen.tried, seen.plan, walk)
    titles = titles_of(seen.session, [each.params for each in found.effects])
    drawn = design(seen.tried.document, [], catalogue, visit.language, seen.tried.decided)
    words = Words(catalogue, seen.tried.context.events, titles, seen.forms.known, visit.language)
    teller = Teller(seen.plan, drawn, words)
    stations = teller.stations(found, walk)
    member = find_member(seen.session, visit.deps.keys, walk.member) if walk.member else None
    return {
        "kept_out": _kept_out(seen, member),
        "found": found,
        "walk": walk,
        "packed": walks.encode(walk),
        "drawn": drawn,
        "stations": stations,
        "marks": teller.marks(found, walk),
        "way_marks": teller.way_marks(found, walk),
        "here": stations[-1].node if stations else None,
        "hidden": len(found.path) - walk.shown(found),
        "shown_nodes": walk.shown(found),
        "clock": walk.clock(found),
        "walk_instant": partial(_walk_instant, begin=found.begin),
        "made_up_day": walk.member is None and walk.given.now is None,
        "offers": seen.forms.offers(found),
        "may_happen": found.state is not None and not found.state.ended,
        "event_types": seen.forms.event_types(),
        "other": seen.forms.other(),
        "test_name": seen.forms.sent.get("name") or seen.forms.test_name(found, drawn),
    }


def _entered(visit: Visit, plan: Plan, forms: WalkForms) -> Walk:
    """The walk that begins with what was entered; an identity becomes an id, for it would stand in the address."""
    who = forms.sent.get("member", "").strip()
    if not who:
        return entered(plan, forms, None)
    with visit.begin() as session:
        member = find_member(session, visit.deps.keys, meant(who))
    if member is None:
        raise RefusedError("person")
    return entered(plan, forms, str(member))


def _moved(visit: Visit, tried: Tried, walk: Walk, deed: str, forms: WalkForms) -> Walk:
    with visit.begin() as session:
        try:
            found = simulated(visit, session, tried, forms.plan, walk)
        except UnknownPersonError as error:
            raise RefusedError("person") from error
    return moved(walk, found, deed, forms)
