"""Simulating a journey: who is tried, and what happens to them step by step and why.

The walk stands in the address; every button leads to the address of the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotPublishableError
from engine.definitions.listing import Shown, show
from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.edits.store import editable
from engine.journeys.admission import admission_of
from engine.journeys.context import CheckContext
from engine.journeys.plan import Plan
from engine.journeys.trying.simulation import Simulation
from engine.members.lookup import find_member
from engine.runs.refusing import Refusing, would_refuse
from engine.trying.people import UnknownPersonError
from engine.trying.simulating import plan_to_try, suggest, try_script
from engine.trying.titles import titles_of
from rules.types import Json
from ui.definitions.checking import check_context
from ui.http.lists import LARGEST_VERSION
from ui.http.problems import NotFound
from ui.journeys.design import design
from ui.messages import Language, text
from ui.pages.shown import meant
from ui.pages.visit import Key, Visit, Visiting
from ui.trying import walks
from ui.trying.forms import WalkForms
from ui.trying.moves import RefusedError, entered, moved
from ui.trying.stations import Teller, Words
from ui.trying.walks import Walk, WalkError
from ui.words import wording

router = APIRouter()

Version = Annotated[int | None, Query(ge=1, le=LARGEST_VERSION)]
Packed = Annotated[str | None, Query(alias="walk", max_length=20_000)]
Pressed = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What is tried: the draft or a version, compiled; `plan` is None where it cannot run."""

    shown: Shown
    document: dict[str, Json]
    version: int | None
    revision: int
    """Of the draft that is tried; 0 for what is published."""
    context: CheckContext
    plan: Plan | None

    @property
    def base(self) -> str:
        """Where the page is, without a walk."""
        return f"/journeys/{self.shown.key}/simulate"

    def address(self, walk: Walk | None = None, pressed: str = "") -> str:
        """The page's address with a walk; `pressed` is the button that led there."""
        parts = [f"walk={walks.encode(walk)}"] if walk else []
        parts += [f"version={self.version}"] if self.version else []
        parts += [f"pressed={pressed}"] if pressed else []
        return f"{self.base}?{'&'.join(parts)}" if parts else self.base


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
    visit: Visiting, key: Key, packed: Packed = None, version: Version = None, pressed: Pressed = ""
) -> HTMLResponse:
    """The walk of the address, or the choice of somebody to begin with."""
    tried = tried_by(visit, key, version)
    try:
        walk = walks.decode(packed) if packed else None
    except WalkError:
        return page(visit, tried, None, failure="walk", status=422)
    return page(visit, tried, walk, pressed=pressed)


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


def tried_by(visit: Visit, key: str, version: int | None) -> Tried:
    """The draft, or what is live where there is none; or a version. Raises NotFound."""
    with visit.begin() as session:
        shown = show(session, "journey", key, version)
        if shown is None:
            raise NotFound(f"There is no journey {key!r}" + (f" with a version {version}." if version else "."))
        text, revision = _source(session, key, version)
    document = read_source(text).document
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        try:
            plan = plan_to_try(key, document, context)
        except NotPublishableError:
            plan = None
    return Tried(shown=shown, document=document, version=version, revision=revision, context=context, plan=plan)


def _source(session: Session, key: str, version: int | None) -> tuple[str, int]:
    if version:
        return read_version(session, "journey", key, version).document, 0
    found = editable(session, "journey", key)
    return found.text, found.revision


def simulated(visit: Visit, session: Session, tried: Tried, plan: Plan, walk: Walk) -> Simulation:
    """What becomes of the walk, for somebody in the visitor's sight; whom life would leave alone walks all the same."""
    if walk.member is not None:
        walk = walk.model_copy(update={"given": walk.given.model_copy(update={"holdout": False})})
    return try_script(session, visit.deps.keys, plan, walk, fields=tried.context.fields, now=visit.now())


def page(
    visit: Visit,
    tried: Tried,
    walk: Walk | None,
    *,
    failure: str | None = None,
    pressed: str = "",
    sent: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page: with a walk what happened in it, without one the choice of somebody."""
    common = {
        "tried": tried,
        "shown": tried.shown,
        "failure": failure,
        "pressed": pressed,
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


def _event_words(types: Sequence[str], language: Language) -> str:
    return text(language, "list.or").join(wording.event(each, language) for each in types)


def _before(seen: Seen) -> dict[str, object]:
    visit, forms = seen.visit, seen.forms
    suggestions = suggest(seen.session, visit.deps.keys, seen.plan, now=visit.now())
    given, entries = forms.given(), forms.entry_types()
    kept_out = {each.member_id: _kept_out(seen, each.member_id) for each in suggestions}
    nothing = {"found": None, "walk": None, "packed": ""}
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
    drawn = design(seen.tried.document, [], catalogue, visit.language)
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
        "offers": seen.forms.offers(found),
        "types": sorted(seen.tried.context.events),
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
