"""One request holds one connection at a time: twenty that each waited for a second one would wait for each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event

from engine.database.connection import Database
from tests.ui.visitor import Visitor

ASKED: dict[str, Callable[[Visitor], object]] = {
    "panel": lambda admin: admin.get("/journeys/hook-coupon/edit/panel?node=wait_add"),
    "editor": lambda admin: admin.get("/journeys/hook-coupon/edit"),
    "publish": lambda admin: admin.get("/journeys/win-back/publish"),
    "new journey": lambda admin: admin.get("/journeys/new"),
    "copy": lambda admin: admin.get("/journeys/new?source=hook-coupon"),
    "new ruleset": lambda admin: admin.get("/rules/new"),
    "wrong": lambda admin: admin.post("/journeys/new", data={"key": "x"}),
    "list": lambda admin: admin.post("/journeys/hook-coupon/entries", data={"members": '"'}),
}


@pytest.mark.parametrize("page", ASKED)
def test_one_request_holds_one_connection(admin: Visitor, database: Database, page: str) -> None:
    held: list[object] = []
    most: list[int] = []

    def checkout(_connection: object, record: object, _proxy: object) -> None:
        held.append(record)
        most.append(len(held))

    def checkin(_connection: object, record: object) -> None:
        held.remove(record)

    event.listen(database.engine, "checkout", checkout)
    event.listen(database.engine, "checkin", checkin)
    ASKED[page](admin)
    assert max(most) == 1
