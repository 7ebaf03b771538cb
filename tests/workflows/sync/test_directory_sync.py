"""Departments and employees from WeCom's directory; what HQ decided stays."""

from __future__ import annotations

from typing import Any

import httpx

from engine.organisation import nouns, store, views
from tests.engine.wecom.conftest import APP
from tests.workflows.sync.conftest import Syncing
from workflows.sync import App


def associates(syncing: Syncing) -> dict[str, tuple[Any, ...]]:
    """By key: store, active, activated, whether they have a name."""
    rows = syncing.chain.rows("""
        SELECT a.key, s.key, a.active, a.activated, a.name_enc IS NOT NULL
        FROM associates a LEFT JOIN stores s ON s.id = a.store_id ORDER BY a.key""")
    return {key: tuple(rest) for key, *rest in rows}


IN_PLACE = {
    "chen": ("S1", True, True, True),
    "lin": ("S1", True, True, True),
    "mo": ("S3", True, True, True),
    "su": ("S2", True, True, True),
}


async def test_a_directory_that_agrees_changes_nothing(syncing: Syncing) -> None:
    done = await syncing.sync("directory")
    assert associates(syncing) == IN_PLACE
    assert syncing.chain.rows("SELECT type FROM events") == []
    assert (done.done, done.total, done.failed) == (6, 6, 0)


async def test_a_new_employee_is_made_at_the_store_that_the_department_stands_for(syncing: Syncing) -> None:
    syncing.simulator.control("employ", associate="fang", name="Fang", department=12, told=False)
    await syncing.sync("directory")
    assert associates(syncing) == {**IN_PLACE, "fang": ("S2", True, True, True)}
    assert syncing.chain.rows("SELECT type FROM events") == [("associate.joined",)]
    await syncing.sync("directory")
    assert syncing.chain.rows("SELECT type FROM events") == [("associate.joined",)]


async def test_an_account_of_which_only_a_callback_told_gets_its_name_and_store(syncing: Syncing) -> None:
    syncing.simulator.control("employ", associate="fang", name="Fang", department=12)
    syncing.simulator.control("add", associate="fang", person="p1")
    syncing.deliver_all()
    assert associates(syncing)["fang"] == (None, True, True, False)
    await syncing.sync("directory")
    assert associates(syncing)["fang"] == ("S2", True, True, True)


async def test_who_is_gone_from_the_directory_has_left(syncing: Syncing) -> None:
    syncing.simulator.control("employ", associate="wecom-chen", gone=True, told=False)
    await syncing.sync("directory")
    assert associates(syncing)["chen"] == ("S1", False, True, True)
    assert syncing.chain.rows("SELECT key FROM associates WHERE left_at IS NOT NULL") == [("chen",)]
    syncing.simulator.control("employ", associate="wecom-chen", department=11, told=False)
    syncing.later()
    await syncing.sync("directory")
    assert associates(syncing)["chen"] == ("S1", True, True, True)


async def test_whoever_is_merely_out_of_sight_has_not_left(syncing: Syncing) -> None:
    hidden = {"userid": "wecom-chen", "name": "chen", "department": 11, "visible": False}
    syncing.simulator.control("load", part="hide", associates=[hidden])
    done = await syncing.sync("directory")
    assert associates(syncing) == IN_PLACE
    assert "visible range" in syncing.findings(done)["associate chen"]


async def test_with_apps_of_two_corps_whoever_is_unknown_to_one_has_not_left(syncing: Syncing) -> None:
    syncing.more_corps = {"other": App("ww_other", syncing.wecom)}
    syncing.simulator.control("employ", associate="wecom-chen", gone=True, told=False)
    done = await syncing.sync("directory")
    assert associates(syncing) == IN_PLACE
    assert syncing.findings(done).keys() == {"associate chen"}


