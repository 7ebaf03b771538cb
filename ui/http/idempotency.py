"""`Idempotency-Key` on writes of the API: the same request again gets the same answer and does nothing.

The answer is stored when it is there. Should the process die before, whoever asks again a minute later has it done
again: where that would do harm, the handler calls `keep` in the transaction of the write.
"""

import hashlib
from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from engine.access import idempotency, store
from engine.access.idempotency import Claim, StoredAnswer
from ui.dependencies import Dependencies, dependencies
from ui.http.problems import FieldError, Unprocessable

HEADER = "Idempotency-Key"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NOT_KEPT = "no-store"
"""The `Cache-Control` of answers that hold a secret; we do not keep them either."""
_LONGEST = 255
_KEPT_HEADERS = ("content-type", "etag", "location")


async def once(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer to a request; for a write with an `Idempotency-Key` it is made once and then repeated."""
    key = request.headers.get(HEADER)
    if key is None or request.method not in WRITES:
        return await answer(request)
    if not 0 < len(key) <= _LONGEST:
        raise Unprocessable("The Idempotency-Key cannot be used.", errors=[FieldError(HEADER, "1 to 255 characters")])
    deps = dependencies(request)
    body_hash = _hash(request, await request.body())
    claim = await run_in_threadpool(_claim, deps, request, key, body_hash)
    if claim is None:
        return await answer(request)
    return await _once(deps, claim, request, answer)


def claim_of(request: Request) -> Claim | None:
    """The claim under which a request is being done, if it carries a key."""
    found = getattr(request.state, "claim", None)
    return found if isinstance(found, Claim) else None


def keep(session: Session, claim: Claim | None, answer: BaseModel, response: Response) -> None:
    """Store what will be answered, with the status and headers of `response`, in the transaction of the write.

    Raises KeyInUseError, which rolls it back, when somebody else has done it under this claim.
    """
    if claim is not None:
        headers = {"content-type": "application/json", **_kept_headers(response)}
        content = {"body": answer.model_dump_json(), "headers": headers}
        idempotency.answer(session, claim, StoredAnswer(response.status_code, content))


async def _once(
    deps: Dependencies, claim: Claim, request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refused requests changed nothing: they are not kept, so that a mended one may use the key again."""
    stored = await run_in_threadpool(_begin, deps, claim)
    if stored is not None:
        return _repeat(stored)
    request.state.claim = claim
    response: Response | None = None
    try:
        response = await answer(request)
    finally:
        await run_in_threadpool(_end, deps, claim, response)
    return response


def _claim(deps: Dependencies, request: Request, key: str, body_hash: str) -> Claim | None:
    """The claim of whoever asks; None for somebody without a valid key, whom the handler will refuse."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    with deps.database.begin() as session:
        holder = store.holder_of(session, value.strip(), now=deps.clock.now())
    return Claim(holder.id, f"{request.method} {request.url.path}", key, body_hash) if holder else None


def _begin(deps: Dependencies, claim: Claim) -> StoredAnswer | None:
    with deps.database.begin() as session:
        return idempotency.begin(session, claim, now=deps.clock.now())


def _end(deps: Dependencies, claim: Claim, response: Response | None) -> None:
    with deps.database.begin() as session:
        if response is None or response.status_code >= 400 or _is_secret(response):
            idempotency.give_up(session, claim)
        else:
            idempotency.finish(session, claim, _keep(response))


def _is_secret(response: Response) -> bool:
    """Whether an answer may be kept nowhere, such as one that shows a new key."""
    return response.headers.get("cache-control") == NOT_KEPT


def _keep(response: Response) -> StoredAnswer:
    content = {"body": bytes(response.body).decode(), "headers": _kept_headers(response)}
    return StoredAnswer(response.status_code, content)


def _kept_headers(response: Response) -> dict[str, str]:
    return {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}


def _repeat(stored: StoredAnswer) -> Response:
    return Response(stored.content["body"], stored.status, stored.content["headers"])


def _hash(request: Request, body: bytes) -> str:
    parts = (request.url.query.encode(), request.headers.get("content-type", "").encode(), body)
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
