"""`/wecom/callback/{app}`: where WeCom tells what happened. Outside `/api/v1` and without an API key: it signs.

WeCom waits a second for the echo of a verification and five for the answer to an event; whatever is not answered with
200 it sends again, three times in all. So an event is on disk before the answer leaves, and a repeated one is answered
with 200 and has no effect.

What WeCom signed and we cannot read is refused and, since it is lost, told to people. What is not signed may be
anybody's, and nobody is told.

A callback is taken in however many events wait to be routed: WeCom would try only twice more, and then what happened is
lost. Callbacks are few beside what tills upload, and are routed before it.
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse

from engine.database import retrying
from engine.telemetry.measures import CALLBACKS
from engine.wecom.callback import (
    App,
    CallbackError,
    Signed,
    UnreadableCallbackError,
    open_callback,
    verify_url,
)
from engine.wecom.intake import Intake, Receipt
from engine.wecom.reports import unreadable
from engine.wecom.xml import Fields
from ui.dependencies import Dependencies, dependencies
from ui.http.problems import BadRequest, Forbidden, NotFound, Problem, TooLarge

router = APIRouter(tags=["WeCom"])
log = structlog.get_logger()

LARGEST = 256 * 1024
"""Bytes of a callback; real ones have a few thousand."""
PATIENCE = text("SET LOCAL lock_timeout = '3s'")
"""Whoever waits longer for a lock would answer too late: WeCom had better send again."""

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/xml": {"schema": {"type": "string", "description": "`<xml>` with an Encrypt element."}}},
    }
}


def _signed(msg_signature: str = Query(""), timestamp: str = Query(""), nonce: str = Query("")) -> Signed:
    """The query of every callback. What is missing makes the signature wrong, and that is what is answered."""
    return Signed(msg_signature, timestamp, nonce)


def _app(request: Request, app: str) -> App:
    given = dependencies(request).wecom_apps.get(app)
    if given is None:
        raise NotFound("There is no WeCom app of this name; WAYSTATION_WECOM_APPS names them.")
    return App(given["corp_id"], int(given["agent_id"]), given["secret"], given["token"], given["aes_key"])


OurApp = Annotated[App, Depends(_app)]
Signature = Annotated[Signed, Depends(_signed)]


@router.get("/wecom/callback/{app}", response_class=PlainTextResponse)
async def verify(ours: OurApp, signed: Signature, echostr: str = "") -> PlainTextResponse:
    """Answer WeCom's verification of this address with the text that it sealed, and nothing else."""
    try:
        return PlainTextResponse(verify_url(ours, signed, echostr.replace(" ", "+")))
    except CallbackError as error:
        raise _problem(error) from error


@router.post("/wecom/callback/{app}", response_class=PlainTextResponse, openapi_extra=_BODY)
async def receive(request: Request, app: str, ours: OurApp, signed: Signature) -> PlainTextResponse:
    """Take an event in. A repeated delivery is answered likewise and has no effect."""
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge(f"A callback may have at most {LARGEST} bytes; this one has {len(body)}.")
    try:
        event = open_callback(ours, signed, body)
    except CallbackError as error:
        CALLBACKS.labels("refused").inc()
        if error.signed:
            await run_in_threadpool(_tell, dependencies(request), app, str(error))
        raise _problem(error) from error
    receipt = await run_in_threadpool(_take_in, dependencies(request), app, ours, event)
    CALLBACKS.labels(receipt.outcome).inc()
    log.info("a callback came", app=app, kind=receipt.kind, outcome=receipt.outcome, reason=receipt.reason)
    return PlainTextResponse("success")


def _take_in(deps: Dependencies, name: str, app: App, event: Fields) -> Receipt:
    def work(session: Session) -> Receipt:
        session.connection().execute(PATIENCE)
        return Intake(session, deps.keys, deps.clock.now()).receive(name, app.corp_id, event)

    return retrying.run(deps.database, work)


def _tell(deps: Dependencies, name: str, reason: str) -> None:
    log.error("a callback of WeCom cannot be read", app=name, reason=reason)
    with deps.database.begin() as session:
        unreadable(session, name, reason, now=deps.clock.now())


def _problem(error: CallbackError) -> Problem:
    detail = str(error)
    return BadRequest(detail) if isinstance(error, UnreadableCallbackError) else Forbidden(detail)
