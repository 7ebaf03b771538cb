"""What every process counts: one registry, which `/metrics` shows, and the measures of events and of WeCom's API.

Measures of turns and routing stand in `workflows.measures`, those of requests in `ui.measures`; docs/metrics.md lists
them all. No label holds personal data, and each has few values: names of types, routes, journeys, codes.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from engine.wecom.errors import POLICIES

REGISTRY = CollectorRegistry(auto_describe=True)
"""All measures of this process. Not the library's own registry, which everything that is imported may add to."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types for it
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds in seconds for what should take milliseconds."""

EVENTS = Counter("waystation_events_total", "Events sent to POST /events, by what became of them.", ["result"],
    registry=REGISTRY,
)  # fmt: skip
CALLBACKS = Counter(
    "waystation_callbacks_total", "Callbacks of WeCom, by what became of them.", ["outcome"], registry=REGISTRY
)
WECOM_CALLS = Counter(
    "waystation_wecom_calls_total", "Calls of WeCom's API, by errcode.", ["api", "errcode"], registry=REGISTRY
)
WECOM_SECONDS = Histogram(
    "waystation_wecom_call_seconds", "How long WeCom took to answer.", ["api"], buckets=SHORT, registry=REGISTRY
)

UNANSWERED = "none"
"""The errcode of a call that may have been carried out and has no usable answer."""


def count_events(*, accepted: int = 0, duplicates: int = 0, rejected: int = 0) -> None:
    """Count events after the transaction that took them in."""
    for result, number in (("accepted", accepted), ("duplicate", duplicates), ("rejected", rejected)):
        if number:
            EVENTS.labels(result).inc(number)


def count_wecom_call(api: str, code: object, seconds: float) -> None:
    """Count one call. Codes that WeCom's documents do not list for us share one label."""
    known = code in {0, *POLICIES} or code == UNANSWERED
    WECOM_CALLS.labels(api, str(code) if known else "other").inc()
    WECOM_SECONDS.labels(api).observe(seconds)
