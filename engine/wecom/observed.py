"""Every call of WeCom's API, counted, timed and traced by the name of the API and the errcode; nothing else is kept."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from engine.telemetry import traces
from engine.telemetry.measures import REGISTRY, SHORT
from engine.wecom.errors import POLICIES
from rules.types import Json

CALLS = Counter("waystation_wecom_calls_total", "Calls of WeCom's API, by errcode.", ["api", "errcode"],
                registry=REGISTRY)  # fmt: skip
SECONDS = Histogram(
    "waystation_wecom_call_seconds", "How long WeCom took to answer.", ["api"], buckets=SHORT, registry=REGISTRY
)
UNANSWERED = "none"
"""The errcode of a call that may have been carried out and has no usable answer."""

Answer = TypeVar("Answer", bound=Mapping[str, Json])


async def observed(api: str, call: Awaitable[Answer]) -> Answer:
    """Make the call and return what it returns."""
    started, code = time.perf_counter(), UNANSWERED
    try:
        with traces.span(f"wecom {api}", kind=SpanKind.CLIENT) as span:
            answer = await call
            code = _label(answer.get("errcode"))
            if code != "0":
                traces.mark(span, f"errcode {code}")
            return answer
    finally:
        CALLS.labels(api, code).inc()
        SECONDS.labels(api).observe(time.perf_counter() - started)


def _label(code: Json) -> str:
    """The code, or one word for all that WeCom's documents do not list for us."""
    return str(code) if code in {0, *POLICIES} else "other"
