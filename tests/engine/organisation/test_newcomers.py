"""Accounts and groups that WeCom names before headquarters has described them."""

from __future__ import annotations

import pytest

from engine.organisation import store
from engine.organisation.errors import TakenError
from engine.organisation.newcomers import GroupRecord, meet_associates, meet_chat
from engine.organisation.nouns import ASSOCIATES
from engine.organisation.views import AssociateBody
from tests.engine.chain import NOW, Chain, event


def test_an_account_takes_the_key_that_hq_gives_it_and_keeps_its_relations(chain: Chain) -> None:
    with chain.database.begin() as session:
        meet_associates(session, ["zhang@hq"])
    chain.tell(event("contact.added", 0, associate="zhang@hq"))
    body = AssociateBody(name="张", store="S1", wecom_userid="zhang@hq")
    with chain.database.begin() as session:
        written = store.write(session, chain.keys, ASSOCIATES, "zhang", body)
    assert (written.before, written.view.key, written.view.store) == (None, "zhang", "S1")
    assert chain.rows("SELECT key FROM associates WHERE wecom_userid = 'zhang@hq'") == [("zhang",)]
    assert [row[0] for row in chain.relations()] == ["zhang"]


def test_an_account_that_hq_has_described_stays_whose_it_is(chain: Chain) -> None:
    body = AssociateBody(name="张", store="S1", wecom_userid="wecom-lin")
    with pytest.raises(TakenError), chain.database.begin() as session:
        store.write(session, chain.keys, ASSOCIATES, "zhang", body)


@pytest.mark.parametrize(("owner", "place"), [("wecom-su", "S2"), ("newcomer", None), ("", None)])
def test_a_group_is_known_at_the_store_of_its_owner_and_stays_as_it_is(
    chain: Chain, owner: str, place: str | None
) -> None:
    with chain.database.begin() as session:
        assert meet_chat(session, GroupRecord("wrNew", owner, "群", NOW))
        assert not meet_chat(session, GroupRecord("wrNew", "wecom-mo", "other"))
    rows = chain.rows("""
        SELECT s.key, a.wecom_userid, c.title ->> 'zh', c.created_at
        FROM chats c LEFT JOIN stores s ON s.id = c.store_id LEFT JOIN associates a ON a.id = c.owner_id
        WHERE c.chat_id = 'wrNew'""")
    assert rows == [(place, owner or None, "群", NOW)]
