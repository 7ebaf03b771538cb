"""Security headers on every answer: a Content-Security-Policy with a fresh nonce, and what goes with it."""

import secrets
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: {images}; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; manifest-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def nonce_of(request: Request) -> str:
    """The nonce that scripts and styles of this answer carry."""
    nonce: str = request.state.nonce
    return nonce


def add_headers(headers: MutableHeaders, state: Mapping[str, str], *, secure: bool) -> None:
    """Adds what is missing. Pages get the full policy, data a policy that allows nothing.

    `state` is the request's: its nonce, and in `images` another origin whose pictures this page may show.
    """
    is_page = headers.get("content-type", "").startswith("text/html")
    policy = POLICY.format(nonce=state["nonce"], images=state.get("images", "")) if is_page else DATA_POLICY
    headers["Content-Security-Policy"] = policy
    for name, value in FIXED.items():
        headers.setdefault(name, value)
    if is_page:
        headers.setdefault("Cache-Control", "no-store")
    if secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


class SecurityHeaders:
    """Gives each request a nonce and each answer its headers; pages are not kept by caches."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(18)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), state, secure=self.secure)
            await send(message)

        await self.app(scope, receive, send_with_headers)
