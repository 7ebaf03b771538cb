"""What every process counts: one registry, which `/metrics` shows, and what comes in by the doors.

Calls of WeCom's API are counted in `engine.wecom.observed`, turns and routing in `workflows.measures`, requests in
`ui.http.request_measures`; docs/metrics.md lists all. No label holds personal data, and each has few values: names of
types, routes and journeys, words, codes.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

REGISTRY = CollectorRegistry(auto_describe=True)
"""All measures of this process. Not the library's own registry, to which everything that is imported may add."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no type for it
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds in seconds for what should take milliseconds."""

EVENTS = Counter(
    "waystation_events_total", "Events sent to POST /events, by what became of them.", ["result"], registry=REGISTRY
)
CALLBACKS = Counter(
    "waystation_callbacks_total", "Callbacks of WeCom, by what became of them.", ["outcome"], registry=REGISTRY
)


def count_events(*, accepted: int = 0, duplicates: int = 0, rejected: int = 0) -> None:
    """Count events after the transaction that took them in."""
    for result, number in (("accepted", accepted), ("duplicate", duplicates), ("rejected", rejected)):
        if number:
            EVENTS.labels(result).inc(number)
