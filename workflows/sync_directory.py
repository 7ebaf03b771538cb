"""The first part of a sync: departments, then the employees of each, then those who are in none of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.organisation.sync import places
from engine.organisation.sync.directory import DirectorySync
from engine.organisation.sync.places import Employee
from engine.organisation.sync.requests import PARTS
from engine.wecom import answers
from engine.wecom.errors import ConfigurationError, StaffUnknownError
from workflows.sync import Asking

ABSENT_AT_ONCE = 20


async def directory(asking: Asking, job: Job) -> Work:
    """The next page. `left` are the departments still to be read, `absent` is the last who was asked for by name."""
    cursor = job.cursor
    if "absent" in cursor:
        return await _absent(asking, job, int(cursor["absent"]))
    if cursor.get("left"):
        return await _staff(asking, job, list(cursor["left"]))
    return await _departments(asking, job)


async def _departments(asking: Asking, job: Job) -> Work:
    app = asking.app(job)
    listed = await app.wecom.department_list()

    def work(session: Session, job: Job) -> Page:
        sync = DirectorySync(session, asking.keys, app.corp_id, asking.clock.now())
        findings = sync.departments(listed)
        ids = sorted(one.id for one in listed)
        more = places.count_employees(session) * (len(job.args.get("parts", PARTS)) - 1)
        cursor: dict[str, Any] = {"left": ids} if ids else {"absent": 0}
        return Page(1, cursor, findings, total=2 + len(ids) + more)

    return work


async def _staff(asking: Asking, job: Job, left: list[int]) -> Work:
    app, department = asking.app(job), left[0]
    listed = await app.wecom.user_list(department)

    def work(session: Session, _job: Job) -> Page:
        sync = DirectorySync(session, asking.keys, app.corp_id, asking.clock.now())
        findings = sync.staff(department, listed)
        cursor: dict[str, Any] = {"left": left[1:]} if left[1:] else {"absent": 0}
        return Page(1, cursor, findings)

    return work


async def _absent(asking: Asking, job: Job, after: int) -> Work:
    """Those whom no department showed are asked for by name: WeCom may know them and not show where they are."""
    app, since = asking.app(job), job.created_at

    def unseen(session: Session) -> list[Employee]:
        return places.unseen_employees(session, since=since, after=after, limit=ABSENT_AT_ONCE)

    absent = await asking.read(unseen)
    found = {one.userid: await _find(asking, job, one) for one in absent}

    def work(session: Session, _job: Job) -> Page:
        sync = DirectorySync(session, asking.keys, app.corp_id, asking.clock.now())
        findings = []
        for one in absent:
            match found[one.userid]:
                case answers.Employee() as there:
                    sync.still_there(there)
                case Finding() as finding:
                    findings.append(finding)
                case None:
                    sync.gone(one.userid)
        if len(absent) < ABSENT_AT_ONCE:
            return Page(1, {}, findings, over=True)
        return Page(0, {"absent": absent[-1].id}, findings)

    return work


async def _find(asking: Asking, job: Job, one: Employee) -> answers.Employee | Finding | None:
    """The employee as WeCom knows them; None if it knows nobody of this userid."""
    try:
        return await asking.app(job).wecom.user_get(one.userid)
    except StaffUnknownError:
        return None if asking.alone else _of_another_corp(one)
    except ConfigurationError as error:
        if error.code != OUT_OF_SIGHT:
            raise
        return _out_of_sight(one)


OUT_OF_SIGHT = 60011
"""WeCom's code for an employee beyond the app's visible range."""


def _of_another_corp(one: Employee) -> Finding:
    return Finding(
        f"associate {one.key}",
        {
            "zh": "此应用的企业里没有这名员工；若已离职，请在导购资料中停用",
            "en": "This app's corp does not know the employee: if they have left, make the associate inactive.",
        },
    )


def _out_of_sight(one: Employee) -> Finding:
    return Finding(
        f"associate {one.key}",
        {
            "zh": "此员工不在应用的可见范围内；请在企业微信管理后台扩大可见范围",
            "en": "The employee is beyond the app's visible range: widen it in the WeCom console.",
        },
    )
