"""How people enter a journey by choice: what each entry is about to do and has done, and a list given by hand or file.

`/journeys/{key}/entries/outlook` is a fragment of its own (`of=draft` for the draft): pages of editing and publishing
load it as it is. It counts members, which may take seconds.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Query, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.database import retrying
from engine.definitions.listing import show
from engine.definitions.source import read_source
from engine.definitions.versions import find_live_version
from engine.edits.store import editable
from engine.journeys.audience_entries import AudienceEntry, Becoming, Dated, Listed, Scheduled
from engine.journeys.compiled import compiled
from engine.journeys.document_entries import BecomesEntry, DateEntry, ScheduleEntry
from engine.journeys.plan import Plan, PlanError
from engine.journeys.start import BY_HAND
from engine.occurrences import lists
from engine.occurrences.lists import ListError, Named, NoListEntryError, WrongLinesError
from engine.occurrences.outlook import outlooks
from engine.occurrences.refused import refused_of
from engine.runs.entries import MOST, entered_by_event
from rules.sentences import sentence
from ui.definitions.checking import check_context
from ui.http.limits import MAX_BODY
from ui.http.problems import NotFound
from ui.messages import text
from ui.pages.journeys import find
from ui.pages.visit import Key, Visit, Visiting
from ui.words.recurrences import recurrence
from ui.words.wording import iso_duration, number

router = APIRouter()

Of = Annotated[Literal["live", "draft"], Query()]
_SHOWN = 200
_DAYS = 7


@dataclass(frozen=True)
class ByEvent:
    """An entry by an event: whom it lets in, in words, and how many came by events of its type lately."""

    on: str
    whom: str
    entered: str


@router.get("/journeys/{key}/entries")
def show_entries(visit: Visiting, key: Key, given: Annotated[int | None, Query(ge=0, le=10**9)] = None) -> HTMLResponse:
    """The page; `given` members were taken from a list just now."""
    return _page(visit, key, given=given)


@router.get("/journeys/{key}/entries/outlook")
def show_outlook(visit: Visiting, key: Key, of: Of = "live") -> HTMLResponse:
    """The fragment: each entry that chooses, when it is due, who would enter, and its last occurrences."""
    plan = _plan_of(visit, key, of)
    with visit.begin() as session:
        whole = visit.viewer.stores == "*"
        found = outlooks(session, visit.deps.keys, plan, now=visit.now(), whole=whole) if plan else []
        told = [(each, _says(visit, plan, each.entry)) for each in found] if plan else []
        refused = refused_of(session, [each for outlook in found for each in outlook.past])
    context = {"outlooks": told, "of": of, "broken": plan is None, "kept_out": refused}
    return visit.render("journeys/_outlook.html", context)


@router.post("/journeys/{key}/entries")
def give_list(
    visit: Visiting,
    key: Key,
    *,
    members: Annotated[str, Form(max_length=MAX_BODY)] = "",
    file: Annotated[UploadFile | None, File()] = None,
    partial: Annotated[bool, Form()] = False,
) -> Response:
    """Take a list, from the field or a file; what is wrong is told line by line, and then nothing is changed."""
    content = file.file.read(MAX_BODY) if file is not None and file.filename else members.encode()
    try:
        lines = lists.lines_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _page(visit, key, failure="unreadable", status=422)
    except lists.NoCsvError as error:
        return _page(visit, key, failure="no_csv", at=error.line, members=members, status=422)
    if len(lines) > lists.MOST:
        return _page(visit, key, failure="too_long", status=422)
    with visit.operate() as session:
        find(session, key)
        named = lists.find_members(session, visit.deps.keys, lines)
    if not named.members or (named.wrong and not partial):
        return _page(visit, key, named=named, members=members, status=422)
    try:
        _give(visit, key, named)
    except ListError as error:
        return _page(visit, key, failure=_FAILURES[type(error)], members=members, status=409)
    return RedirectResponse(f"/journeys/{key}/entries?given={len(named.members)}", 303)


def _give(visit: Visit, key: str, named: Named) -> None:
    plans = visit.deps.plans

    def work(session: Session) -> None:
        lists.give(session, key, named.members, index=None, plans=plans, by=visit.actor, now=visit.now())

    retrying.run(visit.deps.database, work)


def _plan_of(visit: Visit, key: str, of: str) -> Plan | None:
    """The plan of the live version, or of the draft; None where it cannot run, or nothing is live."""
    with visit.deps.database.begin() as session:
        if show(session, "journey", key) is None:
            raise NotFound(f"There is no journey {key!r}.")
        try:
            if of == "draft":
                document = read_source(editable(session, "journey", key).text).document
                return compiled(document, check_context(visit.deps, session))
            live = find_live_version(session, "journey", key)
            return visit.deps.plans.get(session, live.bundle_hash) if live else None
        except PlanError:
            return None


def _says(visit: Visit, plan: Plan, entry: AudienceEntry) -> dict[str, str]:
    """The entry in words: when, and whom."""
    source = plan.document.entry[entry.index]
    match entry.choosing:
        case Scheduled(audience=rule) if isinstance(source, ScheduleEntry):
            when = f"{recurrence(source.schedule, visit.language)} · {source.at}"
            return {"when": when, "whom": sentence(rule.tree, visit.language, plan.zone)}
        case Becoming(condition=rule) if isinstance(source, BecomesEntry):
            when = text(visit.language, "entries.checked", every=iso_duration(source.check, visit.language))
            return {"when": when, "whom": sentence(rule.tree, visit.language, plan.zone)}
        case Dated(rule=day_of) if isinstance(source, DateEntry):
            day = sentence(day_of.tree, visit.language, plan.zone)
            offset = (
                f" {'−' if source.offset.startswith('-') else '+'} {_length(source.offset, visit)}"
                if source.offset
                else ""
            )
            often = text(visit.language, "entries.yearly" if source.yearly else "entries.dated")
            return {"when": f"{day}{offset} · {source.at} · {often}", "whom": ""}
        case Listed():
            return {"when": text(visit.language, "entries.by_list"), "whom": ""}
        case _:
            return {"when": "", "whom": ""}


def _by_event(visit: Visit, session: Session, key: str, plan: Plan | None) -> list[ByEvent]:
    """The entries by events, first those that are written first; then starts by hand, where there were some."""
    if plan is None:
        return []
    came = entered_by_event(session, key, visit.now() - timedelta(days=_DAYS))
    more = text(visit.language, "act.more_than", n=number(MOST))

    def lately(on: str) -> str:
        return more if came.get(on, 0) >= MOST else number(came.get(on, 0))

    found = [
        ByEvent(entry.on, sentence(entry.when.tree, visit.language, plan.zone) if entry.when else "", lately(entry.on))
        for entry in plan.entries
    ]
    by_hand = [ByEvent(BY_HAND, text(visit.language, "entries.by_hand"), lately(BY_HAND))] if came.get(BY_HAND) else []
    return found + by_hand


def _length(offset: str, visit: Visit) -> str:
    return iso_duration(offset.removeprefix("-"), visit.language)


def _page(  # noqa: PLR0913  named at each call
    visit: Visit,
    key: str,
    *,
    given: int | None = None,
    named: Named | None = None,
    members: str = "",
    failure: str | None = None,
    at: int = 0,
    status: int = 200,
) -> HTMLResponse:
    with visit.begin() as session:
        shown = find(session, key)
    plan = _plan_of(visit, key, "draft" if shown.condition == "draft" else "live")
    with visit.begin() as session:
        live = find_live_version(session, "journey", key)
        by_event = _by_event(visit, session, key, plan)
    document = read_source(live.document).document if live else shown.document
    entry = document.get("entry")
    entries = [each for each in entry if isinstance(each, dict)] if isinstance(entry, list) else []
    context = {
        "shown": shown,
        "of": "live" if live else "draft",
        "by_event": by_event,
        "broken": plan is None and any("on" in each for each in entries),
        "days": _DAYS,
        "chooses": any("on" not in each for each in entries),
        "takes_lists": any("list" in each for each in entries),
        "may_give": visit.viewer.may("operate") and shown.condition == "live",
        "given": given,
        "members": members,
        "failure": failure,
        "at": at,
        "found": len(named.members) if named else 0,
        "wrong": [(one.line, one.message[visit.language]) for one in named.wrong[:_SHOWN]] if named else [],
        "wrong_count": len(named.wrong) if named else 0,
        "empty_list": named is not None and not named.members and not named.wrong,
    }
    return visit.render("journeys/entries.html", context, status=status)


_FAILURES: dict[type[ListError], str] = {
    NoListEntryError: "no_entry",
    lists.NotLiveError: "closed",
    WrongLinesError: "wrong",
}
