"""What every page of a signed-in person starts from."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from engine.access import sessions
from engine.access.roles import Viewer
from engine.access.tokens import digest
from engine.alerts.store import open_count
from ui.dependencies import Dependencies, dependencies
from ui.http.auth import COOKIE, signed_in
from ui.http.problems import Forbidden
from ui.messages import Language
from ui.pages.render import render, taste_of

TAB = "X-Tab"
"""The header by which `edits.js` tells one tab of a browser from another."""


@dataclass(frozen=True)
class Visit:
    """A signed-in person who looks at a page. Everything read in `begin()` is bounded by their stores."""

    request: Request
    viewer: Viewer
    deps: Dependencies
    language: Language

    def now(self) -> datetime:
        """The present instant, by the service's clock."""
        return self.deps.clock.now()

    def begin(self) -> AbstractContextManager[Session]:
        """One transaction that sees the viewer's stores; committed at the end of the block."""
        return self.deps.database.begin(self.viewer.stores)

    @property
    def actor(self) -> str:
        """The visitor's name in the audit."""
        return f"user:{self.viewer.name}"

    @property
    def seat(self) -> str:
        """Which of the visitor's tabs this is: a mark of the session that opens nothing, and the tab's own name."""
        tab = self.request.headers.get(TAB, "")
        browser = digest(self.request.cookies.get(COOKIE, "")).hex()[:12]
        return f"{browser}-{tab}" if re.fullmatch(r"[0-9a-f]{1,8}", tab) else browser

    def operate(self, *, whole_chain: bool = False) -> AbstractContextManager[Session]:
        """Like `begin`, for what operators do; raises Forbidden for people who may only look.

        `whole_chain`: for what concerns every store, such as a journey; raises Forbidden for people of some stores.
        """
        self.demand_operator(whole_chain=whole_chain)
        return self.begin()

    def demand_operator(self, *, whole_chain: bool) -> None:
        """Raise Forbidden for people who may only look; see `operate`."""
        if not self.viewer.may("operate"):
            raise Forbidden(f"The role {self.viewer.role} may look, and change nothing.")
        if whole_chain and not self.may_operate_chain:
            raise Forbidden("Journeys hold for the whole chain: whoever is bound to a region or store may only look.")

    @property
    def may_operate_chain(self) -> bool:
        """Whether the visitor may change what concerns every store."""
        return self.viewer.may("operate") and self.viewer.stores == "*"

    def render(self, template: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
        """The page or fragment. A page says how many alerts are open."""
        if not _is_fragment(template):
            with self.begin() as session:
                context = {**context, "open_alerts": open_count(session)}
        return render(self.request, template, context, viewer=self.viewer, status=status)


def _is_fragment(template: str) -> bool:
    return template.rpartition("/")[2].startswith("_")


def visit(request: Request, viewer: Annotated[Viewer, Depends(signed_in)]) -> Visit:
    """The visit of whoever is signed in; without a session the answer leads to `/sign-in`."""
    deps = dependencies(request)
    taste = taste_of(request, viewer)
    if {"lang", "theme"} & request.query_params.keys():
        with deps.database.begin() as session:
            sessions.remember(session, viewer.id, language=taste.language, theme=taste.theme)
    return Visit(request, viewer, deps, taste.language)


Visiting = Annotated[Visit, Depends(visit)]
"""The parameter type of a page: `def overview(visit: Visiting) -> HTMLResponse`."""


Key = Annotated[str, Path(max_length=63)]
"""The key of a definition in an address."""


def authoring(visit: Visiting) -> Visit:
    """The visit of somebody who may change definitions; raises Forbidden before anything else is looked at."""
    visit.demand_operator(whole_chain=True)
    return visit


Authoring = Annotated[Visit, Depends(authoring)]
"""The parameter type of a form that changes a definition, or asks for something costly about one."""
