"""The connections of worker and router to WeCom and to Temporal."""

from httpx import AsyncClient
from temporalio.client import Client

from engine.wecom.calls import Calls
from engine.wecom.client import WeCom
from engine.wecom.shared import DatabaseCache, DatabaseGroupCodes
from workflows.client import NoTemporalError, connect
from workflows.service.errors import MisconfiguredError
from workflows.service.parts import Parts
from workflows.service.wecom_apps import wecom_apps


async def reach_temporal(parts: Parts) -> Client:
    """Connect to Temporal as its own convention says. Raises MisconfiguredError when it cannot be reached."""
    try:
        return await connect(parts.keys)
    except NoTemporalError as error:
        raise MisconfiguredError(str(error)) from error
    except RuntimeError as error:
        raise MisconfiguredError(f"Temporal cannot be reached: {error}") from error


def wecom_clients(parts: Parts, http: AsyncClient) -> dict[str, WeCom]:
    """Return a client of each app, at least one; they share tokens and groups' codes with other processes."""
    clients = {}
    for name, app in wecom_apps(parts.settings).items():
        tokens = DatabaseCache(parts.database, parts.keys, app)
        calls = Calls(app, http, parts.settings.wecom_base_url, parts.clock, cache=tokens)
        clients[name] = WeCom(app, calls, DatabaseGroupCodes(parts.database, app))
    if not clients:
        raise MisconfiguredError("WAYSTATION_WECOM_APPS names no app: WeCom cannot be called")
    return clients


def first_client(clients: dict[str, WeCom]) -> WeCom:
    """Return the client by which activities call and contacts are looked up, however many apps call us."""
    return next(iter(clients.values()))
