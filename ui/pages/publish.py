"""Publishing a draft: what changes, what the checks say, who would enter, and what becomes of the people inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.coupons.store import batches_named
from engine.definitions.approvals import Standing, approve, standing
from engine.definitions.drafts import find_draft
from engine.definitions.errors import ApprovalError, NotPublishableError, OvertakenError
from engine.definitions.kinds import Kind
from engine.definitions.plans import Plans
from engine.definitions.publish import Choice, publish
from engine.definitions.source import read_source
from engine.definitions.versions import find_live_version, read_version
from engine.journeys.findings import Finding
from engine.journeys.plan import Plan, PlanError, compile_plan
from engine.migrating.asked import STAY, Fault, InFlightError
from engine.migrating.proposal import Proposal, propose
from engine.migrating.standing import crowds
from engine.occurrences import arriving
from engine.trying.result import expectations
from rules.documents.report import TestResult
from rules.types import Json
from ui.definitions import publishing
from ui.definitions.checking import check_context, things
from ui.definitions.differences import Sides, differences
from ui.definitions.table_differences import table_differences
from ui.forms.values import written
from ui.http.problems import NotFound
from ui.journeys.outline import Outline, outline, stage_titles
from ui.pages.publish_asked import Asked
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.rulesets.unmet import unmet
from ui.trying.unmet import sentences
from ui.words.people import names_of

router = APIRouter()

BASES: Mapping[Kind, str] = {"journey": "/journeys", "ruleset": "/rules"}


@dataclass(frozen=True)
class Ready:
    """A draft as it would be published: its document, the live one, what the checks say, who has approved it."""

    key: str
    text: str
    document: dict[str, Json]
    before: dict[str, Json]
    version: int | None
    stands: Standing
    plan: Plan | None
    editors: Mapping[str, str]
    unchanged: bool
    """Whether its content is that of the version published last."""


@router.get("/journeys/{key}/publish")
def show_journey(visit: Visiting, key: Key, request: Request) -> HTMLResponse:
    """The page for a journey's draft."""
    return _show(visit, "journey", key, Asked.of(dict(request.query_params)))


@router.get("/journeys/{key}/publish/people")
def show_people(visit: Visiting, key: Key, request: Request) -> HTMLResponse:
    """The fragment with the people inside, asked for again with every choice."""
    asked = Asked.of(dict(request.query_params))
    ready = _demanded(visit, key)
    return visit.render("publishing/_people.html", {**_people(visit, ready, asked), "base": f"/journeys/{key}"})


@router.get("/journeys/{key}/publish/entering")
def show_entering(visit: Visiting, key: Key) -> HTMLResponse:
    """The fragment that tells who would enter and what that costs, which takes a moment to count."""
    ready = _demanded(visit, key)
    found = visit.deps.findings.of(visit.deps, "journey", key, ready.text)
    overlaps = [each for each in found if each.code == "entry-overlap"]
    context = {**_entering(visit, ready), "overlaps": overlaps, "base": f"/journeys/{key}"}
    return visit.render("publishing/_entering.html", context)


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
    ready = _ready(visit, kind, key)
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
    ready = _ready(visit, kind, key)
    context: dict[str, object] = {
        "kind": kind, "key": key, "base": f"{BASES[kind]}/{key}", "refused": refused, "refusals": faults,
        "ready": ready, "asked": asked, "may_publish": visit.may_operate_chain,
    }  # fmt: skip
    if ready is None:
        return visit.render("publishing/none.html", context)
    found = visit.deps.findings.of(visit.deps, kind, key, ready.text)
    context |= _checked(visit, kind, ready, found)
    if kind == "journey":
        context |= _people(visit, ready, asked)
    return visit.render("publishing/publish.html", context, status=status)


def _demanded(visit: Visit, key: str) -> Ready:
    ready = _ready(visit, "journey", key)
    if ready is None:
        raise NotFound(f"There is no draft of journey/{key}.")
    return ready


def _ready(visit: Visit, kind: Kind, key: str) -> Ready | None:
    with visit.deps.database.begin() as session:
        draft, stands, live = find_draft(session, kind, key), standing(session, kind, key), None
        if draft is None or stands is None:
            if find_live_version(session, kind, key) is None:
                raise NotFound(f"There is no {kind} {key!r}.")
            return None
        document = read_source(draft.document).document
        live = find_live_version(session, kind, key)
        before = read_source(live.document).document if live else {}
        plan = _compiled(visit, session, document) if kind == "journey" else None
        actors = {*stands.editors, *([stands.approval.by] if stands.approval else [])}
        editors = names_of(session, actors, visit.language)
    unchanged = live is not None and live.hash == stands.hash
    return Ready(key, draft.document, document, before, live.n if live else None, stands, plan, editors, unchanged)


