"""A page of a job: what is done of it in one transaction, and what that comes to.

    prepare(job)          outside any transaction: ask others what the page needs     (Prepare)
    work(session, job)    inside the transaction that also moves the job's cursor     (Work)

So a page happens whole or not at all, and one that is asked for twice does nothing the second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from engine.jobs.errors import Text
from engine.jobs.models import Job


@dataclass(frozen=True)
class Finding:
    """An item that could not be done: its name (no personal data), why, and how to mend it."""

    subject: str
    message: Text


@dataclass(frozen=True)
class Page:
    """What a page came to: so many more items are done, the next page begins at `cursor`, or all is `over`.

    `total` corrects how many items there are. `rest`: so many seconds should pass before the next page. `stop`: the job
    goes no further until a person lets it; the text says why.
    """

    done: int
    cursor: Mapping[str, Any]
    errors: Sequence[Finding] = ()
    over: bool = False
    total: int | None = None
    rest: float = 0.0
    stop: Text | None = None


Work: TypeAlias = Callable[[Session, Job], Page]
Prepare: TypeAlias = Callable[[Job], Awaitable[Work]]


def within(work: Work) -> Prepare:
    """For kinds of jobs that ask nobody outside: the same work for every page."""

    async def prepare(_job: Job) -> Work:
        return work

    return prepare
