"""`webhook.call`: a signed POST to another system (https://www.standardwebhooks.com)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, TypeAlias

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from standardwebhooks.webhooks import Webhook

from engine.journeys.catalogue import Retry, label
from engine.secrets.webhooks import receiver_of, signing_secrets
from rules.types import Declaration, Title
from workflows.activities.outside import AddressRefusedError, Outside
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type

MOST_SENT = 262_144
"""Bytes of a body."""
MOST_READ = 65_536
"""Bytes of an answer that are read before the connection is closed; they are not kept."""
LONGEST_WAIT = timedelta(days=1)
"""The longest that a receiver may put the next attempt off by `Retry-After`."""
PATIENCE = frozenset({429, 503})
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
OURS = frozenset(
    {
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade", "expect", "range",
        "accept-encoding",
    }
)  # fmt: skip
"""Headers that belong to the connection and the body, which authors cannot set."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e]{0,2000}")


def _is_address(url: str) -> str:
    receiver_of(url)
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError("this is no address that can be called") from error
    if parsed.userinfo:
        raise ValueError("write the name and password into a header, not into the address")
    return url


def _may_be_set(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{name[:100]!r} is no name of a header")
    if name.lower() in OURS or name.lower().startswith("webhook-"):
        raise ValueError(f"the header {name} is written by Waystation and cannot be set")
    return name


def _is_plain(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise ValueError("the value of a header is one line of at most 2,000 ASCII characters")
    return value


Address: TypeAlias = Annotated[str, Field(max_length=2000), AfterValidator(_is_address)]
HeaderName: TypeAlias = Annotated[str, AfterValidator(_may_be_set)]
HeaderValue: TypeAlias = Annotated[str, AfterValidator(_is_plain)]


class Params(BaseModel):
    """Where to, and what."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[
        Address,
        label(
            "网址",
            "Address",
            help_zh="以 https:// 或 http:// 开头。内网和本机地址默认拒绝。",
            help_en="It begins with https:// or http://. Private addresses are refused unless they are allowed.",
        ),
    ]
    body: Annotated[
        JsonValue,
        label("内容", "Body", help_zh="作为 JSON 发送；不填则为 {}。", help_en="Sent as JSON; {} without it."),
    ] = Field(default_factory=dict)
    headers: Annotated[
        dict[HeaderName, HeaderValue],
        Field(max_length=30),
        label(
            "请求头",
            "Headers",
            help_zh="附加的请求头，例如 Authorization。连接与签名用的请求头不能改写。",
            help_en="More headers, such as Authorization; those of the connection and the signature cannot be set.",
        ),
    ] = Field(default_factory=dict)


@activity_type(
    "webhook.call",
    title={"zh": "调用外部系统", "en": "Call a webhook"},
    words={"zh": "接口 短信 推送 对接 CRM", "en": "api integration sms push crm"},
    zh="""
    通知您的另一个系统，例如 CRM 或短信平台。

    把 `body` 以 JSON 形式 POST 过去。任何 2xx 都算完成。

    请求按 Standard Webhooks 签名：`webhook-id` 在所有重试中保持不变，接收方据此去重；
    `webhook-timestamp` 是本次尝试的时间；密钥按接收方区分，见 GET /api/v1/webhook-secret。
    408、425、429、5xx 和没有应答会重试，429 和 503 遵守 Retry-After；其他 4xx 和跳转不再重试。
    内网、本机和云平台元数据地址会被拒绝，除非设置 WAYSTATION_WEBHOOK_ALLOW_PRIVATE=1。
    """,
    example={"url": "https://crm.example.com/hooks/joined", "body": {"member": 17}, "headers": {"X-Source": "hook"}},
    idempotent="receiver",
    retry=Retry(attempts=6, initial=timedelta(seconds=1), backoff=4, max=timedelta(hours=1)),
    result={"status": Declaration(type="integer", title=Title(zh="HTTP 状态码", en="HTTP status"))},
    timeout=timedelta(seconds=30),
)
async def webhook_call(outside: Outside, params: Params, effect: Effect) -> Result:
    """Tell another system of yours, such as a CRM or a sender of text messages.

    It gets `body` by POST as JSON; any 2xx is done.

    The request is signed as Standard Webhooks describe: `webhook-id` stays the same over all attempts and lets the
    receiver know a repetition, `webhook-timestamp` is the attempt's, and the secret is the receiver's own, shown by
    GET /api/v1/webhook-secret. No answer, 408, 425, 429 and 5xx are tried again, 429 and 503 after their Retry-After;
    any other 4xx and a redirect are final. Addresses of this machine, of private networks and of a cloud's metadata are
    refused unless WAYSTATION_WEBHOOK_ALLOW_PRIVATE=1. The receiver's answer is not kept.
    """
    content = json.dumps(params.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(content) > MOST_SENT:
        raise ActivityFailure(f"the body has more than {MOST_SENT:,} bytes", code="too-large", final=True)
    headers = {"User-Agent": "Waystation", **params.headers, **_signed(params.url, content, effect)}
    try:
        async with outside.http.stream(
            "POST", params.url, content=content, headers=headers, follow_redirects=False
        ) as answer:
            await _read_some(answer)
    except AddressRefusedError as error:
        raise ActivityFailure(str(error), code="address-refused", final=True) from error
    except httpx.HTTPError as error:
        # What httpx says may quote the address, and the address may hold a token.
        raise ActivityFailure(f"no answer: {type(error).__name__}", code="no-answer") from None
    if answer.is_success:
        return Result(value={"status": answer.status_code})
    raise _refusal(answer, effect.now)


def _signed(url: str, content: bytes, effect: Effect) -> dict[str, str]:
    at = effect.now.astimezone(UTC)
    secrets = signing_secrets(effect.keys, receiver_of(url))
    return {
        "Content-Type": "application/json",
        "webhook-id": effect.key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(one).sign(effect.key, at, content.decode()) for one in secrets),
    }


async def _read_some(answer: httpx.Response) -> None:
    """Read what a polite receiver says, so that its connection ends well; more is not waited for."""
    if answer.is_stream_consumed:
        return
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > MOST_READ:
            return


def _refusal(answer: httpx.Response, now: datetime) -> ActivityFailure:
    status = answer.status_code
    final = status < 500 and status not in WORTH_ANOTHER_TRY
    wait = _retry_after(answer.headers.get("retry-after", ""), now) if status in PATIENCE else None
    return ActivityFailure(f"the receiver answered {status}", code=f"http-{status}", retry_after=wait, final=final)


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """When the receiver wants to be asked again, as seconds or as a date; None when it says nothing readable."""
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=int(text[:9]))
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
