"""The HTML pages, one module for each noun. A module exposes `router`; add yours to MODULES."""

from types import ModuleType

from ui.pages import docs, funnel, journeys, landing, members, operate, overview, runs, sign_in

MODULES: tuple[ModuleType, ...] = (sign_in, overview, journeys, funnel, runs, operate, members, landing, docs)
