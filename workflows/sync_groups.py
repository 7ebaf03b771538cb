"""The third part of a sync: the groups of a hundred owners at a time, a few groups in one page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.jobs.models import Job
from engine.jobs.pages import Finding, Page, Work
from engine.organisation.sync import places
from engine.organisation.sync.groups import GroupSync
from engine.organisation.sync.places import Employee
from engine.wecom.answers import GroupChat
from engine.wecom.errors import ChatGoneError, ConfigurationError, StaffUnknownError
from workflows.sync import Asking

OWNERS = 100
"""So many owners WeCom takes in one call."""
CHATS = 5


async def groups(asking: Asking, job: Job) -> Work:
    """The next page. `chats` are the groups still to be compared of `count` owners up to `upto`."""
    cursor = dict(job.cursor)
    if cursor.get("chats"):
        return await _compare(asking, job, cursor)
    return await _list(asking, job, cursor.get("after", ""))


async def _list(asking: Asking, job: Job, after: str) -> Work:
    owners = await asking.read(lambda session: places.next_employees(session, after=after, limit=OWNERS))
    listed, findings = await _listed(asking, job, owners)
    userids = [one.userid for one in owners]

    def believed(session: Session) -> list[str]:
        return places.open_chats(session, userids, unowned=not after)

    chats = list(dict.fromkeys([*listed, *await asking.read(believed)]))

    def work(_session: Session, _job: Job) -> Page:
        if not owners and not chats:
            return Page(0, {}, findings, over=True)
        upto = userids[-1] if owners else after
        at = {"after": after, "chats": chats, "upto": upto, "count": len(owners)}
        return Page(0, at, findings) if chats else Page(len(owners), {"after": upto}, findings)

    return work


async def _listed(asking: Asking, job: Job, owners: list[Employee]) -> tuple[list[str], list[Finding]]:
    """The groups of these owners. WeCom refuses the whole list for one whom it does not know: then one by one."""
    wecom = asking.app(job).wecom
    try:
        return [one.chat_id for one in await wecom.groupchat_list([one.userid for one in owners])], []
    except StaffUnknownError:
        pass
    found: list[str] = []
    findings: list[Finding] = []
    for owner in owners:
        try:
            found += [one.chat_id for one in await wecom.groupchat_list([owner.userid])]
        except StaffUnknownError:
            findings.append(_unknown_owner(owner))
    return found, findings


async def _compare(asking: Asking, job: Job, cursor: dict[str, Any]) -> Work:
    app, asked_at = asking.app(job), asking.clock.now()
    some = cursor["chats"][:CHATS]
    looks = {chat: await _look(asking, job, chat) for chat in some}

    def work(session: Session, _job: Job) -> Page:
        sync = GroupSync(session, asking.keys, app.corp_id, asked_at, asking.clock.now())
        for chat, look in looks.items():
            if isinstance(look, GroupChat):
                sync.compare(look)
            elif look is None:
                sync.dismiss(chat)
        findings = [look for look in looks.values() if isinstance(look, Finding)]
        rest = cursor["chats"][CHATS:]
        if rest:
            return Page(0, {**cursor, "chats": rest}, findings)
        return Page(cursor["count"], {"after": cursor["upto"]}, findings)

    return work


async def _look(asking: Asking, job: Job, chat: str) -> GroupChat | Finding | None:
    """The group as WeCom shows it; None if it is gone."""
    try:
        return await asking.app(job).wecom.groupchat_get(chat)
    except ChatGoneError:
        return None
    except ConfigurationError as error:
        if error.code != OUT_OF_SIGHT:
            raise
        return _out_of_sight(chat)


OUT_OF_SIGHT = 60011


def _unknown_owner(owner: Employee) -> Finding:
    return Finding(
        f"associate {owner.key}",
        {
            "zh": "企业微信不认识此员工，其客户群无法列出；请同步通讯录，或修改导购的企业微信账号",
            "en": "WeCom does not know the employee, whose groups cannot be listed: sync the directory, or correct the"
            " associate's userid.",
        },
    )


def _out_of_sight(chat: str) -> Finding:
    return Finding(
        f"group {chat}",
        {
            "zh": "此客户群不在应用的可见范围内；请在企业微信管理后台扩大可见范围",
            "en": "The group is beyond the app's visible range: widen it in the WeCom console.",
        },
    )
