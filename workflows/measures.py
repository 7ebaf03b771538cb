"""What workers and routers count (`engine.telemetry.measures`); docs/metrics.md lists all measures."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from engine.telemetry.measures import REGISTRY, SHORT

TURNS = Counter(
    "waystation_turns_total", "Turns, by what came of them: decided, repeated, elsewhere, failed.", ["result"],
    registry=REGISTRY,
)  # fmt: skip
TURN_SECONDS = Histogram(
    "waystation_turn_seconds", "How long a turn took, with its transaction.", buckets=SHORT, registry=REGISTRY
)
TURN_EVENTS = Histogram(
    "waystation_turn_events", "Events that a decided turn was told.", buckets=(0, 1, 2, 5, 10, 20, 50, 100, 200),
    registry=REGISTRY,
)  # fmt: skip
ATTEMPTS = Counter(
    "waystation_remote_attempts_total",
    "Calls of the outside by activity type and result: settled, failed, refused, unknown, broken-off.",
    ["type", "result"],
    registry=REGISTRY,
)
ATTEMPT_SECONDS = Histogram(
    "waystation_remote_attempt_seconds", "How long the outside took.", ["type"], buckets=SHORT, registry=REGISTRY
)
ROUTED = Counter(
    "waystation_routed_total", "Routings of members, by result: routed, failed, away.", ["result"],
    registry=REGISTRY,
)  # fmt: skip
ROUTING_SECONDS = Histogram(
    "waystation_routing_seconds",
    "How long the routing of a member took, enrichment included.",
    buckets=SHORT,
    registry=REGISTRY,
)
RUNS_CALLED = Counter(
    "waystation_runs_called_total", "Executions that were called, by why: started, woken, late, ordered.", ["why"],
    registry=REGISTRY,
)  # fmt: skip
CHORES = Counter(
    "waystation_chores_total", "What the router role does beside routing, by result: done, failed, cancelled.",
    ["chore", "result"], registry=REGISTRY,
)  # fmt: skip
CHORE_SECONDS = Histogram(
    "waystation_chore_seconds", "How long a chore took.", ["chore"], buckets=(0.01, 0.1, 1.0, 10.0, 60.0),
    registry=REGISTRY,
)  # fmt: skip
TRIMMED = Counter(
    "waystation_rows_trimmed_total", "Rows that retention deleted, by table.", ["table"], registry=REGISTRY
)

OCCURRENCES = Counter(
    "waystation_occurrences_total", "Occurrences that fell due: opened, or why they told nobody.", ["result"],
    registry=REGISTRY,
)  # fmt: skip
OCCURRENCE_LAG = Histogram(
    "waystation_occurrence_lag_seconds", "How long after it fell due an occurrence was opened.",
    buckets=(1, 5, 15, 60, 300, 3600, 86400), registry=REGISTRY,
)  # fmt: skip
CHOSEN_TOLD = Counter(
    "waystation_chosen_told_total", "Members whom an occurrence chose and who were told.", registry=REGISTRY
)
