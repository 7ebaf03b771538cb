"""The kinds of jobs that a worker does; one line for each. See `engine.jobs` for what a kind is made of."""

from __future__ import annotations

from collections.abc import Mapping

from engine.clock import Clock
from engine.jobs import bulk
from engine.jobs.kinds import BULK
from engine.jobs.pages import Prepare, within


def job_kinds(clock: Clock) -> Mapping[str, Prepare]:
    """How a page of each kind is prepared."""
    return {BULK: within(bulk.page(clock))}
