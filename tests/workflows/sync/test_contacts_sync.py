"""The customers of employees against the ledger of relations: METRICS.md, M4, with the simulator's word for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from engine.organisation.sync.contacts import YOUNG
from engine.wecom.answers import FollowedContact
from engine.wecom.errors import RefusedError
from tests.engine.chain import event
from tests.workflows.sync.conftest import Syncing


async def test_a_relation_that_no_callback_told_of_is_opened_as_found(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1", state="st-S1-till")
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", True, None, "sweep", "S1-till")]
    await syncing.sync("contacts")
    assert len(syncing.relations()) == 1
    [(data,)] = syncing.chain.rows("SELECT data FROM events WHERE type = 'contact.added'")
    assert (data["found"], data["associate"]) == (True, "wecom-lin")


async def test_what_was_told_is_left_as_it_is(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1", state="st-S1-till")
    syncing.simulator.control("add", associate="wecom-su", person="p1", half=True)
    syncing.deliver_all()
    syncing.later()
    before = syncing.chain.rows("SELECT * FROM relations ORDER BY id")
    await syncing.sync("contacts")
    assert syncing.chain.rows("SELECT * FROM relations ORDER BY id") == before


async def test_a_relation_that_wecom_knows_no_more_is_ended(syncing: Syncing) -> None:
    for person in ("p1", "p2"):
        syncing.simulator.control("add", associate="wecom-lin", person=person)
    syncing.deliver_all()
    syncing.simulator.control("delete_customer", associate="wecom-lin", person="p1")
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "unknown", "new_corp", None), ("lin", True, None, "new_corp", None)]


async def test_an_employee_without_customers_has_none(syncing: Syncing) -> None:
    """WeCom answers 84061 for them."""
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.deliver_all()
    syncing.simulator.control("delete_customer", associate="wecom-lin", person="p1")
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "unknown", "new_corp", None)]


async def test_what_the_customer_ended_stays_ended_though_wecom_lists_it(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.later(5)
    syncing.simulator.control("delete_associate", associate="wecom-lin", person="p1")
    syncing.deliver_all()
    syncing.later()
    for _ in range(2):
        await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "customer", "new_corp", None)]


async def test_an_add_that_wecom_dates_after_the_customers_end_is_an_add(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.later(5)
    syncing.simulator.control("delete_associate", associate="wecom-lin", person="p1")
    syncing.deliver_all()
    syncing.later(5)
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "customer", "new_corp", None), ("lin", True, None, "readd", None)]


async def test_an_add_and_a_deletion_in_one_second_that_came_in_the_wrong_order_are_mended(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.simulator.control("delete_customer", associate="wecom-lin", person="p1")
    syncing.simulator.settle()
    added, deleted = syncing.simulator.receiver.events
    deleted["CreateTime"] = added["CreateTime"]
    syncing.deliver(deleted, added)
    assert syncing.relations() == [("lin", True, None, "new_corp", None)], "nothing in the callbacks tells the order"
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "unknown", "new_corp", None)]


async def test_a_deletion_and_an_add_in_one_second_that_came_in_the_wrong_order_are_mended(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.simulator.settle()
    first = dict(syncing.simulator.receiver.events[0])
    syncing.deliver_all()
    syncing.later(5)
    syncing.simulator.control("delete_customer", associate="wecom-lin", person="p1")
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.simulator.settle()
    deleted, added = syncing.simulator.receiver.events
    deleted["CreateTime"] = added["CreateTime"]
    syncing.deliver(added, deleted)
    assert first["CreateTime"] != added["CreateTime"]
    assert syncing.relations() == [("lin", False, "staff", "new_corp", None)]
    syncing.later()
    await syncing.sync("contacts")
    assert syncing.relations() == [("lin", False, "staff", "new_corp", None), ("lin", True, None, "sweep", None)]


async def test_what_has_just_happened_is_left_to_its_callback_and_looked_at_once_more(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.simulator.control("add", associate="wecom-su", person="p2")
    job = syncing.ask("contacts")
    began = syncing.clock.now()
    for _ in range(6):
        await syncing.pages().turn(job)
    syncing.simulator.settle()
    [told] = [one for one in syncing.simulator.receiver.events if one["UserID"] == "wecom-lin"]
    syncing.deliver(told)
    done = await syncing.do(job)
    assert syncing.clock.now() - began >= YOUNG
    assert syncing.relations() == [("lin", True, None, "new_corp", None), ("su", True, None, "sweep", None)]
    assert (done.done, done.total) == (4, 4)


async def test_a_late_callback_finds_the_relation_that_was_found(syncing: Syncing) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.later()
    await syncing.sync("contacts")
    syncing.deliver_all()
    assert syncing.relations() == [("lin", True, None, "sweep", None)]
    assert [kind for (kind,) in syncing.chain.rows("SELECT type FROM events ORDER BY seq")] == [
        "contact.added",
        "contact.confirmed",
    ]


async def test_contacts_and_members_who_prove_to_be_one_are_merged(syncing: Syncing) -> None:
    ids = syncing.simulator.control("add", associate="wecom-lin", person="p1")
    other = syncing.simulator.control("add", associate="wecom-lin", person="p2")
    syncing.deliver_all()
    for known in (ids, other):
        syncing.chain.tell(event("store.visited", 0, f"unionid:{known['unionid']}", store="S1"))
    assert len(_members(syncing)) == 4
    syncing.later()
    await syncing.sync("contacts")
    assert len(_members(syncing)) == 2


def _members(syncing: Syncing) -> list[int]:
    return [one for (one,) in syncing.chain.rows("SELECT id FROM members WHERE merged_into IS NULL")]


async def test_a_relation_of_an_employee_whom_wecom_knows_no_more_is_left_for_whoever_inherits_it(
    syncing: Syncing,
) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.deliver_all()
    syncing.simulator.control("employ", associate="wecom-lin", gone=True, told=False)
    syncing.later()
    done = await syncing.sync("contacts")
    assert syncing.relations() == [("lin", True, None, "new_corp", None)]
    assert syncing.findings(done).keys() == {"associate lin"}


async def test_many_customers_are_gone_through_in_pages_and_a_crash_repeats_none(syncing: Syncing) -> None:
    people = [{"person": f"p{n}", "external_userid": f"wm{n:03}"} for n in range(230)]
    at = (syncing.clock.now() - timedelta(days=3)).isoformat()
    friends = [{"associate": "wecom-lin", "external_userid": f"wm{n:03}", "at": at} for n in range(230)]
    syncing.simulator.control("load", part="friends", people=people, relations=friends)
    job = syncing.ask("contacts")
    counts = []
    while not await syncing.page(job):
        counts.append(len(syncing.relations()))
    assert {100, 200, 230} <= set(counts)
    assert syncing.chain.rows("SELECT count(*) FROM events") == [(230,)]
    [(rows,)] = syncing.chain.rows("SELECT count(*) FROM events WHERE priority = 1")
    assert rows == 230, "what was found lies in the past: nobody else waits for it"
    assert syncing.look(job).state == "done"


@pytest.mark.parametrize("errcode", [-1, 45009])
async def test_while_wecom_is_away_the_job_waits_and_nothing_has_failed(syncing: Syncing, errcode: int) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.later()
    job = syncing.ask("contacts")
    syncing.simulator.control("faults", errcode=errcode)
    assert await syncing.page(job) is False
    waiting = syncing.look(job)
    assert (waiting.state, waiting.tries) == ("running", 0)
    assert waiting.reason is not None
    assert "WeCom" in waiting.reason["en"]
    syncing.simulator.control("faults")
    syncing.later(120)
    assert (await syncing.do(job)).state == "done"
    assert len(syncing.relations()) == 1


async def test_what_only_the_console_can_mend_fails_the_job_which_can_be_continued(syncing: Syncing) -> None:
    job = syncing.ask("contacts")
    syncing.simulator.control("faults", errcode=48002)
    failed = await syncing.do(job)
    assert failed.state == "failed"
    assert failed.reason is not None
    assert "console" in failed.reason["en"]


@dataclass
class Refusing:
    """WeCom that refuses every second page, `times` times."""

    wecom: Any
    times: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wecom, name)

    async def contacts_page(self, _userid: str, cursor: str = "") -> tuple[list[FollowedContact], str]:
        if not cursor:
            return [], "more"
        self.times -= 1
        if self.times >= 0:
            raise RefusedError("externalcontact/batch/get_by_user", 40058, "invalid cursor")
        return [], ""


@pytest.mark.parametrize(("times", "state"), [(1, "done"), (1_000, "failed")])
async def test_a_page_that_is_refused_lets_an_employee_begin_again_once(
    syncing: Syncing, times: int, state: str
) -> None:
    syncing.simulator.control("add", associate="wecom-lin", person="p1")
    syncing.wecom = Refusing(syncing.wecom, times)  # type: ignore[assignment]  # it acts as one
    job = syncing.ask("contacts")
    for _ in range(30):
        if await syncing.page(job):
            break
    assert syncing.look(job).state == state
