"""The connections of worker and router to WeCom and to Temporal."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from httpx import AsyncClient
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.errands import Errands
from engine.wecom.reports import Reports
from engine.wecom.shared import DatabaseCache, DatabaseGroupCodes
from workflows.activities.outside import Outside
from workflows.client import NoTemporalError, connect
from workflows.guard import guarded
from workflows.service.errors import MisconfiguredError
from workflows.service.parts import Parts
from workflows.service.settings import Settings
from workflows.service.wecom_apps import wecom_apps


async def reach_temporal(parts: Parts) -> Client:
    """Connect to Temporal as its own convention says. Raises MisconfiguredError when it cannot be reached."""
    try:
        return await connect(parts.keys, runtime=_measured(parts.settings))
    except NoTemporalError as error:
        raise MisconfiguredError(str(error)) from error
    except RuntimeError as error:
        raise MisconfiguredError(f"Temporal cannot be reached: {error}") from error


def _measured(settings: Settings) -> Runtime | None:
    """Temporal's library with its own exporter for Prometheus, if settings give it a port."""
    if settings.temporal_metrics_port is None:
        return None
    at = f"{settings.metrics_host}:{settings.temporal_metrics_port}"
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=at)))
    except (ValueError, RuntimeError) as error:
        raise MisconfiguredError(f"WAYSTATION_TEMPORAL_METRICS_PORT: {at} cannot be listened on: {error}") from error


def wecom_clients(parts: Parts, http: AsyncClient) -> dict[str, WeCom]:
    """Return a client of each app, at least one; they share tokens and groups' codes with other processes."""
    clients = {}
    for name, app in wecom_apps(parts.settings).items():
        tokens = DatabaseCache(parts.database, parts.keys, app)
        reports = Reports(name, parts.database, parts.clock)
        calls = Calls(app, http, parts.settings.wecom_base_url, parts.clock, cache=tokens, hear=reports.hear)
        clients[name] = WeCom(app, calls, DatabaseGroupCodes(parts.database, app))
    if not clients:
        raise MisconfiguredError("WAYSTATION_WECOM_APPS names no app: WeCom cannot be called")
    return clients


def first_client(clients: Mapping[str, WeCom]) -> WeCom:
    """Return the client by which activities call and contacts are looked up, however many apps call us."""
    return next(iter(clients.values()))


@asynccontextmanager
async def ways_out(parts: Parts) -> AsyncIterator[Outside]:
    """Give what remote activity types reach the outside world by, as long as a worker works."""
    allow_private = parts.settings.webhook_allow_private
    async with AsyncClient() as http, guarded(allow_private=allow_private) as anywhere:
        wecom = first_client(wecom_clients(parts, http))
        yield Outside(Errands(wecom, parts.database, parts.clock, parts.keys), anywhere)
