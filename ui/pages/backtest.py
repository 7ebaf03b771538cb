"""Backtests: a draft tried over recorded events, or a ruleset's over recorded decisions; progress, result, a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.definitions.errors import NotPublishableError
from engine.definitions.listing import Shown, show
from engine.edits.store import editable
from engine.jobs import store
from engine.jobs.errors import JobUnknownError
from engine.jobs.kinds import BACKTEST
from engine.jobs.models import LIVE, Job
from engine.rulesets.textfile import guarded
from engine.trying import backtests
from engine.trying.result import result_of
from rules.zones import HOME
from ui.definitions.checking import check_context
from ui.http.lists import LARGEST
from ui.http.problems import NotFound
from ui.pages.simulate import Sent
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.words import wording

router = APIRouter()

Place = Literal["journeys", "rules"]
Deed = Literal["stop", "continue"]
JobId = Annotated[int, Path(ge=1, le=LARGEST)]
USUAL = timedelta(days=30)


def show_page(visit: Visit, place: Place, key: str, job: int | None) -> HTMLResponse:
    """The form, and the backtest that is looked at: the one asked for, else the latest."""
    with visit.begin() as session:
        shown = _shown(session, place, key)
        jobs = [store.find(session, each) for each in backtests.listed(session, _kind(place), key)]
        chosen = job or (jobs[0].id if jobs else None)
        sight = _sight(visit, session, place, key, chosen) if chosen else {"job": None, "result": None, "live": False}
    asked = next((days_of(each) for each in jobs if each.id == job), None)
    return _page(visit, shown, place, {"jobs": jobs, **({"days": asked} if asked else {}), **sight})


def ask(visit: Visit, place: Place, key: str, sent: Mapping[str, str]) -> Response:
    """Ask for a backtest of the draft, or of what is live where there is none."""
    failure: str | None = None
    try:
        times = _times(sent)
        with visit.operate(whole_chain=True) as session:
            _shown(session, place, key)
            document = editable(session, _kind(place), key).document
            context = check_context(visit.deps, session)
            asked = backtests.Asked(_kind(place), key, document, *times)
            job = backtests.ask(session, visit.deps.keys, asked, context, by=visit.actor, now=visit.now())
            number = job.id
    except _NoDayError:
        failure = "time"
    except backtests.BacktestError as error:
        failure = error.why
    except NotPublishableError:
        failure = "broken"
    if failure is None:
        return RedirectResponse(f"/{place}/{key}/backtest?job={number}", 303)
    with visit.begin() as session:
        shown = _shown(session, place, key)
    more: dict[str, object] = {"jobs": [], "job": None, "result": None, "live": False, "failure": failure, "sent": sent}
    return _page(visit, shown, place, more, status=422)


def show_progress(visit: Visit, place: Place, key: str, job: int) -> HTMLResponse:
    """The fragment that is asked for while the job runs."""
    with visit.begin() as session:
        shown = _shown(session, place, key)
        sight = _sight(visit, session, place, key, job)
    return visit.render("trying/_backtest.html", {"shown": shown, "place": place, **sight})


def steer(visit: Visit, place: Place, key: str, job: int, deed: str) -> RedirectResponse:
    """Stop the backtest, or let it go on."""
    with visit.operate(whole_chain=True) as session:
        _find(session, place, key, job)
        act = store.stop if deed == "stop" else store.go_on
        act(session, job, by=visit.actor, now=visit.now())
    return RedirectResponse(f"/{place}/{key}/backtest?job={job}", 303)


def download(visit: Visit, place: Place, key: str, job: int) -> Response:
    """What each store would have to bear, as a file for a spreadsheet."""
    with visit.begin() as session:
        found = _find(session, place, key, job)
        rows: Sequence[Mapping[str, Any]] = result_of(session, found, visit.deps.catalogue)["by_store"]  # type: ignore[assignment]  # they are
    written = io.StringIO()
    names = [name for name in (rows[0] if rows else {}) if name not in {"store", "title", "peak"}]
    writer = csv.writer(written)
    writer.writerow(["store", "title", *names, "peak_day", "peak"])
    for row in rows:
        peak = row.get("peak") or {}
        title = wording.title(row["title"], visit.language)
        writer.writerow(
            [
                guarded(row["store"] or ""),
                guarded(title),
                *(row[name] for name in names),
                peak.get("day"),
                peak.get("n"),
            ]
        )
    headers = {"Content-Disposition": f'attachment; filename="backtest-{key}-{job}.csv"'}
    return Response("\ufeff" + written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _page(visit: Visit, shown: Shown, place: Place, more: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    today = visit.now().astimezone(HOME).date()
    context = {
        "shown": shown,
        "place": place,
        "failure": None,
        "sent": {},
        "days": (today - USUAL, today),
        "days_of": days_of,
        "may_ask": visit.may_operate_chain,
        **more,
    }
    return visit.render("trying/backtest.html", context, status=status)


def _sight(visit: Visit, session: Session, place: Place, key: str, job_id: int) -> dict[str, object]:
    job = _find(session, place, key, job_id)
    result = result_of(session, job, visit.deps.catalogue)
    may = visit.may_operate_chain
    told = {"job": job, "result": result, "live": job.state in LIVE, "may_ask": may, "language": visit.language}
    return {**told, "nothing": _nothing(result), "days_of": days_of}


def days_of(job: Job) -> tuple[date, date]:
    """The first day and the last one, as they were asked for; none behind the day on which it was asked."""
    since, until = (datetime.fromisoformat(job.args[name]) for name in ("since", "until"))
    return since.astimezone(HOME).date(), (until - timedelta(microseconds=1)).astimezone(HOME).date()


def _nothing(result: Mapping[str, Any]) -> Literal["no_decisions", "no_events", "all_refused"] | None:
    """Why a backtest that is over came to nothing; None where it came to something."""
    if not result["complete"]:
        return None
    if result["kind"] == "ruleset":
        return None if result["decisions"] else "no_decisions"
    if result["entered"] or result["held_out"]:
        return None
    return "all_refused" if result["members"] else "no_events"


def _find(session: Session, place: Place, key: str, job_id: int) -> Job:
    """The job, if it is a backtest of this definition in sight. Raises JobUnknownError."""
    job = store.find(session, job_id)
    if (job.kind, job.args.get("kind"), job.args.get("key")) != (BACKTEST, _kind(place), key):
        raise JobUnknownError(f"There is no job {job_id} in sight.")
    return job


def _shown(session: Session, place: Place, key: str) -> Shown:
    shown = show(session, _kind(place), key)
    if shown is None:
        raise NotFound(f"There is no {_kind(place)} {key!r}.")
    return shown


def _kind(place: Place) -> Literal["journey", "ruleset"]:
    return "journey" if place == "journeys" else "ruleset"


class _NoDayError(Exception):
    """What was written is no day."""


def _times(sent: Mapping[str, str]) -> tuple[datetime, datetime]:
    """From when on, and up to when: the last day is meant whole. Raises _NoDayError."""
    try:
        since, until = (date.fromisoformat(sent.get(name, "")) for name in ("from", "to"))
        return _begin(since), _begin(until + timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise _NoDayError from error


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), HOME)


Chosen = Annotated[int | None, Query(ge=1, le=LARGEST)]


@router.get("/journeys/{key}/backtest")
def show_journey(visit: Visiting, key: Key, job: Chosen = None) -> HTMLResponse:
    """The backtests of a journey."""
    return show_page(visit, "journeys", key, job)


@router.get("/rules/{key}/backtest")
def show_ruleset(visit: Visiting, key: Key, job: Chosen = None) -> HTMLResponse:
    """The backtests of a ruleset."""
    return show_page(visit, "rules", key, job)


@router.post("/journeys/{key}/backtest")
def ask_journey(visit: Authoring, key: Key, sent: Sent) -> Response:
    """Try a journey over recorded events."""
    return ask(visit, "journeys", key, sent)


@router.post("/rules/{key}/backtest")
def ask_ruleset(visit: Authoring, key: Key, sent: Sent) -> Response:
    """Try a ruleset over recorded decisions."""
    return ask(visit, "rules", key, sent)


@router.get("/{place}/{key}/backtest/{job}")
def look(visit: Visiting, place: Place, key: Key, job: JobId) -> HTMLResponse:
    """How far it is, and what it came to."""
    return show_progress(visit, place, key, job)


@router.get("/{place}/{key}/backtest/{job}/stores.csv")
def look_at_stores(visit: Visiting, place: Place, key: Key, job: JobId) -> Response:
    """The stores as a file."""
    return download(visit, place, key, job)


@router.post("/{place}/{key}/backtest/{job}/{deed}")
def steer_it(
    visit: Authoring, place: Place, key: Key, job: JobId, deed: Literal["stop", "continue"]
) -> RedirectResponse:
    """Stop it, or let it go on."""
    return steer(visit, place, key, job, deed)
