"""The secrets by which receivers of webhooks know that we sent them."""

from typing import Annotated

from fastapi import Depends, Query, Response
from pydantic import BaseModel

from engine.access import audit
from engine.secrets.webhooks import receiver_of, signing_secrets
from ui.http.auth import Caller, require
from ui.http.idempotency import NOT_KEPT
from ui.http.problems import FieldError, Forbidden, Unprocessable
from ui.http.routing import api_router

router = api_router(tags=["Webhooks"])


class WebhookSecret(BaseModel):
    """The secrets of one receiver, as the libraries of Standard Webhooks take them; use the first.

    There are several while a key of the service is replaced: each webhook then carries a signature by every one.
    """

    receiver: str
    secrets: list[str]


@router.get("/webhook-secret")
def read_secret(
    caller: Annotated[Caller, Depends(require("access"))],
    response: Response,
    url: Annotated[str, Query(max_length=2000, description="The address that `webhook.call` calls.")],
) -> WebhookSecret:
    """The secret that signs calls of an address (https://www.standardwebhooks.com). Reading it is audited."""
    if caller.stores != "*":
        raise Forbidden("This API key is bound to a place; secrets are read by keys that are not.")
    try:
        receiver = receiver_of(url)
    except ValueError as error:
        raise Unprocessable("This is no address of a receiver.", errors=[FieldError("/url", str(error))]) from error
    with caller.begin() as session:
        audit.record(session, caller.actor, "webhook-secret.read", f"webhook/{receiver}", now=caller.now())
    response.headers["Cache-Control"] = NOT_KEPT
    return WebhookSecret(receiver=receiver, secrets=signing_secrets(caller.deps.keys, receiver))
