"""Friendships: how they begin and end, and the callbacks that tell of it.

A relation is `half` (the customer added, not yet mutual), `full`, or `lost` (the customer deleted the employee; the
employee still sees the customer, and the API still answers). When the employee deletes the customer it is gone.
"""

from __future__ import annotations

import sqlite3

from engine.wecom.simulator import callbacks, people, welcome
from engine.wecom.simulator.asked import ImpossibleError
from engine.wecom.simulator.faults import FaultBox
from engine.wecom.simulator.settings import SimulatorSettings
from engine.wecom.simulator.state import State

EVENT = "change_external_contact"
BY_CODE, BY_SEARCH = 1, 2


def find(state: State, userid: str, external_userid: str) -> sqlite3.Row | None:
    """The relation of one employee and one customer."""
    return state.row("SELECT * FROM relations WHERE userid = ? AND external_userid = ?", userid, external_userid)


class Friendships:
    """What customers and employees do with each other."""

    def __init__(self, state: State, settings: SimulatorSettings, faults: FaultBox) -> None:
        self._state, self._settings, self._faults = state, settings, faults

    def add(self, userid: str, external_userid: str, channel: str | None, *, half: bool) -> str | None:
        """The customer adds the employee; the welcome code, where WeCom would send one.

        Whoever is a friend already only opens the chat: nothing happens, and no callback is sent.
        """
        found = find(self._state, userid, external_userid)
        stage = found["stage"] if found else "none"
        if stage == "full" or (half and stage == "half"):
            return None
        if found is None:
            self._must_have_room(userid)
        welcomed = stage == "half" and bool(found and found["welcomed"])
        self._write(userid, external_userid, "half" if half else "full", channel)
        code = None if welcomed or self._faults.no_welcome_code else self._new_code(userid, external_userid)
        change = "add_half_external_contact" if half else "add_external_contact"
        self._tell(userid, external_userid, change, State=channel, WelcomeCode=code)
        return code

    def delete_associate(self, userid: str, external_userid: str) -> None:
        """The customer deletes the employee."""
        self._must_be_friends(userid, external_userid)
        self._state.run(
            "UPDATE relations SET stage = 'lost' WHERE userid = ? AND external_userid = ?", userid, external_userid
        )
        self._tell(userid, external_userid, "del_follow_user")

    def delete_customer(self, userid: str, external_userid: str) -> None:
        """The employee deletes the customer."""
        if find(self._state, userid, external_userid) is None:
            raise ImpossibleError(f"{userid} does not have this customer.")
        for table in ("relations", "relation_tags"):
            self._state.run(
                f"DELETE FROM {table} WHERE userid = ? AND external_userid = ?",  # noqa: S608  # one of two names above
                userid,
                external_userid,
            )
        self._tell(userid, external_userid, "del_external_contact")

    def _must_have_room(self, userid: str) -> None:
        employee = people.employee(self._state, userid)
        friends = self._state.count("SELECT count(*) FROM relations WHERE userid = ?", userid)
        if friends + employee["friends_elsewhere"] >= employee["capacity"]:
            raise ImpossibleError(f"{userid} has as many customers as an account may have (40099).")

    def _must_be_friends(self, userid: str, external_userid: str) -> None:
        found = find(self._state, userid, external_userid)
        if found is None or found["stage"] == "lost":
            raise ImpossibleError(f"{userid} and this person are no friends.")

    def _write(self, userid: str, external_userid: str, stage: str, channel: str | None) -> None:
        way = BY_CODE if channel else BY_SEARCH
        self._state.run(
            "INSERT INTO relations (userid, external_userid, at, stage, add_way, state) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET at = excluded.at, stage = excluded.stage, add_way = excluded.add_way,"
            " state = coalesce(excluded.state, state), welcomed = 0",
            userid,
            external_userid,
            self._state.seconds(),
            stage,
            way,
            channel,
        )

    def _new_code(self, userid: str, external_userid: str) -> str:
        return welcome.new_code(self._state, userid, external_userid, self._settings.welcome_seconds)

    def _tell(self, userid: str, external_userid: str, change: str, **fields: str | None) -> None:
        """Send the callback, unless the employee lies outside the app's visible range."""
        if people.employee(self._state, userid)["visible"]:
            given = {"UserID": userid, "ExternalUserID": external_userid, **fields}
            callbacks.put(self._state, self._settings, EVENT, change, given)
