"""The router: what it works with, made of its settings, its chores, and its life until it is asked to stop."""

import asyncio
from collections.abc import Mapping

import httpx
from temporalio.client import Client

from engine.definitions.plans import Plans
from engine.wecom.client import WeCom
from workflows.callbacks import CallbackMapper
from workflows.chores import Chores
from workflows.contact_ways import ContactWays
from workflows.job_starter import JobStarter
from workflows.occurrences import Occurrences
from workflows.retention import Retention
from workflows.router import Chore, RouterParts, run_router
from workflows.service.connections import first_client, reach_temporal, wecom_clients
from workflows.service.parts import Parts
from workflows.service.role import Stop
from workflows.service.waiting import database_is_there


async def work(parts: Parts, stop: Stop) -> None:
    """Route events, sweep, do chores and map callbacks. Raises MisconfiguredError."""
    temporal = await reach_temporal(parts)
    if not await database_is_there(parts.database, stop.asked):
        return
    async with httpx.AsyncClient() as http, asyncio.TaskGroup() as tasks:
        clients = wecom_clients(parts, http)
        mapper = CallbackMapper(parts.database, parts.clock, parts.keys, clients)
        plans = Plans(parts.catalogue)
        router_parts = RouterParts(
            client=temporal,
            database=parts.database,
            clock=parts.clock,
            keys=parts.keys,
            plans=plans,
            contacts=first_client(clients),
            chores=_chores(parts, temporal, clients, plans),
        )
        tasks.create_task(mapper.run(stop.asked))
        tasks.create_task(run_router(router_parts, stop))


def _chores(parts: Parts, temporal: Client, clients: Mapping[str, WeCom], plans: Plans) -> list[Chore]:
    """What the router does beside routing."""
    chores = Chores(parts.database, parts.clock, parts.keys)
    retention = Retention(parts.database, parts.clock, parts.settings.keep())
    ways = ContactWays(parts.database, parts.clock, first_client(clients))
    jobs = JobStarter(temporal, parts.database, parts.clock)
    occurrences = Occurrences(parts.database, parts.clock, parts.keys, plans)
    return [*chores.all(), *retention.all(), *ways.all(), *jobs.all(), *occurrences.all()]
