"""Customer groups against the ledger of seats: METRICS.md, M7, with the simulator's word for it."""

from __future__ import annotations

from tests.workflows.sync.conftest import Syncing


def chat(syncing: Syncing, chat_id: str, owner: str, *members: str) -> None:
    """A group that WeCom knows."""
    chats = [{"chat_id": chat_id, "owner": owner, "name": f"Group {chat_id}", "members": list(members)}]
    syncing.simulator.control("load", part=f"chat {chat_id}", chats=chats, people=[{"person": one} for one in members])


async def test_a_group_that_nobody_told_of_is_made_known_with_its_seats(syncing: Syncing) -> None:
    chat(syncing, "wr9", "wecom-su", "p1", "p2")
    syncing.later()
    done = await syncing.sync("groups")
    assert syncing.seats() == [("wr9", True, None), ("wr9", True, None)]
    [(title, store, version)] = syncing.chain.rows(
        "SELECT c.title ->> 'zh', s.key, c.member_version FROM chats c JOIN stores s ON s.id = c.store_id"
        " WHERE chat_id = 'wr9'"
    )
    assert (title, store) == ("Group wr9", "S2")
    assert version
    assert (done.done, done.total) == (4, 4)


async def test_seats_that_are_gone_have_been_left_for_reasons_unknown(syncing: Syncing) -> None:
    chat(syncing, "wr9", "wecom-su", "p1", "p2")
    syncing.later()
    await syncing.sync("groups")
    syncing.simulator.control("leave_group", chat="wr9", person="p1")
    syncing.later(90)
    await syncing.sync("groups")
    assert sorted(syncing.seats()) == [("wr9", False, "unknown"), ("wr9", True, None)]


async def test_what_was_told_is_left_as_it_is_and_a_repetition_finds_nothing(syncing: Syncing) -> None:
    chat(syncing, "wr9", "wecom-su", "p1")
    syncing.later()
    await syncing.sync("groups")
    before = syncing.chain.rows("SELECT count(*) FROM events")
    await syncing.sync("groups")
    assert syncing.chain.rows("SELECT count(*) FROM events") == before
    assert syncing.seats() == [("wr9", True, None)]


async def test_a_group_that_was_dismissed_ends_its_seats(syncing: Syncing) -> None:
    chat(syncing, "wr9", "wecom-su", "p1")
    syncing.later()
    await syncing.sync("groups")
    syncing.simulator.control("dismiss_group", chat="wr9")
    syncing.later(90)
    await syncing.sync("groups")
    assert syncing.seats() == [("wr9", False, "dismissed")]
    dismissed = syncing.chain.rows("SELECT chat_id FROM chats WHERE dismissed_at IS NOT NULL ORDER BY chat_id")
    assert ("wr9",) in dismissed


async def test_the_title_that_hq_gave_stays(syncing: Syncing) -> None:
    chat(syncing, "wr1", "wecom-lin", "p1")
    syncing.later()
    await syncing.sync("groups")
    assert syncing.chain.rows("SELECT title ->> 'zh' FROM chats WHERE chat_id = 'wr1'") == [("wr1",)]


async def test_one_owner_whom_wecom_does_not_know_keeps_no_other_group_from_being_compared(syncing: Syncing) -> None:
    chat(syncing, "wr9", "wecom-su", "p1")
    syncing.simulator.control("employ", associate="wecom-lin", gone=True, told=False)
    syncing.later()
    await syncing.sync("groups")
    assert syncing.seats() == [("wr9", True, None)]


async def test_many_groups_are_compared_a_few_at_a_time(syncing: Syncing) -> None:
    for n in range(12):
        chat(syncing, f"wr1{n:02}", "wecom-su", f"p{n}")
    syncing.later()
    job = syncing.ask("groups")
    counts = set()
    while not await syncing.page(job):
        counts.add(len(syncing.seats()))
    assert {0, 10} <= counts
    assert len(syncing.seats()) == 12
