"""The second part of a sync: the customers of one employee after the other, a hundred at a time.

Employees of whom something was too young to be judged are looked at once more when all others are done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.jobs.errors import PostponedError
from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.organisation.sync import places
from engine.organisation.sync.contacts import YOUNG, ContactSync
from engine.organisation.sync.places import Employee
from engine.wecom.errors import RefusedError, StaffUnknownError
from workflows.sync import Asking

MOST_AGAIN = 1_000
"""So many employees are looked at once more."""


async def contacts(asking: Asking, job: Job) -> Work:
    """The next page. `at` is the employee at hand, `page` WeCom's cursor or `gone` for the look at who is missing,
    `again` those to be looked at once more from `not_before` on, `begun_again` one whose pages had to be.
    """
    cursor = dict(job.cursor)
    one = await asking.read(lambda session: _at_hand(session, cursor))
    if one is None:
        return _next_round(asking, cursor)
    try:
        if not await asking.may_have_customers(job, one.userid):
            return await _without_permission(asking, one, cursor)
        return await _look(asking, job, one, cursor)
    except StaffUnknownError:
        return _past(one, cursor, [_unknown(one)])


def _at_hand(session: Session, cursor: Mapping[str, Any]) -> Employee | None:
    """The employee whose customers come next."""
    if cursor.get("at"):
        at = places.employee(session, cursor["at"])
        if at is not None:
            return at
    if cursor.get("round") == 2:
        again = (places.employee(session, userid) for userid in cursor["again"] if userid > cursor["after"])
        return next((one for one in again if one is not None), None)
    return next(iter(places.next_employees(session, after=cursor.get("after", ""), limit=1)), None)


def _next_round(asking: Asking, cursor: dict[str, Any]) -> Work:
    """Nobody is left of this round; those who were too young have a second one, when they are old enough."""
    if cursor.get("round") == 2 or not cursor.get("again"):
        return lambda _session, _job: Page(0, {}, over=True)
    left = (datetime.fromisoformat(cursor["not_before"]) - asking.clock.now()).total_seconds()
    if left > 0:
        text = {"zh": "等待刚刚发生的变化的回调", "en": "Waiting for the callbacks of what has just happened."}
        raise PostponedError(text, left)
    second = {"round": 2, "again": sorted(cursor["again"]), "after": ""}
    return lambda _session, _job: Page(0, second)


async def _look(asking: Asking, job: Job, one: Employee, cursor: dict[str, Any]) -> Work:
    if cursor.get("at") == one.userid and cursor.get("page") == "gone":
        return await _look_who_is_gone(asking, job, one, cursor)
    app, asked_at = asking.app(job), asking.clock.now()
    page = cursor.get("page", "") if cursor.get("at") == one.userid else ""
    try:
        listed, following = await app.wecom.contacts_page(one.userid, page)
    except RefusedError:
        if not page or cursor.get("begun_again") == one.userid:
            raise
        # WeCom's cursors do not live for ever: begin again with this employee, once.
        return lambda _session, _job: Page(0, {**cursor, "page": "", "begun_again": one.userid})

    def work(session: Session, _job: Job) -> Page:
        sync = ContactSync(session, asking.keys, app.corp_id, one, asked_at, asking.clock.now())
        compared = sync.open_missing(listed)
        at = {**cursor, "at": one.userid, "page": following or "gone"}
        return Page(0, _noted(at, one, asked_at, young=compared.young))

    return work


async def _look_who_is_gone(asking: Asking, job: Job, one: Employee, cursor: dict[str, Any]) -> Work:
    """The list of ids comes in one piece, so that nobody is missed because the pages moved while they were read."""
    app, asked_at = asking.app(job), asking.clock.now()
    listed = await app.wecom.contact_list(one.userid)

    def work(session: Session, _job: Job) -> Page:
        sync = ContactSync(session, asking.keys, app.corp_id, one, asked_at, asking.clock.now())
        compared = sync.end_gone(listed)
        at = _noted(cursor, one, asked_at, young=compared.young)
        return Page(0, at) if compared.more else _past(one, at)(session, _job)

    return work


def _noted(cursor: dict[str, Any], one: Employee, asked_at: datetime, *, young: bool) -> dict[str, Any]:
    """The cursor, with the employee among those to be looked at again if something was too young."""
    again = cursor.get("again", [])
    if not young or cursor.get("round") == 2 or one.userid in again or len(again) >= MOST_AGAIN:
        return cursor
    return {**cursor, "again": [*again, one.userid], "not_before": (asked_at + YOUNG).isoformat()}


def _past(one: Employee, cursor: Mapping[str, Any], findings: list[Finding] | None = None) -> Work:
    """On to the next employee. Those of the second round were counted in the first."""
    following = {name: value for name, value in cursor.items() if name not in ("at", "page", "begun_again")}
    done = 0 if cursor.get("round") == 2 else 1
    return lambda _session, _job: Page(done, {**following, "after": one.userid}, findings or [])


async def _without_permission(asking: Asking, one: Employee, cursor: Mapping[str, Any]) -> Work:
    has_friends = await asking.read(lambda session: places.has_friends(session, one.id))
    return _past(one, cursor, [_not_granted(one)] if has_friends else [])


def _unknown(one: Employee) -> Finding:
    return Finding(
        f"associate {one.key}",
        {
            "zh": "企业微信不认识此员工；请同步通讯录，或修改导购的企业微信账号",
            "en": "WeCom does not know the employee: sync the directory, or correct the associate's userid.",
        },
    )


def _not_granted(one: Employee) -> Finding:
    return Finding(
        f"associate {one.key}",
        {
            "zh": "此员工没有「客户联系」权限，其客户无法核对；请在企业微信管理后台开通",
            "en": "The employee may have no customers in WeCom, so theirs cannot be compared: grant customer contact"
            " in the WeCom console.",
        },
    )
