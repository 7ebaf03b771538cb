"""The HTML pages, one module for each noun. A module exposes `router`; add yours to MODULES."""

from types import ModuleType

from ui.pages import (
    activity_types,
    alerts,
    bulk,
    chain_jobs,
    docs,
    funnel,
    glossary,
    jobs,
    journeys,
    landing,
    library,
    members,
    operate,
    operators,
    overview,
    parked,
    rules,
    runs,
    sign_in,
    start,
)

MODULES: tuple[ModuleType, ...] = (
    sign_in,
    overview,
    journeys,
    funnel,
    rules,
    runs,
    operate,
    operators,
    start,
    library,
    glossary,
    bulk,
    members,
    alerts,
    parked,
    jobs,
    chain_jobs,
    activity_types,
    landing,
    docs,
)
