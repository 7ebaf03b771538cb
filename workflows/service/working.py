"""The worker: what it works with, made of its settings, and its life until it is asked to stop."""

from engine.definitions.plans import Plans
from workflows.service.connections import reach_temporal, ways_out
from workflows.service.jobs import jobs_of
from workflows.service.parts import Parts
from workflows.service.role import Stop
from workflows.service.waiting import database_is_there
from workflows.worker import WorkerParts, run_worker


async def work(parts: Parts, stop: Stop) -> None:
    """Execute workflows, their turns, remote effects and jobs. Raises MisconfiguredError."""
    temporal = await reach_temporal(parts)
    if not await database_is_there(parts.database, stop.asked):
        return
    plans = Plans(parts.catalogue)
    async with ways_out(parts) as outside, jobs_of(parts, temporal, plans) as jobs:
        worker_parts = WorkerParts(
            client=temporal,
            database=parts.database,
            clock=parts.clock,
            keys=parts.keys,
            activities=parts.activities,
            plans=plans,
            outside=outside,
            jobs=jobs,
        )
        await run_worker(worker_parts, stop)
