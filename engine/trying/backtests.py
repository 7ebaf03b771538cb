"""Backtests: a draft tried over what was recorded, as a job. Nothing is done to anybody, and no conversion is told.

The draft as it was when it was asked for lies in the job's first part, sealed; its figures are added up page by page in
the page's transaction, so that a page that is asked for twice counts once. Memory is bounded by a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database import direct
from engine.definitions import checks
from engine.definitions.context import context_of
from engine.definitions.errors import NotPublishableError
from engine.definitions.kinds import Kind
from engine.definitions.live import live_journeys
from engine.definitions.plans import Plans
from engine.jobs import store
from engine.jobs.errors import GivenUpError
from engine.jobs.kinds import BACKTEST
from engine.jobs.models import Job, JobPart
from engine.jobs.pages import Page, Work
from engine.journeys.canonical import content_hash
from engine.journeys.context import CheckContext
from engine.journeys.plan import PlanError
from engine.rulesets.fields import ruleset_fields
from engine.secrets.keyring import KeyRing
from engine.trying import past_decisions, past_events
from engine.trying.simulating import plan_to_try
from engine.trying.sums import keep
from rules.errors import RuleError
from rules.tables.compile import compile_ruleset
from rules.tables.table import Table
from rules.types import Json

MEMBERS_PER_PAGE = 200
DECISIONS_PER_PAGE = 500
LONGEST: Final = timedelta(days=400)
KINDS: Final = ("journey", "ruleset")


class BacktestError(ValueError):
    """What was asked cannot be tried: `pointer` is the place in the request, `why` the kind of mistake."""

    def __init__(self, pointer: str, message: str, why: Literal["time", "order", "long"] = "time") -> None:
        super().__init__(message)
        self.pointer, self.why = pointer, why


@dataclass(frozen=True)
class Asked:
    """What is tried, and over which time: from, and before `until`."""

    kind: Kind
    key: str
    document: dict[str, Json]
    since: datetime
    until: datetime


def ask(session: Session, keys: KeyRing, asked: Asked, context: CheckContext, *, by: str, now: datetime) -> Job:
    """Ask for a backtest. Raises BacktestError, and NotPublishableError for a draft that cannot run."""
    until = min(asked.until, now)
    if asked.since >= until:
        raise BacktestError("/from", "The time must begin in the past and before it ends.", "order")
    if until - asked.since > LONGEST:
        raise BacktestError("/from", f"At most {LONGEST.days} days are tried at once.", "long")
    _compiled(asked, context)
    args = {
        "kind": asked.kind,
        "key": asked.key,
        "hash": content_hash(asked.document),
        "since": asked.since.isoformat(),
        "until": until.isoformat(),
    }
    job = store.create(session, BACKTEST, args, by=by, now=now, stores="*")
    store.put_part(session, job.id, 0, {"document": asked.document}, keys=keys)
    return job


def latest(session: Session, kind: Kind, key: str, digest: str | None = None) -> int | None:
    """The latest backtest of a definition that is done; with `digest` of a draft that says exactly this."""
    given = {"kind": kind, "key": key, "hash": digest}
    found = direct.first(session, _LATEST, given)
    return int(found[0]) if found else None


def listed(session: Session, kind: Kind, key: str, *, limit: int = 10) -> list[int]:
    """The backtests of a definition, the latest first."""
    return direct.scalars(session, _LISTED, {"kind": kind, "key": key, "limit": limit})


def page(clock: Clock, keys: KeyRing, plans: Plans, *, per_page: int | None = None) -> Work:
    """The next page of a backtest."""

    def work(session: Session, job: Job) -> Page:
        asked = _asked(session, job, keys)
        context = context_of(session, plans.catalogue, now=clock.now())
        try:
            return next_page(session, job, asked, context)
        except NotPublishableError as error:
            raise GivenUpError(_BROKEN) from error

    def next_page(session: Session, job: Job, asked: Asked, context: CheckContext) -> Page:
        if asked.kind == "ruleset":
            return _ruleset_page(session, job, keys, asked, context, per_page or DECISIONS_PER_PAGE)
        stretch = _stretch(session, asked, context, plans)
        if "after" not in job.cursor:
            total = past_events.count_members(session, stretch)
            keep(session, job.id, past_events.said_of(stretch))
            return Page(0, {"after": 0}, total=total, over=not total)
        size = per_page or MEMBERS_PER_PAGE
        members = past_events.next_members(session, stretch, job.cursor["after"], size)
        if members:
            keep(session, job.id, past_events.replay_members(session, keys, stretch, members, now=clock.now()))
        after = members[-1] if members else job.cursor["after"]
        return Page(len(members), {"after": after}, over=len(members) < size)

    return work


def _ruleset_page(session: Session, job: Job, keys: KeyRing, asked: Asked, context: CheckContext, size: int) -> Page:
    meant = past_decisions.Asked(asked.key, _table(asked, context), asked.since, asked.until)
    if "after" not in job.cursor:
        total = past_decisions.count_decisions(session, meant)
        return Page(0, {"after": 0}, total=total, over=not total)
    records = past_decisions.next_decisions(session, meant, job.cursor["after"], size)
    keep(session, job.id, past_decisions.decide_anew(keys, meant, records))
    after = records[-1].id if records else job.cursor["after"]
    return Page(len(records), {"after": after}, over=len(records) < size)


def _compiled(asked: Asked, context: CheckContext) -> None:
    """Raises NotPublishableError for a draft that cannot run."""
    if asked.kind == "ruleset":
        _table(asked, context)
    else:
        plan_to_try(asked.key, asked.document, context)


def _table(asked: Asked, context: CheckContext) -> Table:
    try:
        return compile_ruleset(asked.document, ruleset_fields(context), context.conditions)
    except RuleError as error:
        raise NotPublishableError(checks.find("ruleset", asked.key, asked.document, context)) from error


def _stretch(session: Session, asked: Asked, context: CheckContext, plans: Plans) -> past_events.Stretch:
    draft = plan_to_try(asked.key, asked.document, context)
    live = next((each for each in live_journeys(session).journeys if each.key == asked.key), None)
    if live is None or live.state == "retired":
        return past_events.Stretch(draft, None, asked.since, asked.until)
    try:
        return past_events.Stretch(draft, plans.get(session, live.bundle_hash), asked.since, asked.until)
    except PlanError:
        return past_events.Stretch(draft, None, asked.since, asked.until, live_is_broken=True)


def _asked(session: Session, job: Job, keys: KeyRing) -> Asked:
    part = session.get(JobPart, (job.id, 0))
    if part is None:
        en = "The draft that was to be tried is gone; ask for the backtest anew."
        raise GivenUpError({"zh": "要回测的草稿已经不在；请重新发起回测", "en": en})
    document: dict[str, Any] = keys.open_json(part.content_enc)["document"]
    since, until = (datetime.fromisoformat(job.args[name]) for name in ("since", "until"))
    return Asked(job.args["kind"], job.args["key"], document, since, until)


_BROKEN = {
    "zh": "草稿用到的字段、事件或条件在回测期间变了，它现在无法执行。请改回后继续，或改好草稿再回测。",
    "en": "A field, an event or a condition that the draft uses has changed meanwhile, and it cannot run now. Change "
    "that back and continue, or mend the draft and ask for a backtest anew.",
}
_LATEST = """
SELECT id FROM jobs WHERE kind = 'definitions.backtest' AND state = 'done'
AND args ->> 'kind' = %(kind)s AND args ->> 'key' = %(key)s
AND (%(hash)s::text IS NULL OR args ->> 'hash' = %(hash)s::text) ORDER BY id DESC LIMIT 1"""
_LISTED = """
SELECT id FROM jobs WHERE kind = 'definitions.backtest'
AND args ->> 'kind' = %(kind)s AND args ->> 'key' = %(key)s ORDER BY id DESC LIMIT %(limit)s"""
