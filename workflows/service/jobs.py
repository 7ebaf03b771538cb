"""What the worker's jobs are done with."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from httpx import AsyncClient

from engine.jobs.pages import Prepare
from workflows.job_kinds import job_kinds
from workflows.service.connections import wecom_clients
from workflows.service.parts import Parts
from workflows.service.wecom_apps import wecom_apps
from workflows.sync import App, Asking


@asynccontextmanager
async def jobs_of(parts: Parts) -> AsyncIterator[Mapping[str, Prepare]]:
    """Give the kinds of jobs, as long as a worker works."""
    corps = {name: app.corp_id for name, app in wecom_apps(parts.settings).items()}
    async with AsyncClient() as http:
        apps = {name: App(corps[name], wecom) for name, wecom in wecom_clients(parts, http).items()}
        yield job_kinds(Asking(parts.database, parts.clock, parts.keys, apps))