async def test_an_account_that_was_never_activated_is_told_of_and_receives_nobody(syncing: Syncing) -> None:
    syncing.simulator.control("employ", associate="wecom-chen", activated=False, told=False)
    done = await syncing.sync("directory")
    assert associates(syncing)["chen"] == ("S1", True, False, True)
    assert "never activated" in syncing.findings(done)["associate chen"]
    syncing.simulator.control("employ", associate="wecom-chen", activated=True, told=False)
    await syncing.sync("directory")
    assert associates(syncing) == IN_PLACE


async def test_an_associate_moves_when_the_department_changes_and_not_because_hq_put_them_elsewhere(
    syncing: Syncing,
) -> None:
    with syncing.database.begin() as session:
        elsewhere = views.AssociateBody(name="chen", store="S3", wecom_userid="wecom-chen")
        store.write(session, syncing.keys, nouns.ASSOCIATES, "chen", elsewhere)
    await syncing.sync("directory")
    assert associates(syncing)["chen"][0] == "S3"
    syncing.simulator.control("employ", associate="wecom-chen", department=12, told=False)
    syncing.later()
    await syncing.sync("directory")
    assert associates(syncing)["chen"][0] == "S2"
    assert syncing.chain.rows("SELECT type FROM events") == [("associate.moved",)]


async def test_whom_hq_made_inactive_stays_so(syncing: Syncing) -> None:
    with syncing.database.begin() as session:
        resting = views.AssociateBody(name="chen", store="S1", wecom_userid="wecom-chen", active=False)
        store.write(session, syncing.keys, nouns.ASSOCIATES, "chen", resting)
    await syncing.sync("directory")
    assert associates(syncing)["chen"] == ("S1", False, True, True)


async def test_a_department_that_is_nobodys_is_a_finding_with_its_remedy(syncing: Syncing) -> None:
    syncing.simulator.control("load", part="more", departments=[{"id": 14, "parentid": 1, "name": "Harbour"}])
    syncing.simulator.control("employ", associate="fang", name="Fang", department=14, told=False)
    done = await syncing.sync("directory")
    assert "'Harbour'" in syncing.findings(done)["department 14"]
    assert associates(syncing)["fang"] == (None, True, True, True)
    with syncing.database.begin() as session:
        harbour = views.StoreBody(title=views.Title(zh="Harbour", en="Harbour"), region="east")
        store.write(session, syncing.keys, nouns.STORES, "S4", harbour)
    syncing.later()
    done = await syncing.sync("directory")
    assert (done.failed, associates(syncing)["fang"][0]) == (0, "S4")


async def test_what_a_department_stands_for_is_remembered_when_either_is_renamed(syncing: Syncing) -> None:
    await syncing.sync("directory")
    syncing.simulator.control("load", part="renamed", departments=[{"id": 12, "parentid": 1, "name": "Old town"}])
    syncing.simulator.control("employ", associate="fang", name="Fang", department=12, told=False)
    done = await syncing.sync("directory")
    assert (done.failed, associates(syncing)["fang"][0]) == (0, "S2")


async def test_a_region_may_be_a_department(syncing: Syncing) -> None:
    syncing.simulator.control("load", part="more", departments=[{"id": 20, "parentid": 1, "name": "东"}])
    done = await syncing.sync("directory")
    assert done.failed == 0
    [(kept,)] = syncing.chain.rows(
        "SELECT r.key FROM departments d JOIN regions r ON r.id = d.region_id WHERE d.id = 20 AND d.corp_id = :corp",
        corp=APP.corp_id,
    )
    assert kept == "east"


async def test_a_sync_of_everything_goes_through_its_parts(syncing: Syncing, http: httpx.AsyncClient) -> None:
    syncing.simulator.control("employ", associate="fang", name="Fang", department=12, told=False)
    syncing.simulator.control("add", associate="fang", person="p1")
    syncing.simulator.control("join_group", chat="wr9", person="p1")
    syncing.later()
    done = await syncing.sync()
    assert (done.done, done.total, done.failed) == (16, 16, 0)
    assert syncing.relations() == [("fang", True, None, "sweep", None)]
    assert syncing.seats() == [("wr9", True, None)]
    assert syncing.chain.rows("SELECT count(*) FROM members") == [(1,)]
