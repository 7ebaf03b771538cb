"""How large a request may be."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.http.problems import TooLarge

MAX_BODY = 4 * 1024 * 1024
MAX_DRAINED = 8 * MAX_BODY
"""A refused body is read to its end up to here, so that its sender sees the answer and not a closed connection."""


class BodyLimit:
    """Refuses bodies over `MAX_BODY` with 413, whether or not they announce their length."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _announced(scope) > MAX_BODY:
            await _drain(receive)
            await _refusal().response()(scope, receive, send)
        else:
            await self.app(scope, _counted(receive), send)


def _announced(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _counted(receive: Receive) -> Receive:
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > MAX_BODY:
            await _drain(receive)
            raise _refusal()
        return message

    return counted


async def _drain(receive: Receive) -> None:
    drained, more = 0, True
    while more and drained <= MAX_DRAINED:
        message = await asyncio.wait_for(receive(), timeout=30)
        more = message["type"] == "http.request" and message.get("more_body", False)
        drained += len(message.get("body", b""))


def _refusal() -> TooLarge:
    return TooLarge("The body is larger than 4 MiB. Send it in smaller parts.")
