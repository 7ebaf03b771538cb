"""Who asks: programs by API key, people by session.

A handler of the API names the scope that it needs and works in the transaction of its caller:

    @router.get("/stores/{key}")
    def read_store(key: str, caller: Annotated[Caller, Depends(require("chain"))]) -> StoreAnswer:
        with caller.begin() as session:
            ...

A page takes `Visit` (ui.pages.visit) instead. Both see only the stores of whoever asks.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from engine.access import sessions, store
from engine.access.idempotency import Claim
from engine.access.roles import KeyHolder, Stores, Viewer
from ui.dependencies import Dependencies, dependencies
from ui.http.idempotency import claim_of
from ui.http.problems import Forbidden, SignInNeeded, Unauthorised

COOKIE = "waystation_session"
BEARER = HTTPBearer(auto_error=False, description="An API key.")


@dataclass(frozen=True)
class Caller:
    """A program with a valid key. `actor` is its name in the audit, `claim` what its `Idempotency-Key` claims."""

    holder: KeyHolder
    deps: Dependencies
    claim: Claim | None = None

    @property
    def actor(self) -> str:
        return f"key:{self.holder.name}"

    @property
    def stores(self) -> Stores:
        return self.holder.stores

    def now(self) -> datetime:
        """The present instant, by the service's clock."""
        return self.deps.clock.now()

    def begin(self) -> AbstractContextManager[Session]:
        """One transaction that sees the caller's stores; committed at the end of the block."""
        return self.deps.database.begin(self.stores)


def require(*scopes: str) -> Callable[..., Caller]:
    """A dependency that gives the `Caller` if their key carries one of these scopes, else 401 or 403."""

    def caller(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
    ) -> Caller:
        deps = dependencies(request)
        return Caller(holder_of_key(deps, credentials, *scopes), deps, claim_of(request))

    return caller


def holder_of_key(deps: Dependencies, credentials: HTTPAuthorizationCredentials | None, *scopes: str) -> KeyHolder:
    """Whoever holds this key, if it carries one of these scopes; else Unauthorised or Forbidden."""
    if credentials is None:
        raise Unauthorised("Send an API key: Authorization: Bearer <key>.")
    with deps.database.begin() as session:
        holder = store.holder_of(session, credentials.credentials, now=deps.clock.now())
    if holder is None:
        raise Unauthorised("This API key is unknown or was revoked.")
    if not any(holder.may(scope) for scope in scopes):
        lacking = " or ".join(repr(scope) for scope in scopes)
        raise Forbidden(f"This API key lacks the scope {lacking}; it has {', '.join(sorted(holder.scopes))}.")
    return holder


def signed_in(request: Request) -> Viewer:
    """The person who is signed in, or SignInNeeded."""
    viewer = viewer_or_none(request)
    if viewer is None:
        raise SignInNeeded
    return viewer


def viewer_or_none(request: Request) -> Viewer | None:
    """The person who is signed in, if anybody is."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    deps = dependencies(request)
    with deps.database.begin() as session:
        return sessions.viewer_of(session, token, now=deps.clock.now())
