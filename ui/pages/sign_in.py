"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine.access import audit, sessions, sign_in
from engine.access.errors import TooManyAttemptsError, WrongCredentialsError
from ui.dependencies import Dependencies, dependencies
from ui.http.auth import COOKIE, viewer_or_none
from ui.pages.render import render

router = APIRouter()

_LONGEST_FIELD = 200


@router.get("/sign-in")
def show(request: Request, next: str = "/") -> Response:  # noqa: A002  # the parameter's name in the address
    """The form; whoever is signed in already goes on."""
    if viewer_or_none(request):
        return RedirectResponse(_inside(next), 303)
    return _form(request, wanted=next)


@router.post("/sign-in")
def enter(
    request: Request,
    username: Annotated[str, Form(max_length=_LONGEST_FIELD)] = "",
    password: Annotated[str, Form(max_length=_LONGEST_FIELD)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  # as above
) -> Response:
    """Checks name and password; the session's token goes into a cookie that scripts cannot read."""
    deps = dependencies(request)
    try:
        token = _open(deps, username.strip(), password, request.client.host if request.client else "")
    except WrongCredentialsError:
        return _form(request, wanted=next, username=username, failure="sign_in.wrong", status=401)
    except TooManyAttemptsError as error:
        minutes = -(-int(error.wait.total_seconds()) // 60)
        form = _form(request, wanted=next, username=username, failure="sign_in.wait", minutes=minutes, status=429)
        form.headers["Retry-After"] = str(60 * minutes)
        return form
    response = RedirectResponse(_inside(next), 303)
    longest = int(sessions.LONGEST.total_seconds())
    response.set_cookie(COOKIE, token, max_age=longest, httponly=True, samesite="lax", secure=deps.secure)
    return response


@router.post("/sign-out")
def leave(request: Request) -> Response:
    """Ends the session here and in the table."""
    deps = dependencies(request)
    with deps.database.begin() as session:
        sessions.close_session(session, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=deps.secure)
    return response


def _open(deps: Dependencies, name: str, password: str, address: str) -> str:
    now = deps.clock.now()
    with deps.database.begin() as session:
        sign_in.count_attempt(session, name, address, now=now)
    with deps.database.begin() as session:
        user = sign_in.check_password(session, name, password)
        sign_in.forgive(session, name, address)
        audit.record(session, f"user:{user.name}", "user.signed-in", f"user/{user.name}", now=now)
        return sessions.open_session(session, user, now=now)


def _form(
    request: Request,
    *,
    wanted: str,
    username: str = "",
    failure: str | None = None,
    minutes: int = 0,
    status: int = 200,
) -> HTMLResponse:
    context = {"wanted": _inside(wanted), "username": username, "failure": failure, "minutes": minutes}
    return render(request, "sign_in.html", context, status=status)


def _inside(wanted: str) -> str:
    """The wanted page if it is one of ours, else the overview: a link cannot lead the reader elsewhere."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours else "/"
