"""Errors as RFC 9457 `application/problem+json`, and the one place where exceptions become HTTP.

    Problem                     what a handler raises to answer with an error
    ├── BadRequest        400   not understood at all: not JSON, bad XML
    ├── Unauthorised      401   no valid key
    │   └── SignInNeeded        a page without a session
    ├── Forbidden         403   beyond the scope of the key, or the role of the user
    ├── NotFound          404
    ├── Conflict          409   the state forbids it
    ├── Stale             412   `If-Match` names an older revision
    ├── TooLarge          413
    ├── WrongMediaType    415
    ├── Unprocessable     422   bad content: `errors` say where and how to mend it
    ├── TooMany           429   carries `Retry-After`
    └── Unavailable       503   likewise

Exceptions of `engine` and `rules` become problems in `ui.translations`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from rules.types import Json

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """One mistake in the input: a JSON pointer (or the name of a parameter) and how to mend it."""

    pointer: str
    message: str


class Problem(HTTPException):
    """An error answer. `detail` tells a person what to do; `more` adds members such as `findings`."""

    status = 500

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        more: Mapping[str, Json] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(status or self.status, detail, dict(headers or {}))
        self.errors = tuple(errors)
        self.more = dict(more or {})

    def body(self) -> dict[str, Json]:
        """The members of the answer."""
        answer: dict[str, Json] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status_code).phrase,
            "status": self.status_code,
            "detail": self.detail,
        }
        if self.errors:
            answer["errors"] = [{"pointer": error.pointer, "message": error.message} for error in self.errors]
        return answer | self.more

    def response(self) -> JSONResponse:
        """The answer itself."""
        return JSONResponse(self.body(), self.status_code, dict(self.headers or {}), MEDIA_TYPE)


class BadRequest(Problem):
    status = 400


class Unauthorised(Problem):
    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="waystation"'})


class Forbidden(Problem):
    status = 403


class NotFound(Problem):
    status = 404


class Conflict(Problem):
    status = 409


class Stale(Problem):
    status = 412


class TooLarge(Problem):
    status = 413


class WrongMediaType(Problem):
    status = 415


class Unprocessable(Problem):
    status = 422


class TooMany(Problem):
    status = 429

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    status = 503

    def __init__(self, detail: str, *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class SignInNeeded(Unauthorised):
    """A page was asked for without a session: the answer leads to `/sign-in` and back."""

    def __init__(self) -> None:
        super().__init__("Sign in first.")
