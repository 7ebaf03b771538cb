"""The pages of a sync: WeCom is asked outside any transaction, what it answers is applied in the page's own.

    directory   departments -> employees of one department after the other -> those who are in none
    contacts    a hundred customers of an employee at a time, then those whom WeCom lists no more
    groups      the groups of a hundred owners, a few at a time

Where it stands is the job's cursor: the part, and the department, employee or group that comes next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.database.connection import Database
from engine.jobs.errors import GivenUpError, PostponedError
from engine.jobs.models import Job
from engine.jobs.pages import Page, Work
from engine.organisation.sync import places
from engine.organisation.sync.requests import PARTS
from engine.secrets.keyring import KeyRing
from engine.wecom.answers import Department, Employee, FollowedContact, GroupChat, ListedChat
from engine.wecom.errors import ConfigurationError, TryAgainError

T = TypeVar("T")
Cursor: TypeAlias = Mapping[str, Any]


class Directory(Protocol):
    """The part of WeCom's client that a sync uses."""

    async def department_list(self) -> list[Department]: ...

    async def user_list(self, department: int) -> list[Employee]: ...

    async def user_get(self, userid: str) -> Employee: ...

    async def follow_user_list(self) -> list[str]: ...

    async def contacts_page(self, userid: str, cursor: str = "") -> tuple[list[FollowedContact], str]: ...

    async def contact_list(self, userid: str) -> list[str]: ...

    async def groupchat_list(self, owners: Sequence[str]) -> list[ListedChat]: ...

    async def groupchat_get(self, chat_id: str) -> GroupChat: ...


@dataclass(frozen=True)
class App:
    """An app by which WeCom is asked, and its corp."""

    corp_id: str
    wecom: Directory


@dataclass(frozen=True)
class Asking:
    """What the pages of all parts work with."""

    database: Database
    clock: Clock
    keys: KeyRing
    apps: Mapping[str, App]
    followers: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether all apps are of one corp, so that whoever is unknown to it is gone."""
        return len({app.corp_id for app in self.apps.values()}) == 1

    def app(self, job: Job) -> App:
        """The app of a job; the first where it names none. Raises GivenUpError for one that is set up no more."""
        name = job.args.get("app") or next(iter(self.apps), "")
        if name not in self.apps:
            raise GivenUpError(
                {
                    "zh": f"设置里没有企业微信应用 {name!r}；请在 WAYSTATION_WECOM_APPS 中补上后继续",
                    "en": f"No WeCom app {name!r} is set up: add it to WAYSTATION_WECOM_APPS, then continue the job.",
                }
            )
        return self.apps[name]

    async def read(self, work: Callable[[Session], T]) -> T:
        """Look something up in our own records."""

        def transact() -> T:
            with self.database.begin() as session:
                return work(session)

        return await asyncio.to_thread(transact)

    async def may_have_customers(self, job: Job, userid: str) -> bool:
        """Whether WeCom lets an employee have customers; it is asked once per job and process."""
        if job.id not in self.followers:
            self.followers.clear()
            self.followers[job.id] = frozenset(await self.app(job).wecom.follow_user_list())
        return userid in self.followers[job.id]


PartOfSync: TypeAlias = Callable[[Asking, Job], Awaitable[Work]]


@dataclass(frozen=True)
class Sync:
    """Prepares the pages of a sync, by its parts."""

    asking: Asking
    parts: Mapping[str, PartOfSync]

    async def prepare(self, job: Job) -> Work:
        """The next page. WeCom's trouble is no failure of ours: the page waits, or a person must mend the settings."""
        wanted = [part for part in PARTS if part in job.args.get("parts", PARTS)]
        part = job.cursor.get("part", wanted[0])
        try:
            work = await self.parts[part](self.asking, job)
        except TryAgainError as error:
            raise PostponedError(
                {"zh": f"等待企业微信恢复（{error.api}）", "en": f"Waiting for WeCom: {error}"},
                max(5.0, error.retry_after),
            ) from error
        except ConfigurationError as error:
            raise GivenUpError(
                {
                    "zh": f"企业微信拒绝访问（{error.api}，错误码 {error.code}）；请检查应用的密钥、权限与可见范围",
                    "en": str(error),
                }
            ) from error
        return _then(work, part, wanted)


def _then(work: Work, part: str, wanted: Sequence[str]) -> Work:
    """The page, and after the last of a part the next part."""

    def page(session: Session, job: Job) -> Page:
        done = work(session, job)
        following = next((one for one in wanted[wanted.index(part) :] if one != part), None)
        if not done.over:
            return Page(done.done, {**done.cursor, "part": part}, done.errors, total=done.total, rest=done.rest)
        if following is None:
            return Page(done.done, {}, done.errors, over=True, total=job.done + done.done)
        total = job.done + done.done + places.count_employees(session) * len(wanted[wanted.index(following) :])
        return Page(done.done, {"part": following}, done.errors, total=total)

    return page
