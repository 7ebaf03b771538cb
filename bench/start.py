"""`start`: from the command to a served page, in a folder that was started before."""

from __future__ import annotations

from statistics import median

from bench.figures import Budget, Figure, Report
from bench.service import durability, service

STARTS, QUICK = 3, 1


def run(*, quick: bool = False) -> Report:
    """Measure: one start that makes and seeds everything, then those that count."""
    with service(started=False) as one:
        first = one.start()
        settings = durability(one.running.database_url)
        one.stop()
        again = []
        for _ in range(QUICK if quick else STARTS):
            again.append(one.start())
            one.stop()
    note = f"median of {', '.join(f'{seconds:.2f} s' for seconds in again)}; the first start took {first:.2f} s"
    figure = Figure("second_start", median(again), "s", (Budget("value", "<=", 8),), note=note)
    return Report([figure], [f"the seeded demonstration, PostgreSQL: {settings}"])