def _compiled(visit: Visit, session: Session, document: Json) -> Plan | None:
    context = check_context(visit.deps, session)
    try:
        return compile_plan(document, context.catalogue, context.fields, context.events, context.rulebook)
    except PlanError:
        return None


def _checked(visit: Visit, kind: Kind, ready: Ready, found: list[Finding]) -> dict[str, object]:
    """What the checks and tests say, and what changes."""
    errors = sum(each.severity == "error" for each in found)
    report = visit.deps.findings.report(visit.deps, kind, ready.key, ready.text)
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        sides = Sides(kind, ready.before, ready.document, context, things(session))
        compared = differences(sides, visit.language)
        table = None
        if kind == "ruleset":
            table = table_differences(ready.before, ready.document, compared.parts, context, visit.language)
    failed = [test for test in report.tests if not test.ok] if report else []
    return {
        "errors": errors,
        "warnings": sum(each.severity != "error" and each.accepted is None for each in found),
        "tests": report.tests if report else None,
        "failed": failed,
        "failed_said": _said(visit, kind, ready, failed) if failed else [],
        "compared": compared,
        "table": table,
        "needs_approval": kind in visit.deps.approvals,
        "may_approve": visit.may_operate_chain and ready.stands.may_approve(visit.actor),
    }


def _said(visit: Visit, kind: Kind, ready: Ready, failed: list[TestResult]) -> list[tuple[str, list[str]]]:
    """Each test that does not hold, and what it expected."""
    names = [test.name for test in failed]
    if kind == "ruleset":
        return list(zip(names, [unmet(test, ready.document, visit.language) for test in failed], strict=True))
    shown = outline(ready.document, visit.deps.catalogue, visit.language)
    with visit.begin() as session:
        said = sentences(session, failed, shown.name_of, visit.deps.catalogue, visit.language)
    return list(zip(names, said, strict=True))


def _entering(visit: Visit, ready: Ready) -> dict[str, object]:
    """What it costs, and how many would come."""
    if ready.plan is None:
        return {"costs": [], "by_event": [], "chooses": False, "tried": None, "again": "", "cooldown": ""}
    with visit.begin() as session:
        by_event = arriving.by_event(session, visit.deps.keys, ready.plan, now=visit.now())
        tried = expectations(session, ready.key, ready.stands.hash)
        batches = partial(batches_named, session)
        costs = publishing.costs(ready.plan, visit.deps.catalogue, batches, visit.language)
    chooses = bool(ready.plan.audiences)
    cooldown = written("duration", str(ready.plan.cooldown), visit.language) if ready.plan.cooldown else ""
    return {
        "costs": costs, "by_event": by_event, "chooses": chooses, "tried": tried, "days": arriving.DAYS,
        "again": ready.plan.reentry, "cooldown": cooldown,
    }  # fmt: skip


def _proposal(visit: Visit, ready: Ready, asked: Asked) -> Proposal:
    plans = Plans(visit.deps.catalogue)
    with visit.begin() as session:
        inside = crowds(session, ready.key)
        first = propose(session, ready.key, ready.plan, None, plans, inside)
        in_flight = asked.in_flight(first)
        return propose(session, ready.key, ready.plan, in_flight, plans, inside) if in_flight is not None else first


def _people(visit: Visit, ready: Ready, asked: Asked) -> dict[str, object]:
    """Who is inside, and where they would go."""
    proposal = _proposal(visit, ready, asked)
    shown = outline(ready.document, visit.deps.catalogue, visit.language)
    names = publishing.Names(_older(visit, ready, proposal), shown, visit.language)
    return {
        "asked": asked,
        "proposal": proposal,
        "outline": shown,
        "marks": publishing.marks(ready.before, ready.document, visit.language) if ready.version else {},
        "people": publishing.people(proposal.groups, moving=asked.moving and ready.plan is not None),
        "rows": publishing.rows(proposal, names),
        "needed": publishing.places(proposal, names),
        "restarts": publishing.restarts(proposal.groups, ready.plan, names, visit.language) if ready.plan else [],
        "targets": publishing.targets(ready.plan, shown) if ready.plan else [],
        "faults": proposal.faults,
        "executable": ready.plan is not None,
        "has_stages": bool(stage_titles(ready.document, visit.language)),
    }


def _older(visit: Visit, ready: Ready, proposal: Proposal) -> dict[int, Outline]:
    with visit.deps.database.begin() as session:
        documents = {
            version: read_source(read_version(session, "journey", ready.key, version).document).document
            for version in proposal.versions
        }
    return publishing.outlines(documents, visit.deps.catalogue, visit.language)
