"""`webhook.call`, over real HTTP to a receiver of this machine."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from engine.secrets.keyring import KeyRing, new_key
from engine.secrets.webhooks import receiver_of, signing_secrets
from rules.types import Json
from tests.engine.wecom.servers import serve
from tests.workflows.fakes import FakeWeCom
from workflows.activities.outside import AddressRefusedError, Outside
from workflows.activities.registry import ActivityFailure, Effect, Result
from workflows.activities.webhook_call import MOST_SENT, Params, webhook_call
from workflows.guard import guarded


@dataclass
class Receiver:
    """Another system. `answers` are what it says next; then 200."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.body()))
        return self.answers.pop(0) if self.answers else Response(status_code=200)


@pytest.fixture(scope="module")
def standing() -> Iterator[Receiver]:
    receiver = Receiver()
    with serve(Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST", "GET"])])) as url:
        receiver.url = f"{url}/hooks"
        yield receiver


@pytest.fixture
def receiver(standing: Receiver) -> Receiver:
    standing.asked.clear()
    standing.answers.clear()
    return standing


@pytest.fixture
def effect(keys: KeyRing) -> Effect:
    return Effect("7/tell-crm/1", 7, "hook", 3, 4, 5, datetime.now(UTC), keys)


@pytest.fixture
async def call(effect: Effect) -> AsyncIterator[Callable[..., object]]:
    """Performs the type with a client that may reach this machine."""
    async with guarded(allow_private=True) as http:

        async def perform(url: str, *, under: Effect = effect, **params: Json) -> Result:
            return await webhook_call.run(Outside(FakeWeCom(), http), Params(url=url, **params), under)

        yield perform


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_done(receiver: Receiver, call: Callable[..., object], status: int) -> None:
    receiver.answers = [Response(status_code=status)]
    assert await call(receiver.url) == Result(value={"status": status})


async def test_the_body_is_sent_as_json_with_the_headers_of_the_author(
    receiver: Receiver, call: Callable[..., object]
) -> None:
    body: Json = {"member": 17, "name": "小林", "list": [1.5, None, True]}
    await call(receiver.url, body=body, headers={"Authorization": "Bearer t", "X-Source": "hook"})
    await call(receiver.url)
    (headers, sent), (_, nothing) = receiver.asked
    assert json.loads(sent) == body
    assert (headers["content-type"], headers["authorization"], headers["x-source"]) == (
        "application/json", "Bearer t", "hook",
    )  # fmt: skip
    assert nothing == b"{}"


async def test_a_receiver_verifies_the_signature_with_its_own_secret_and_the_standard_library(
    receiver: Receiver, call: Callable[..., object], effect: Effect
) -> None:
    await call(receiver.url, body={"name": "小林"})
    [(headers, sent)] = receiver.asked
    [secret] = signing_secrets(effect.keys, receiver_of(receiver.url))
    assert Webhook(secret).verify(sent, headers) == {"name": "小林"}
    [other] = signing_secrets(effect.keys, "other.example.com")
    for wrong, content in ((other, sent), (secret, sent + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(wrong).verify(content, headers)


async def test_every_attempt_has_one_id_and_a_time_of_its_own(
    receiver: Receiver, call: Callable[..., object], effect: Effect
) -> None:
    await call(receiver.url)
    await call(receiver.url, under=replace(effect, now=effect.now + timedelta(minutes=1)))
    (first, _), (second, _) = receiver.asked
    assert first["webhook-id"] == second["webhook-id"] == "7/tell-crm/1"
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60


async def test_while_a_key_is_replaced_the_secrets_of_both_work(
    receiver: Receiver, call: Callable[..., object], effect: Effect
) -> None:
    old = new_key()
    both = KeyRing.from_text(f"2:{new_key()[2:]},{old}")
    await call(receiver.url, under=replace(effect, keys=both))
    [(headers, sent)] = receiver.asked
    before = signing_secrets(KeyRing.from_text(old), receiver_of(receiver.url))
    newest, still = signing_secrets(both, receiver_of(receiver.url))
    assert [still] == before
    for secret in (newest, still):
        Webhook(secret).verify(sent, headers)


@pytest.mark.parametrize(
    ("status", "headers", "final", "after"),
    [
        (400, {}, True, None),
        (401, {"retry-after": "7"}, True, None),
        (404, {}, True, None),
        (409, {}, True, None),
        (410, {}, True, None),
        (301, {"location": "http://127.0.0.1:9/"}, True, None),
        (307, {"location": "http://169.254.169.254/"}, True, None),
        (408, {}, False, None),
        (425, {}, False, None),
        (429, {}, False, None),
        (429, {"retry-after": "7"}, False, 7),
        (503, {"retry-after": "120"}, False, 120),
        (503, {"retry-after": "999999999999999999999"}, False, 86_400),
        (503, {"retry-after": "soon"}, False, None),
        (503, {"retry-after": "Fri, 01 Jan 99999999999999999999 00:00:00 GMT"}, False, None),
        (503, {"retry-after": "Fri, 01 Jan 2027 00:00:00 +99999999999999999999"}, False, None),
        (503, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, False, 0),
        (500, {"retry-after": "7"}, False, None),
        (502, {}, False, None),
    ],
)
async def test_what_is_tried_again_and_when(
    receiver: Receiver,
    call: Callable[..., object],
    status: int,
    headers: dict[str, str],
    final: bool,
    after: int | None,
) -> None:
    receiver.answers = [Response("no, Mr. Wang", status, headers)]
    with pytest.raises(ActivityFailure) as raised:
        await call(receiver.url)
    failure = raised.value
    wait = None if after is None else timedelta(seconds=after)
    assert (failure.code, failure.final, failure.retry_after) == (f"http-{status}", final, wait)
    assert "Wang" not in str(failure)
    assert len(receiver.asked) == 1


async def test_a_date_in_retry_after_counts_from_the_attempt(
    receiver: Receiver, call: Callable[..., object], effect: Effect
) -> None:
    receiver.answers = [Response(status_code=429, headers={"retry-after": "Wed, 07 Jan 2026 00:01:30 GMT"})]
    with pytest.raises(ActivityFailure) as raised:
        await call(receiver.url, under=replace(effect, now=datetime(2026, 1, 7, tzinfo=UTC)))
    assert raised.value.retry_after == timedelta(seconds=90)


async def test_an_answer_without_end_is_not_read_to_its_end(receiver: Receiver, call: Callable[..., object]) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 4096
            await asyncio.sleep(0)

    receiver.answers = [StreamingResponse(endless(), 200)]
    assert await call(receiver.url) == Result(value={"status": 200})


async def test_no_answer_is_tried_again_and_tells_neither_address_nor_body(call: Callable[..., object]) -> None:
    with pytest.raises(ActivityFailure) as raised:
        await call("http://127.0.0.1:9/token-abc", body={"phone": "13800000000"})
    assert (raised.value.code, raised.value.final) == ("no-answer", False)
    assert "token-abc" not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_nothing_of_the_body_or_the_headers_is_logged(
    receiver: Receiver, call: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await call(receiver.url, body={"phone": "13800000000"}, headers={"Authorization": "Bearer secret"})
    assert "13800000000" not in caplog.text
    assert "Bearer" not in caplog.text


async def test_a_body_beyond_the_limit_is_not_sent(receiver: Receiver, call: Callable[..., object]) -> None:
    with pytest.raises(ActivityFailure) as raised:
        await call(receiver.url, body="x" * MOST_SENT)
    assert (raised.value.code, raised.value.final, receiver.asked) == ("too-large", True, [])


async def test_private_addresses_are_refused_for_good(receiver: Receiver, effect: Effect) -> None:
    async with guarded(allow_private=False) as http:
        with pytest.raises(ActivityFailure) as raised:
            await webhook_call.run(Outside(FakeWeCom(), http), Params(url=receiver.url), effect)
    assert (raised.value.code, raised.value.final, receiver.asked) == ("address-refused", True, [])


@pytest.mark.parametrize(
    "params",
    [
        {"url": "ftp://a.example.com/"},
        {"url": "file:///etc/passwd"},
        {"url": "/hooks"},
        {"url": "https://"},
        {"url": "https://user:word@a.example.com/"},
        {"url": "https://a.example.com:99999/"},
        {"url": "https://a.example.com/" + "x" * 2000},
        {"url": "https://a.example.com", "method": "GET"},
        {"url": "https://a.example.com", "headers": {"Host": "b"}},
        {"url": "https://a.example.com", "headers": {"content-length": "1"}},
        {"url": "https://a.example.com", "headers": {"Transfer-Encoding": "chunked"}},
        {"url": "https://a.example.com", "headers": {"Connection": "close"}},
        {"url": "https://a.example.com", "headers": {"Webhook-Id": "mine"}},
        {"url": "https://a.example.com", "headers": {"X Y": "z"}},
        {"url": "https://a.example.com", "headers": {"X": "a\r\nY: b"}},
        {"url": "https://a.example.com", "headers": {"X": 1}},
    ],
)
def test_params_that_could_do_harm_are_refused(params: dict[str, Json]) -> None:
    with pytest.raises(ValidationError):
        Params.model_validate(params)


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://CRM.example.com/hooks", "crm.example.com"),
        ("https://crm.example.com:443/", "crm.example.com"),
        ("http://crm.example.com:8080/a?b", "crm.example.com:8080"),
    ],
)
def test_a_receiver_is_a_host_with_its_port(url: str, receiver: str) -> None:
    assert receiver_of(url) == receiver


def test_httpx_is_what_scaffolded_types_catch() -> None:
    assert issubclass(AddressRefusedError, httpx.HTTPError)
