"""The HTML pages, one module for each noun. A module exposes `router`; add yours to MODULES."""

from types import ModuleType

from ui.pages import alerts, docs, funnel, jobs, journeys, landing, members, operate, overview, parked, runs, sign_in

MODULES: tuple[ModuleType, ...] = (
    sign_in,
    overview,
    journeys,
    funnel,
    runs,
    operate,
    members,
    alerts,
    parked,
    jobs,
    landing,
    docs,
)
