"""What the worker's jobs are done with."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from httpx import AsyncClient
from temporalio.client import Client

from engine.definitions.plans import Plans
from engine.jobs.pages import Prepare
from workflows.job_kinds import job_kinds
from workflows.migrating import Migrating
from workflows.service.connections import wecom_clients
from workflows.service.parts import Parts
from workflows.service.wecom_apps import wecom_apps
from workflows.sync import App, Asking


@asynccontextmanager
async def jobs_of(parts: Parts, client: Client, plans: Plans) -> AsyncIterator[Mapping[str, Prepare]]:
    """Give the kinds of jobs, as long as a worker works."""
    corps = {name: app.corp_id for name, app in wecom_apps(parts.settings).items()}
    async with AsyncClient() as http:
        apps = {name: App(corps[name], wecom) for name, wecom in wecom_clients(parts, http).items()}
        migrating = Migrating(parts.database, parts.clock, parts.keys, plans, client)
        yield job_kinds(Asking(parts.database, parts.clock, parts.keys, apps), migrating)
