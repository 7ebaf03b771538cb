"""The JSON API, one module for each noun. A module exposes `router`, made by `ui.http.routing.api_router()`.

Add a module: write it, then name it in MODULES. Routers that stand outside `/api/v1` are named in OUTSIDE.
"""

from types import ModuleType

from fastapi import APIRouter

from ui.api import (
    access,
    alerts,
    audiences,
    catalogue,
    chain_jobs,
    coupons,
    decisions,
    definitions,
    edits,
    entries,
    events,
    jobs,
    journeys,
    members,
    operators,
    organisation,
    parked,
    publishing,
    rules,
    ruleset_tables,
    runs,
    trying,
    webhooks,
    wecom,
)

MODULES: tuple[ModuleType, ...] = (
    access,
    events,
    definitions,
    edits,
    entries,
    publishing,
    ruleset_tables,
    decisions,
    journeys,
    catalogue,
    operators,
    rules,
    organisation,
    chain_jobs,
    coupons,
    members,
    audiences,
    runs,
    jobs,
    alerts,
    parked,
    trying,
    webhooks,
)
OUTSIDE: tuple[APIRouter, ...] = (wecom.router,)
