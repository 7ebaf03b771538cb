"""Publishing a draft: its page with the parts that are asked for apart, publishing it, approving it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.accepted import Accepting
from engine.definitions.approvals import approve
from engine.definitions.errors import ApprovalError, NotPublishableError, OvertakenError
from engine.definitions.kinds import Kind
from engine.definitions.publish import Choice, publish
from engine.journeys.findings import OVERLAP
from engine.migrating.asked import STAY, Fault, InFlightError
from rules.types import Json
from ui.http.problems import NotFound
from ui.pages.edit_problems import ACCEPTED, accept_at
from ui.pages.publish_asked import Asked
from ui.pages.publish_ready import Ready, checked, entering, overlapping, people, ready_of
from ui.pages.visit import Authoring, Key, Visit, Visiting

router = APIRouter()

BASES: Mapping[Kind, str] = {"journey": "/journeys", "ruleset": "/rules"}


@router.get("/journeys/{key}/publish")
def show_journey(visit: Visiting, key: Key, request: Request) -> HTMLResponse:
    """The page for a journey's draft."""
    return _show(visit, "journey", key, Asked.of(dict(request.query_params)))


@router.get("/journeys/{key}/publish/people")
def show_people(visit: Visiting, key: Key, request: Request) -> HTMLResponse:
    """The fragment with the people inside, asked for again with every choice."""
    asked = Asked.of(dict(request.query_params))
    ready = _demanded(visit, key)
    return visit.render("publishing/_people.html", {**people(visit, ready, asked), "base": f"/journeys/{key}"})


@router.get("/journeys/{key}/publish/entering")
def show_entering(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment that tells who would enter and what that costs, which takes a moment to count."""
    ready = _demanded(visit, key)
    context = {**entering(visit, ready), **overlapping(visit, ready), "base": f"/journeys/{key}"}
    return visit.render("publishing/_entering.html", context)


@router.get("/journeys/{key}/publish/glance")
def show_glance(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment with the figures, asked for again when a warning was accepted."""
    ready = _demanded(visit, key)
    found = visit.deps.findings.of(visit.deps, "journey", key, ready.text)
    context = {**checked(visit, "journey", ready, found), **people(visit, ready, Asked())}
    return visit.render("publishing/_glance.html", {**context, "kind": "journey", "base": f"/journeys/{key}"})


@router.post("/journeys/{key}/publish/accept")
def accept_overlap(
    visit: Authoring,
    key: Key,
    hashed: Annotated[str, Form(alias="hash", max_length=100)],
    pointer: Annotated[str, Form(max_length=2_000)],
    other: Annotated[str | None, Form(max_length=200)] = None,
    reason: Annotated[str, Form(max_length=2_000)] = "",
) -> HTMLResponse:
    """Accept that others take the same people, of the draft that was read; the boxes are answered anew."""
    ready = _demanded(visit, key)
    if ready.stands.hash != hashed:
        refused: str | None = "migrate.changed"
    else:
        accepting = Accepting(OVERLAP, (), reason.strip(), pointer, other)
        refused = accept_at(visit, "journey", key, ready.text, accepting)
    sent = {"pointer": pointer, "other": other, "reason": reason, "refused": refused}
    context = {**overlapping(visit, ready), "sent": sent, "hash": hashed, "base": f"/journeys/{key}"}
    answer = visit.render("publishing/_overlaps.html", context, status=200 if refused is None else 422)
    if refused is None:
        answer.headers["HX-Trigger"] = ACCEPTED
    return answer


@router.get("/rules/{key}/publish")
def show_ruleset(visit: Visiting, key: Key) -> HTMLResponse:
    """The page for a ruleset's draft."""
    return _show(visit, "ruleset", key, Asked())


@router.post("/journeys/{key}/publish")
async def publish_journey(visit: Authoring, key: Key, request: Request) -> Response:
    """Publish it, and let those inside go over if that was chosen."""
    asked = Asked.of(_fields(await request.form()))
    return await run_in_threadpool(_publish, visit, "journey", key, asked)


@router.post("/rules/{key}/publish")
async def publish_ruleset(visit: Authoring, key: Key, request: Request) -> Response:
    """Publish it."""
    asked = Asked.of({**_fields(await request.form()), "in_flight": STAY})
    return await run_in_threadpool(_publish, visit, "ruleset", key, asked)


@router.post("/journeys/{key}/publish/approve")
async def approve_journey(visit: Authoring, key: Key, request: Request) -> Response:
    """Approve it as the second person."""
    return await run_in_threadpool(_approve, visit, "journey", key, Asked.of(_fields(await request.form())))


@router.post("/rules/{key}/publish/approve")
async def approve_ruleset(visit: Authoring, key: Key, request: Request) -> Response:
    """Approve it as the second person."""
    return await run_in_threadpool(_approve, visit, "ruleset", key, Asked.of(_fields(await request.form())))


def _fields(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _approve(visit: Visit, kind: Kind, key: str, asked: Asked) -> Response:
    try:
        with visit.operate(whole_chain=True) as session:
            approve(session, kind, key, asked.hash or "", by=visit.actor, now=visit.now())
    except ApprovalError:
        return _show(visit, kind, key, asked, status=409, refused="migrate.cannot_approve")
    return RedirectResponse(f"{BASES[kind]}/{key}/publish", 303)


def _publish(visit: Visit, kind: Kind, key: str, asked: Asked) -> Response:
    if asked.wrong is not None:
        return _show(visit, kind, key, asked, status=422, refused=asked.wrong)
    ready = ready_of(visit, kind, key)
    if ready is None or asked.hash is None:
        return _show(visit, kind, key, asked, status=409, refused="migrate.changed")
    said = asked.said()
    in_flight: Json = said.to_json() if said is not None else STAY
    choice = Choice(asked.note, in_flight, asked.hash)
    try:
        with visit.operate(whole_chain=True) as session:
            done = publish(
                session, kind, key, catalogue=visit.deps.catalogue, by=visit.actor, now=visit.now(),
                choice=choice, proofs=visit.deps.proofs, approvals=visit.deps.approvals,
            )  # fmt: skip
    except OvertakenError:
        return _show(visit, kind, key, asked, status=409, refused="migrate.changed")
    except ApprovalError:
        return _show(visit, kind, key, asked, status=409, refused="migrate.needs_second")
    except NotPublishableError:
        return _show(visit, kind, key, asked, status=422, refused="migrate.has_errors")
    except InFlightError as error:
        return _show(visit, kind, key, asked, status=422, faults=error.faults)
    return RedirectResponse(f"{BASES[kind]}/{key}?published={done.version}", 303)


def _show(
    visit: Visit,
    kind: Kind,
    key: str,
    asked: Asked,
    *,
    status: int = 200,
    refused: str | None = None,
    faults: tuple[Fault, ...] = (),
) -> HTMLResponse:
    ready = ready_of(visit, kind, key)
    context: dict[str, object] = {
        "kind": kind, "key": key, "base": f"{BASES[kind]}/{key}", "refused": refused, "refusals": faults,
        "ready": ready, "asked": asked, "may_publish": visit.may_operate_chain,
    }  # fmt: skip
    if ready is None:
        return visit.render("publishing/none.html", context)
    found = visit.deps.findings.of(visit.deps, kind, key, ready.text)
    context |= checked(visit, kind, ready, found)
    if kind == "journey":
        context |= people(visit, ready, asked)
    return visit.render("publishing/publish.html", context, status=status)


def _demanded(visit: Visit, key: str) -> Ready:
    ready = ready_of(visit, "journey", key)
    if ready is None:
        raise NotFound(f"There is no draft of journey/{key}.")
    return ready
