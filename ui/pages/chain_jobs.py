"""The chain from a file and from WeCom: the form, what is wrong line by line, and the way to the job."""

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.jobs.errors import Text
from engine.organisation.importing.applying import create_import
from engine.organisation.importing.checking import Checked, check
from engine.organisation.importing.lines import KINDS, FileError, Kind
from engine.organisation.importing.reading import read
from engine.organisation.sync.requests import ask, choose_app
from ui.http.problems import Forbidden
from ui.pages.visit import Visit, Visiting

router = APIRouter()

_SHOWN = 200


@router.get("/import")
def show_form(visit: Visiting) -> HTMLResponse:
    """The form for a file."""
    _demand_whole_chain(visit)
    return _form(visit)


@router.post("/import")
def import_file(
    visit: Visiting,
    file: Annotated[UploadFile, File()],
    *,
    only_check: Annotated[bool, Form()] = False,
    partial: Annotated[bool, Form()] = False,
) -> Response:
    """Check a file; apply it as a job if that is asked for and nothing (or not everything) is wrong with it."""
    _demand_whole_chain(visit)
    try:
        lines = read(file.file.read())
    except FileError as error:
        return _form(visit, refused=error.text, status=422)
    with visit.operate() as session:
        checked = check(session, lines)
        applies = bool(checked.good) and (partial or not checked.wrong) and not only_check
        if applies:
            job = create_import(session, visit.deps.keys, checked, by=visit.actor, now=visit.now())
    if applies:
        return RedirectResponse(f"/jobs/{job.id}", 303)
    return _form(visit, checked=checked, status=422 if checked.wrong else 200)


@router.post("/sync")
def sync(visit: Visiting) -> RedirectResponse:
    """Read everything from WeCom anew; the page of the job shows how far that is."""
    _demand_whole_chain(visit)
    name = choose_app(visit.deps.wecom_apps)
    with visit.operate() as session:
        job = ask(session, name, by=visit.actor, now=visit.now())
    return RedirectResponse(f"/jobs/{job.id}", 303)


def _form(
    visit: Visit, *, checked: Checked | None = None, refused: Text | None = None, status: int = 200
) -> HTMLResponse:
    context = {
        "kinds": {kind.name: [(name, name in kind.required) for name in _columns(kind)] for kind in KINDS.values()},
        "checked": checked,
        "wrong": [(one.n, one.field, one.message[visit.language]) for one in checked.wrong[:_SHOWN]] if checked else [],
        "refused": refused[visit.language] if refused else None,
    }
    return visit.render("jobs/import.html", context, status=status)


def _columns(kind: Kind) -> list[str]:
    """What must be given comes first."""
    return sorted(kind.fields, key=lambda name: (name not in kind.required, name))


def _demand_whole_chain(visit: Visit) -> None:
    if not visit.viewer.may("operate") or visit.viewer.stores != "*":
        raise Forbidden("This concerns every store: it is for people of headquarters who may change things.")
