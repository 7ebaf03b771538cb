"""Beginning a ruleset, from a spreadsheet too, and letting its draft go."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from engine.rulesets import textfile, workbook
from engine.rulesets.fields import ruleset_fields
from rules.tables.beginning import empty_ruleset, ruleset_from
from rules.tables.sheet import SheetError
from rules.tables.sheet_reading import TableError
from rules.types import Json
from ui.definitions.checking import check_context
from ui.pages import beginning
from ui.pages.beginning import Asked, Ground, Named, Sent, UnreadableError, Wish
from ui.pages.editing import Base
from ui.pages.visit import Authoring, Key, Visit, Visiting

router = APIRouter()

_TOLD = 20
"""So many faults of a file are told at once."""


def _read(visit: Visit, sent: Wish) -> dict[str, Json]:
    """The ruleset that a file of one, or a spreadsheet, tells. Raises UnreadableError."""
    name = sent.name.lower()
    if name.endswith(".json"):
        return beginning.read_json(visit, sent)
    with visit.deps.database.begin() as session:
        known = ruleset_fields(check_context(visit.deps, session))
    try:
        is_text = name.endswith((".csv", ".txt"))
        table = textfile.read_csv(sent.body) if is_text else workbook.read_xlsx(sent.body)
        return {**empty_ruleset("", {}), **ruleset_from(table, known)}
    except TableError as error:
        raise UnreadableError([fault.told[visit.language] for fault in error.faults[:_TOLD]]) from error
    except SheetError as error:
        raise UnreadableError([problem.message[visit.language] for problem in error.problems[:_TOLD]]) from error


RULESET = Ground("ruleset", "rules", lambda: empty_ruleset("", {}), _read, ".xlsx,.csv,.json")


@router.get("/rules/new")
def show_form(visit: Visiting, asked: Asked) -> HTMLResponse:
    """The form; `template` and `from` choose what to start from."""
    return beginning.show_form(visit, RULESET, asked)


@router.get("/rules/new/key")
def show_key(visit: Visiting, named: Named) -> HTMLResponse:
    """The fragment with the key that these names suggest."""
    return beginning.show_key(visit, RULESET, named)


@router.post("/rules/new")
def begin(visit: Authoring, sent: Sent) -> Response:
    """Keep the first draft and lead to its table, or say what is wrong and keep what was written."""
    return beginning.begin(visit, RULESET, sent)


@router.post("/rules/{key}/edit/discard")
def discard(visit: Authoring, key: Key, base: Base = None) -> Response:
    """Throw the draft away; what was published stays."""
    return beginning.discard(visit, RULESET, key, base)
