"""What the web application is given by `server.py`; nothing in `ui` reads a setting by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi import Request

from engine.clock import Clock
from engine.database.connection import Database
from engine.decisions.rulesets import Rulesets
from engine.definitions.plans import Plans
from engine.journeys.context import Proofs
from engine.secrets.keyring import KeyRing
from ui.definitions.findings import Findings

if TYPE_CHECKING:
    from engine.journeys.catalogue import ActivityType


@dataclass(frozen=True)
class Dependencies:
    """Everything that pages and API handlers need from outside.

    `public_url` is where browsers reach us (its scheme decides whether cookies are `Secure`); `wecom_apps` are the
    settings of `WAYSTATION_WECOM_APPS`, one mapping per app, as `engine.wecom` reads them. `demo` marks every page as
    showing made-up data. Without `proofs` definitions are checked and not proved. `approvals` are the kinds of
    definitions that need a second person before they are published.
    """

    database: Database
    clock: Clock
    keys: KeyRing
    catalogue: Mapping[str, ActivityType] = field(default_factory=dict)
    wecom_apps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    public_url: str = "http://127.0.0.1:8400"
    temporal_ui_url: str | None = None
    temporal_namespace: str = "default"
    demo: bool = False
    rulesets: Rulesets = field(default_factory=Rulesets)
    proofs: Proofs | None = None
    findings: Findings = field(default_factory=Findings)
    approvals: frozenset[str] = frozenset()

    @cached_property
    def plans(self) -> Plans:
        """Compiled journeys, each made once."""
        return Plans(self.catalogue)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https."""
        return self.public_url.startswith("https://")


def dependencies(request: Request) -> Dependencies:
    """The dependencies of the application that answers this request."""
    found = request.app.state.dependencies
    if not isinstance(found, Dependencies):
        raise TypeError("create_app() stores Dependencies in app.state.dependencies")
    return found
