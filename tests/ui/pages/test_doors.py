"""Who gets through to which page, found by walking the pages' routes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from engine.access.roles import Role
from engine.access.store import add_user
from engine.clock import FixedClock
from engine.database.connection import Database
from tests.ui.sample import PASSWORD, Sample
from tests.ui.visitor import Visitor
from ui.pages import MODULES

OPEN = {"/sign-in", "/sign-out", "/docs", "/q/{state}", "/q/{code}"}
"""Pages for people who are not signed in."""
FOR_ALL = {
    "/rules/{key}/try",
    "/edit/{kind}/{key}/condition/try",
    "/journeys/{key}/simulate",
    "/rules/{key}/edit/sync",
    "/rules/{key}/edit/try",
}
"""Forms that change nothing, for whoever may look."""
FORM = {"action": "pause", "port": "done", "member": "1", "run": "1", "deadlines": "hold"}
FILE = {"file": ("chain.jsonl", b"{}")}
"""Enough for every form."""


def routes(method: str) -> Iterator[str]:
    for module in MODULES:
        for route in module.router.routes:
            if isinstance(route, APIRoute) and method in route.methods and route.path not in OPEN:
                yield route.path


def some(path: str) -> str:
    values = {"key": "hook-coupon", "run_id": "1", "member_id": "1", "alert_id": "1", "job_id": "1", "kind": "journey"}
    names = [part.partition("}")[0].partition(":")[0] for part in path.split("{")[1:]]
    return path.format(**{name: values.get(name, "1") for name in names})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_page_wants_a_session(client: Visitor, chain: Sample, method: str) -> None:
    paths = list(routes(method))
    assert len(paths) > 5
    answers = {path: client.request(method, some(path), data=FORM if method == "POST" else None) for path in paths}
    wrong = {path: answer.status_code for path, answer in answers.items() if not _leads_to_the_door(answer)}
    assert wrong == {}


def _leads_to_the_door(answer: object) -> bool:
    status, headers = getattr(answer, "status_code", 0), getattr(answer, "headers", {})
    return status == 303 and headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("role", ["auditor", "region", "store"])
def test_whoever_may_only_look_is_refused_by_every_form(
    client: Visitor, chain: Sample, database: Database, clock: FixedClock, role: Role
) -> None:
    with database.begin() as session:
        add_user(session, "mei", PASSWORD, role, now=clock.now())
    client.post("/sign-in", data={"username": "mei", "password": PASSWORD})
    forms = set(routes("POST")) - FOR_ALL
    answers = {path: client.post(some(path), data=FORM, files=FILE).status_code for path in forms}
    assert {path: status for path, status in answers.items() if status != 403} == {}
