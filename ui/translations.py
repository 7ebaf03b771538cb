"""The one place where exceptions become HTTP answers: problem+json for programs, a page for people."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from engine.access.errors import AccessError, KeyReusedError, TooManyAttemptsError, UnknownScopeError
from engine.audiences.errors import TooSlowError
from engine.database.direct import DATABASE_IS_AWAY
from engine.database.retrying import ContendedError
from engine.decisions.errors import DecisionError, UnusableRulesetError
from engine.definitions.errors import (
    ApprovalError,
    DefinitionError,
    NotAcceptableError,
    NotPublishableError,
    NotReadableError,
    OvertakenError,
    StaleRevisionError,
    UnknownDefinitionError,
    UnknownFindingError,
    WrongStateError,
)
from engine.edits.conflicts import Clash
from engine.edits.deeds import deed_of
from engine.edits.errors import ClashError, NothingToRedoError, NothingToUndoError
from engine.jobs.bulk import BulkError
from engine.jobs.errors import JobStateError, JobUnknownError
from engine.migrating.asked import InFlightError
from engine.organisation.sync.requests import AppError, UnknownAppError
from engine.runs.by_hand import StartError, UnknownJourneyError, UnknownMemberError, UnusableSubjectError
from engine.runs.commands import RunStateError, UnknownPortError
from engine.runs.store import RunUnknownError
from engine.trying.backtests import BacktestError
from engine.trying.people import UnknownPersonError
from rules.documents.commands import CommandError
from rules.errors import RuleError
from rules.pointers import pointer_of
from rules.types import Json
from ui.definitions.presentable import presentable
from ui.dependencies import dependencies
from ui.http import security
from ui.http.problems import (
    Conflict,
    FieldError,
    NotFound,
    Problem,
    SignInNeeded,
    Stale,
    TooMany,
    Unavailable,
    Unprocessable,
)
from ui.http.request_measures import route_of
from ui.pages.render import error_page, remember_taste

_LOG = logging.getLogger(__name__)
_FOR_PROGRAMS = ("/api/", "/wecom/", "/livez", "/readyz", "/metrics", "/openapi.json")

_OF_RULES = (RuleError, DecisionError, TooSlowError)
_OF_RUNS = (RunUnknownError, RunStateError, UnknownPortError, StartError, UnknownPersonError)
_OF_JOBS = (JobUnknownError, JobStateError, BulkError, BacktestError, AppError)
_OF_THE_DATABASE = (ContendedError, DataError, *DATABASE_IS_AWAY)

_DETAILS = {
    404: "Nothing is here. Look at the address again; /docs lists what the API knows.",
    405: "This address does not take this method; the Allow header says which ones it takes.",
}


def install(app: FastAPI) -> None:
    """Registers the translations of all exceptions with the application."""
    app.add_exception_handler(SignInNeeded, _to_sign_in)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    for known in (AccessError, DefinitionError, CommandError, *_OF_RULES, *_OF_RUNS, *_OF_JOBS, *_OF_THE_DATABASE):
        app.add_exception_handler(known, _known)
    app.add_exception_handler(Exception, _unexpected)


def problem_of(error: Exception) -> Problem:
    """The answer that an exception of the lower layers stands for."""
    match error:
        case AccessError():
            return _access_problem(error)
        case DefinitionError():
            return _definition_problem(error)
        case CommandError():
            return _command_problem(error)
        case _ if isinstance(error, _OF_RULES):
            return _rule_problem(error)
        case _ if isinstance(error, _OF_RUNS):
            return _run_problem(error)
        case _ if isinstance(error, _OF_JOBS):
            return _job_problem(error)
        case _ if isinstance(error, _OF_THE_DATABASE):
            return _database_problem(error)
        case _:
            return Problem("Something went wrong on our side. It has been logged.")


def _access_problem(error: AccessError) -> Problem:
    match error:
        case TooManyAttemptsError():
            return TooMany(str(error), retry_after=max(1, int(error.wait.total_seconds())))
        case UnknownScopeError():
            return Unprocessable(str(error), errors=[FieldError("/scopes", str(error))])
        case KeyReusedError():
            return Unprocessable(str(error))
        case _:
            return Conflict(str(error))


def _definition_problem(error: DefinitionError) -> Problem:
    match error:
        case UnknownDefinitionError():
            return NotFound(str(error))
        case WrongStateError() | ApprovalError() | OvertakenError() | NothingToUndoError() | NothingToRedoError():
            return Conflict(str(error))
        case ClashError():
            return Stale(str(error), more={"conflict": _conflict(error.clash)})
        case StaleRevisionError():
            return Stale(str(error))
        case NotReadableError():
            return Unprocessable("The text cannot be read.", errors=[FieldError("", str(error))])
        case UnknownFindingError() | NotAcceptableError():
            return Unprocessable("The finding cannot be accepted.", errors=[FieldError("/code", str(error))])
        case InFlightError():
            return Unprocessable(
                str(error), errors=[FieldError(fault.pointer, fault.message["en"]) for fault in error.faults]
            )
        case NotPublishableError():
            found = [presentable(finding.to_json()) for finding in error.findings]
            return Unprocessable(str(error), more={"findings": found})
        case _:
            return Problem("Something went wrong on our side. It has been logged.")


def _conflict(clash: Clash) -> dict[str, Json]:
    """Whose change stands in the way, and the values at the place: as it was seen, as it is, as it was wanted."""
    values = {"before": clash.before, "theirs": clash.theirs, "yours": clash.mine}
    told = {name: presentable(value) for name, value in values.items()}
    deed: dict[str, Json] = {**deed_of(clash.command)}
    who: dict[str, Json] = {"by": clash.by, "at": clash.at.isoformat(), "revision": clash.revision, "deed": deed}
    return {**who, "pointer": presentable(clash.pointer), **told}


def _command_problem(error: CommandError) -> Problem:
    told = FieldError(str(presentable(error.pointer)), str(presentable(str(error))))
    return Unprocessable("The command cannot be carried out.", errors=[told])


def _rule_problem(error: Exception) -> Problem:
    match error:
        case RuleError():
            errors = [FieldError(problem.pointer, problem.message["en"]) for problem in error.problems]
            return Unprocessable("The content cannot be used; see errors.", errors=errors)
        case UnusableRulesetError():
            return Conflict(str(error))
        case DecisionError():
            return NotFound(str(error))
        case _:
            return Unprocessable(str(error))


def _run_problem(error: Exception) -> Problem:
    match error:
        case RunUnknownError() | UnknownJourneyError() | UnknownMemberError() | UnknownPersonError():
            return NotFound(str(error))
        case UnusableSubjectError():
            return Unprocessable(str(error), errors=[FieldError(error.pointer, str(error))])
        case UnknownPortError():
            return Unprocessable(str(error), errors=[FieldError("/port", str(error))])
        case _:
            return Conflict(str(error))


def _job_problem(error: Exception) -> Problem:
    match error:
        case JobUnknownError():
            return NotFound(str(error))
        case BulkError() | BacktestError():
            return Unprocessable("The request cannot be done.", errors=[FieldError(error.pointer, str(error))])
        case UnknownAppError():
            return Unprocessable(str(error), errors=[FieldError("/app", str(error))])
        case AppError():
            return Unprocessable(str(error))
        case _:
            return Conflict(str(error))


def _database_problem(error: Exception) -> Problem:
    match error:
        case ContendedError():
            return Unavailable("Others change the same things at this moment. Try again shortly.", retry_after=1)
        case DataError():
            return Unprocessable("The request holds a value that cannot be kept: a number or date out of all bounds.")
        case _:
            return Unavailable("The database does not answer. Try again in a moment.")


def _answer(request: Request, problem: Problem) -> Response:
    if request.url.path.startswith(_FOR_PROGRAMS):
        return problem.response()
    return error_page(request, problem, detailed=problem.detail not in _DETAILS.values())


def _http(request: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    if isinstance(raised, Problem):
        return _answer(request, raised)
    detail = _DETAILS.get(raised.status_code, raised.detail)
    return _answer(request, Problem(detail, status=raised.status_code, headers=raised.headers))


def _known(request: Request, error: Exception) -> Response:
    return _answer(request, problem_of(error))


def _unexpected(request: Request, error: Exception) -> Response:
    """Runs outside of all middleware, so it brings the security headers itself."""
    _LOG.error("unexpected error at %s %s", request.method, route_of(request.scope), exc_info=error)
    answer = _answer(request, problem_of(error))
    security.add_headers(answer.headers, request.scope["state"], secure=dependencies(request).secure)
    return answer


def _to_sign_in(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": "/sign-in"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = "" if wanted == "/" or request.method != "GET" else "?" + urlencode({"next": wanted})
    response = RedirectResponse("/sign-in" + query, HTTPStatus.SEE_OTHER)
    remember_taste(request, response)
    return response


def _validation(request: Request, error: Exception) -> Response:
    found: list[Mapping[str, Any]] = list(cast("RequestValidationError", error).errors())
    if any(item["loc"][:1] == ("path",) for item in found):
        return _answer(request, NotFound(_DETAILS[404]))
    errors = [FieldError(_pointer(item["loc"]), str(item["msg"]).removeprefix("Value error, ")) for item in found]
    return _answer(request, Unprocessable("The request cannot be used; see errors.", errors=errors))


def _pointer(loc: Iterable[str | int]) -> str:
    """A JSON pointer into the body, or the bare name of a parameter."""
    place, *path = loc
    if place != "body":
        return str(path[0]) if path else str(place)
    return pointer_of(path)
