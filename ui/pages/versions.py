"""The versions of a journey or ruleset, and any two of its states compared: versions, what is live, the draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse

from engine.definitions.drafts import find_draft
from engine.definitions.listing import Shown, VersionItem, list_versions, show
from engine.definitions.source import read_source
from engine.definitions.versions import read_version
from engine.edits.store import history, put_draft
from engine.funnel.versions import by_version
from rules.types import Json
from ui.definitions.checking import check_context, things
from ui.definitions.differences import Sides, differences
from ui.definitions.edits import around_edits, changed
from ui.definitions.places import deed_words, editor_of
from ui.definitions.table_differences import table_differences
from ui.http.lists import LARGEST_VERSION
from ui.http.problems import NotFound
from ui.pages.visit import Authoring, Key, Visit, Visiting
from ui.words.people import names_of

router = APIRouter()

Number = Annotated[int, Query(ge=1, le=LARGEST_VERSION)]
PathNumber = Annotated[int, Path(ge=1, le=LARGEST_VERSION)]
Which = Number | Literal["draft", "live"]
Kind = Literal["journey", "ruleset"]

_EDITS_SHOWN = 30


@dataclass(frozen=True)
class State:
    """A state of a definition that can be compared: `which` names it in addresses."""

    which: str
    document: dict[str, Json]


@router.get("/journeys/{key}/versions")
def show_journey(visit: Visiting, key: Key) -> HTMLResponse:
    """What was published of the journey, when and by whom, and the edits of its draft."""
    return _versions(visit, "journey", key)


@router.get("/rules/{key}/versions")
def show_ruleset(visit: Visiting, key: Key) -> HTMLResponse:
    """The same of a ruleset."""
    return _versions(visit, "ruleset", key)


@router.get("/journeys/{key}/versions/compare")
def compare_journey(visit: Visiting, key: Key, a: Which | None = None, b: Which | None = None) -> HTMLResponse:
    """Two states of the journey, in the picture and field by field."""
    return _compared(visit, "journey", key, a, b)


@router.get("/rules/{key}/versions/compare")
def compare_ruleset(visit: Visiting, key: Key, a: Which | None = None, b: Which | None = None) -> HTMLResponse:
    """Two states of the ruleset, row by row."""
    return _compared(visit, "ruleset", key, a, b)


@router.post("/journeys/{key}/versions/{n}/restore")
def restore_journey(visit: Authoring, key: Key, n: PathNumber) -> RedirectResponse:
    """Make an old version of the journey the draft; what the draft said before can be had back by undoing."""
    return _restored(visit, "journey", key, n)


@router.post("/rules/{key}/versions/{n}/restore")
def restore_ruleset(visit: Authoring, key: Key, n: PathNumber) -> RedirectResponse:
    """The same of a ruleset."""
    return _restored(visit, "ruleset", key, n)


def _restored(visit: Visit, kind: Kind, key: str, n: int) -> RedirectResponse:
    with visit.operate(whole_chain=True) as session:
        found = read_version(session, kind, key, n)
        told: Json = {"command": "restore", "version": n}
        put_draft(session, kind, key, found.document, by=visit.actor, now=visit.now(), told=told, seat=visit.seat)
    return RedirectResponse(editor_of(kind, key), 303)


def _versions(visit: Visit, kind: Kind, key: str) -> HTMLResponse:
    with visit.begin() as session:
        shown = _find(session, kind, key)
        versions, draft = list_versions(session, kind, key), find_draft(session, kind, key)
        edits = history(session, kind, key, limit=_EDITS_SHOWN)
        actors = {each.published_by for each in versions} | {each.by for each in edits}
        actors |= {each.undone_by for each in edits if each.undone_by} | ({draft.updated_by} if draft else set())
        actors |= {each.approved_by for each in versions if each.approved_by}
        names = names_of(session, actors, visit.language)
        figures = by_version(session, key) if kind == "journey" else None
        around = around_edits(session, draft) if draft else {}
    with visit.deps.database.begin() as session:
        known, thing = check_context(visit.deps, session), things(session)
        sides = {n: Sides(kind, *documents, known, thing) for n, documents in around.items()}
        told = {each.n: changed(sides[each.n], visit.language) for each in edits if each.n in sides}
    context = {
        **_around(kind, key, shown),
        "versions": versions,
        "draft": draft,
        "edits": edits,
        "told": told,
        "deed": partial(deed_words, language=visit.language),
        "names": names,
        "figures": figures,
        "may_edit": visit.may_operate_chain,
        "first": _preset(shown, versions)[0],
        "second": _preset(shown, versions)[1],
    }
    return visit.render("versions/list.html", context)


def _compared(visit: Visit, kind: Kind, key: str, a: int | str | None, b: int | str | None) -> HTMLResponse:
    with visit.begin() as session:
        shown = _find(session, kind, key)
        versions = list_versions(session, kind, key)
        preset = _preset(shown, versions)
        one, other = (_state(session, kind, key, shown, which) for which in (a or preset[0], b or preset[1]))
        has_draft = find_draft(session, kind, key) is not None
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
        found = differences(Sides(kind, one.document, other.document, context, things(session)), visit.language)
        rows = None
        if kind == "ruleset":
            rows = table_differences(one.document, other.document, found.parts, context, visit.language)
    told = {
        **_around(kind, key, shown),
        "versions": versions,
        "has_draft": has_draft,
        "a": one.which,
        "b": other.which,
        "found": found,
        "rows": rows,
    }
    return visit.render("versions/compare.html", told)


def _around(kind: Kind, key: str, shown: Shown) -> dict[str, object]:
    home = "/journeys" if kind == "journey" else "/rules"
    return {"kind": kind, "shown": shown, "base": f"{home}/{key}"}


def _find(session: Session, kind: Kind, key: str) -> Shown:
    shown = show(session, kind, key)
    if shown is None:
        raise NotFound(f"There is no {kind} {key!r}.")
    return shown


def _preset(shown: Shown, versions: Sequence[VersionItem]) -> tuple[str, str]:
    """What one most likely wants to compare: the draft with what is live, else the last two versions."""
    if shown.has_changes or len(versions) < 2:
        return "live", "draft" if shown.has_changes or not versions else "live"
    return str(versions[1].n), str(versions[0].n)


def _state(session: Session, kind: Kind, key: str, shown: Shown, which: int | str) -> State:
    """One state; nothing at all stands for what is live while nothing was published."""
    if which == "draft":
        draft = find_draft(session, kind, key)
        if draft is None:
            raise NotFound(f"There is no draft of {kind} {key!r}.")
        return State("draft", read_source(draft.document).document)
    if which == "live":
        return State("live", shown.document if shown.version is not None else {})
    found = read_version(session, kind, key, int(which))
    return State(str(found.n), read_source(found.document).document)
