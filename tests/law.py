"""How many examples a law is tried on: few in ordinary runs, many times as many with WAYSTATION_EXAMPLES=50."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

TIMES = max(1, int(os.environ.get("WAYSTATION_EXAMPLES", "1")))
"""So many times the ordinary number of examples is tried."""


def law(examples: int, **more: Any) -> settings:
    """Settings for a law that ordinary runs try on so many examples."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=examples * TIMES, deadline=None, suppress_health_check=slow, **more)
