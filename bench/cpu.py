"""CPU time of whole trees of processes."""

from __future__ import annotations

from contextlib import suppress

import psutil


def spent(root: int) -> float:
    """Seconds of CPU, user and system, that a process and all below it have used so far.

    What a process has reaped is counted with it, so that a server's short-lived children are not lost.
    """
    process, seconds = psutil.Process(root), 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def resident(pid: int) -> float:
    """The resident memory of one process, in MB."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6
