"""A draft that is to be published: what changes, what the checks say, who would enter, what becomes of those inside."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from engine.coupons.store import batches_named
from engine.definitions.approvals import Standing, standing
from engine.definitions.drafts import find_draft
from engine.definitions.kinds import Kind
from engine.definitions.source import read_source
from engine.definitions.versions import find_live_version, live_bundles, texts_of
from engine.journeys.compiled import compiled_if_it_runs
from engine.journeys.findings import OVERLAP, Finding
from engine.journeys.plan import Plan, PlanError
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
from ui.pages.visit import Visit
from ui.rulesets.unmet import unmet
from ui.trying.unmet import sentences
from ui.words.people import names_of


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


def ready_of(visit: Visit, kind: Kind, key: str) -> Ready | None:
    """The draft; None where there is a version without one. Raises NotFound where there is neither."""
    with visit.deps.database.begin() as session:
        draft, stands = find_draft(session, kind, key), standing(session, kind, key)
        live = find_live_version(session, kind, key)
        if draft is None or stands is None:
            if live is None:
                raise NotFound(f"There is no {kind} {key!r}.")
            return None
        document = read_source(draft.document).document
        before = read_source(live.document).document if live else {}
        plan = compiled_if_it_runs(document, check_context(visit.deps, session)) if kind == "journey" else None
        actors = {*stands.editors, *([stands.approval.by] if stands.approval else [])}
        editors = names_of(session, actors, visit.language)
    unchanged = live is not None and live.hash == stands.hash
    return Ready(key, draft.document, document, before, live.n if live else None, stands, plan, editors, unchanged)


def checked(visit: Visit, kind: Kind, ready: Ready, found: list[Finding]) -> dict[str, object]:
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


def entering(visit: Visit, ready: Ready) -> dict[str, object]:
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
        "again": ready.plan.reentry, "cooldown": cooldown, "untold": publishing.tells_nobody(ready.plan),
    }  # fmt: skip


def overlapping(visit: Visit, ready: Ready) -> dict[str, object]:
    """The other journeys that take the same people, each with what customers notice of it; and who may accept that."""
    found = visit.deps.findings.of(visit.deps, "journey", ready.key, ready.text)
    overlaps = [each for each in found if each.code == OVERLAP]
    does = _deeds(visit, {each.other for each in overlaps if each.other is not None})
    told = [(each, does.get(each.other or "")) for each in overlaps]
    return {"overlaps": told, "hash": ready.stands.hash, "may_edit": visit.may_operate_chain}


def _deeds(visit: Visit, others: Collection[str]) -> dict[str, publishing.Deeds]:
    """What customers notice of the other journeys; nothing of one of which that cannot be told."""
    plans: dict[str, Plan] = {}
    with visit.begin() as session:
        for key, bundle_hash in live_bundles(session, "journey", others).items():
            with suppress(PlanError):
                plans[key] = visit.deps.plans.get(session, bundle_hash)
        return publishing.deeds(plans, visit.deps.catalogue, partial(batches_named, session), visit.language)


def _proposal(visit: Visit, ready: Ready, asked: Asked) -> Proposal:
    plans = visit.deps.plans
    with visit.begin() as session:
        inside = crowds(session, ready.key)
        first = propose(session, ready.key, ready.plan, None, plans, inside)
        in_flight = asked.in_flight(first)
        return propose(session, ready.key, ready.plan, in_flight, plans, inside) if in_flight is not None else first


def people(visit: Visit, ready: Ready, asked: Asked) -> dict[str, object]:
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
        found = texts_of(session, "journey", {(ready.key, version) for version in proposal.versions})
        documents = {version: read_source(text).document for (_, version), text in found.items()}
    return publishing.outlines(documents, visit.deps.catalogue, visit.language)
