"""Rulesets: the list, one as a table in words with its tests and versions, what the checks find, and trying it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse, Response

from engine.definitions.drafts import find_draft
from engine.definitions.listing import Shown, VersionItem, list_shown, list_versions, show
from engine.definitions.source import read_source
from engine.journeys.findings import Finding
from engine.rulesets.fields import ruleset_fields
from engine.rulesets.tables import MEDIA_TYPES, Form, export_table
from rules.documents.report import Report
from rules.tables.compile import examine
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.tables.table import Table
from rules.tables.trials import run_tests
from rules.types import Json
from ui.definitions.checking import check_context, find
from ui.http.lists import LARGEST_VERSION
from ui.http.problems import NotFound, Unprocessable
from ui.pages.trials import Trial, sent_form, trial_of
from ui.pages.visit import Key, Visit, Visiting
from ui.rulesets.tables import table_view
from ui.rulesets.terms import terms_of
from ui.trying.facts import fill

router = APIRouter()

Number = Annotated[int, Query(ge=1, le=LARGEST_VERSION)]
Chosen = Annotated[Number | Literal["draft"] | None, Query(alias="version")]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A ruleset as it is looked at: a version or the draft, its table, and its tests where they could run."""

    shown: Shown
    document: dict[str, Json]
    table: Table | None
    versions: Sequence[VersionItem]
    is_draft: bool = False

    @cached_property
    def report(self) -> Report | None:
        """What its tests say."""
        return run_tests(self.table) if self.table is not None else None


@router.get("/rules")
def show_list(visit: Visiting) -> HTMLResponse:
    """All rulesets, those that are live first."""
    with visit.begin() as session:
        found = list_shown(session, "ruleset")
    ordered = sorted(found, key=lambda shown: (shown.condition != "live", shown.key))
    return visit.render("rules/list.html", {"rulesets": ordered, "may_edit": visit.may_operate_chain})


@router.get("/rules/{key}")
def show_ruleset(
    visit: Visiting, key: Key, version: Chosen = None, first: Annotated[int, Query(alias="from", ge=1)] = 1
) -> HTMLResponse:
    """The table in words, its tests, its versions, and a form to try it."""
    seen = _seen(visit, key, version)
    form = fill(seen.table, {}, visit.language) if seen.table is not None else None
    return _page(visit, seen, version, Trial(form), first)


@router.get("/rules/{key}/draft/table")
def download_table(visit: Visiting, key: Key, form: Annotated[Form, Query(alias="format")] = "xlsx") -> Response:
    """The rows of the draft as a file for a spreadsheet."""
    with visit.begin() as session:
        draft = find_draft(session, "ruleset", key)
        if draft is None:
            raise NotFound(f"There is no draft of the ruleset {key!r}.")
        document = read_source(draft.document).document
    with visit.deps.database.begin() as session:
        context = check_context(visit.deps, session)
    try:
        content = export_table(document, form, context)
    except (SheetError, TableError) as error:
        raise Unprocessable("The draft cannot be told as a table; mend what the checks find.") from error
    headers = {"Content-Disposition": f'attachment; filename="{key}.{form}"'}
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


@router.get("/rules/{key}/findings")
def show_findings(visit: Visiting, key: Key, version: Chosen = None) -> HTMLResponse:
    """The fragment with what the checks find; asked for by the page, since proofs take a moment."""
    seen = _seen(visit, key, version)
    found = find(visit.deps, "ruleset", key, seen.document, in_sight=visit.begin)
    return visit.render("rules/_findings.html", {"findings": [(each, _row_of(each, seen)) for each in found]})


@router.post("/rules/{key}/try")
def try_out(
    visit: Visiting, key: Key, sent: Annotated[dict[str, str], Depends(sent_form)], version: Chosen = None
) -> HTMLResponse:
    """What the ruleset says of what was written. Nothing is recorded."""
    seen = _seen(visit, key, version)
    if seen.table is None:
        raise NotFound(f"The ruleset {key!r} has errors and decides nothing; mend what the checks find.")
    with visit.begin() as session:
        trial = trial_of(visit, session, seen.table, sent)
    return _page(visit, seen, version, trial)


def _page(visit: Visit, seen: Seen, version: int | str | None, trial: Trial, first: int = 1) -> HTMLResponse:
    table = seen.table
    given = {
        "seen": seen,
        "shown": seen.shown,
        "version": version,
        "view": table_view(table, seen.report, visit.language, first) if table is not None else None,
        "ruleset": table.document if table is not None else None,
        "terms": terms_of(table, visit.language) if table is not None else None,
        "trial": trial,
    }
    return visit.render("rules/ruleset.html", given)


def _seen(visit: Visit, key: str, version: int | str | None) -> Seen:
    """What is looked at; a ruleset that was never published is its draft. Raises NotFound."""
    with visit.begin() as session:
        shown = show(session, "ruleset", key, version if isinstance(version, int) else None)
        draft = find_draft(session, "ruleset", key)
        if shown is None or (version == "draft" and draft is None):
            raise NotFound(f"There is no ruleset {key!r}" + (f" with a version {version}." if version else "."))
        versions = list_versions(session, "ruleset", key)
        if shown.version is not None and version != "draft":
            table = visit.deps.rulesets.version(session, key, shown.version).table
            return Seen(shown=shown, document=shown.document, table=table, versions=versions)
    document = read_source(draft.document).document if draft is not None else shown.document
    return Seen(shown=shown, document=document, table=_drafted(visit, document), versions=versions, is_draft=True)


def _drafted(visit: Visit, document: dict[str, Json]) -> Table | None:
    """The table of a draft, if it has no problems."""
    with visit.deps.database.begin() as session:
        around = check_context(visit.deps, session)
    table, problems = examine(document, ruleset_fields(around), around.conditions)
    return None if problems else table


def _row_of(finding: Finding, seen: Seen) -> str | None:
    """The id of the row that a finding is about, if it is about one."""
    steps = finding.pointer.split("/")
    rows = seen.document.get("rows")
    if steps[1:2] != ["rows"] or len(steps) < 3 or not steps[2].isdecimal() or not isinstance(rows, list):
        return None
    row = rows[int(steps[2])] if int(steps[2]) < len(rows) else None
    return str(row["id"]) if isinstance(row, dict) and isinstance(row.get("id"), str) else None
