"""Employees as the directory shows them, and what becomes of them: hired, moved, not activated yet, gone."""

from __future__ import annotations

import sqlite3

from engine.wecom.simulator import callbacks, people
from engine.wecom.simulator.asked import Answer, Api, Asked, RefusedError
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State
from rules.types import Json

EVENT = "change_contact"
ACTIVE, INACTIVE = 1, 4
"""WeCom's statuses of an account, as far as they are played."""


class Staff:
    """What happens to employees, and the callbacks that tell of it."""

    def __init__(self, state: State, settings: SimulatorSettings) -> None:
        self._state, self._settings = state, settings

    def change(
        self, userid: str, *, name: str | None, department: int | None, activated: bool | None, told: bool
    ) -> None:
        """Hire somebody, or change what is given of them. Not `told`: the callback is lost."""
        known = self._state.row("SELECT 1 FROM staff WHERE userid = ?", userid) is not None
        people.employee(self._state, userid)
        for column, value in (("name", name), ("department", department), ("activated", activated)):
            if value is not None:
                self._state.run(f"UPDATE staff SET {column} = ? WHERE userid = ?", value, userid)  # noqa: S608  # one of three names above
        if told:
            self._tell("update_user" if known else "create_user", userid, department)

    def leave(self, userid: str, *, told: bool) -> None:
        """The account is deleted; its customers wait for somebody else."""
        self._state.run("DELETE FROM staff WHERE userid = ?", userid)
        if told:
            self._tell("delete_user", userid, None)

    def _tell(self, change: str, userid: str, department: int | None) -> None:
        where = None if department is None else str(department)
        callbacks.put(self._state, self._settings, EVENT, change, {"UserID": userid, "Department": where})


def _list(asked: Asked) -> Answer:
    department = asked.query.get("department_id", "")
    if not department.isdigit():
        raise RefusedError(40058, "invalid department_id")
    found = asked.state.rows("SELECT * FROM staff WHERE department = ? AND visible ORDER BY userid", department)
    return {"userlist": [_shown(row) for row in found]}


def _get(asked: Asked) -> Answer:
    return _shown(people.known(asked.state, asked.query.get("userid", "")))


def _shown(row: sqlite3.Row) -> dict[str, Json]:
    return {
        "userid": row["userid"],
        "name": row["name"],
        "department": [row["department"]],
        "main_department": row["department"],
        "status": ACTIVE if row["activated"] else INACTIVE,
    }


APIS = {"user/list": Api("GET", _list, ("userlist",)), "user/get": Api("GET", _get)}
