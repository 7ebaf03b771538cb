"""How many examples the laws between forms of a rule are tried on: 2,000, or as many as `--rule-examples` says."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

COUNT = 2_000
"""Set by tests/conftest.py before the tests are imported."""


def differential(count: int | None = None) -> settings:
    """Settings of a law that compares two forms of the same rule.

    No example is stored for the next run; where one fails, hypothesis prints the smallest.
    """
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    phases = [Phase.generate, Phase.shrink]
    examples = COUNT if count is None else count
    return settings(max_examples=examples, suppress_health_check=slow, phases=phases, deadline=None, database=None)
