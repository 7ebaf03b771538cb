"""Which addresses are asked at all: none with characters that no text of ours may hold."""

from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send

from engine.events.content import is_clean
from ui.http.problems import FieldError, Unprocessable


class CleanAddresses:
    """Refuses control characters in paths and queries with 422: PostgreSQL cannot even compare with some of them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif not is_clean(scope["path"]):
            await _refusal("path").response()(scope, receive, send)
        elif not is_clean(unquote_plus(scope["query_string"].decode("latin-1"))):
            await _refusal("query").response()(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _refusal(part: str) -> Unprocessable:
    message = "Leave out control characters (but tab and line break)."
    return Unprocessable("This address cannot be used; see errors.", errors=[FieldError(part, message)])
