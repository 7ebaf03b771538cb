"""What tests of derived attributes share: publishing, looking back, and what facts tell of everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from engine.clock import FixedClock
from engine.events.incoming import IncomingEvent
from engine.fields.past import page
from engine.jobs import store as jobs
from engine.jobs.models import Job
from engine.members.facts import Subject, read_all
from tests.engine.chain import NOW, Chain, event
from tests.engine.fields.own import publish_fields


def publish(chain: Chain, **fields: Any) -> None:
    with chain.database.begin() as session:
        publish_fields(session, NOW, **fields)


def look_back(chain: Chain, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Do the pages of the one job that waits, with something between them."""
    with chain.database.begin() as session:
        [job_id] = [job.id for job in jobs.list_jobs(session, state="waiting")]
    over = False
    while not over:
        with chain.database.begin() as session:
            job = session.get_one(Job, job_id)
            done = page(FixedClock(NOW), chain.keys, per_page=2)(session, job)
            jobs.advance(session, job, done, now=NOW)
            over = done.over
        if done.done:
            meanwhile()


def told(chain: Chain, *names: str, now: datetime = NOW) -> list[dict[str, Any]]:
    """What facts say of every living member, by id."""
    paths = {f"member.{name}" for name in names}
    subjects = [Subject(one, None, None) for one in living(chain)]
    with chain.database.begin() as session:
        found: list[Any] = read_all(session, chain.keys, subjects, paths=paths, now=now)
    return [{name: facts["member"][name] for name in names if name in facts["member"]} for facts in found]


def living(chain: Chain) -> list[int]:
    return [row[0] for row in chain.rows("SELECT id FROM members WHERE merged_into IS NULL ORDER BY id")]


def paid(member: str, minutes: float, amount: int = 100, **more: Any) -> IncomingEvent:
    return event("order.paid", minutes, f"openid:{member}", order_no=f"o{minutes}", amount=amount, **more)


def number_of(chain: Chain, who: str) -> int:
    """The id of the member, whoever has absorbed them."""
    [(number,)] = chain.rows(
        "SELECT member_id FROM identities WHERE kind = 'openid' AND lookup = :lookup",
        lookup=chain.keys.lookup("openid", who),
    )
    return int(number)
