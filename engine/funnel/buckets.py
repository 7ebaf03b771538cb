"""Logarithmic buckets of seconds: whatever lies in one is told from its middle to within 5 %.

Bucket i holds gamma^(i-1) < seconds <= gamma^i with gamma = 1.05 / 0.95, as in DDSketch (Masson, Rim, Lee, VLDB 2019).
`engine.funnel.deltas` computes the same in SQL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

ACCURACY = 0.05
LOG_GAMMA = math.log((1 + ACCURACY) / (1 - ACCURACY))
SHORTEST = 0.001
"""Seconds below this count as this."""


def bucket_of(seconds: float) -> int:
    """The bucket that a length of time falls into."""
    return math.ceil(round(math.log(max(seconds, SHORTEST)) / LOG_GAMMA, 9))


def seconds_of(bucket: int) -> float:
    """The length of time that stands for all in the bucket."""
    return math.exp(LOG_GAMMA * bucket) * (1 - ACCURACY)


def median(histogram: Mapping[int, int]) -> float | None:
    """The lower median of what was counted into the buckets, to the hundredth; None when nothing was."""
    half = (sum(histogram.values()) + 1) // 2
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= half > 0:
            return round(seconds_of(bucket), 2)
    return None
