"""The terms that the pages explain: on hover and focus where they stand (`components/term.html`), all on /glossary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TERMS: Mapping[str, Sequence[str]] = {
    "journeys": (
        "journey", "entry", "audience", "wait", "delay", "branch", "split", "decide", "activity", "call", "end",
        "port", "stage", "goal", "exit", "saved",
    ),
    "policies": ("reentry", "cooldown", "max_age", "quiet_hours", "holdout"),
    "runs": ("run", "timeline", "stuck", "paused", "retry", "skip"),
    "versions": ("draft", "version", "hash", "publish", "in_flight", "canary", "approval", "retired"),
    "rules": (
        "ruleset", "field", "unknown", "row", "hit", "otherwise", "promise", "overlap", "gap", "hidden_row",
        "not_proved", "accepted",
    ),
    "trying": ("finding", "simulate", "test", "coverage", "backtest"),
}  # fmt: skip
"""Each chapter with its terms, in the order in which they are best read. A term's words are `glossary.<term>.*`."""
