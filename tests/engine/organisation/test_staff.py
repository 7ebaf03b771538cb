"""Associates who join, leave and move."""

from __future__ import annotations

from tests.engine.chain import Chain, at, event


def state(chain: Chain, key: str) -> object:
    [row] = chain.rows(
        """SELECT a.active, a.left_at, s.key FROM associates a LEFT JOIN stores s ON s.id = a.store_id
           WHERE a.key = :key""",
        key=key,
    )
    return row


def test_an_associate_leaves_and_comes_back(chain: Chain) -> None:
    chain.tell(event("associate.left", 5, subject="associate:lin", associate="wecom-lin"))
    assert state(chain, "lin") == (False, at(5), "S1")
    chain.tell(event("associate.joined", 10, subject=None, associate="lin", store="S2"))
    assert state(chain, "lin") == (True, None, "S2")


def test_the_latest_word_by_its_own_time_counts(chain: Chain) -> None:
    chain.tell(event("associate.joined", 10, subject=None, associate="lin", store="S2"))
    chain.tell(event("associate.left", 5, subject=None, associate="lin"))
    chain.tell(event("associate.moved", 7, subject=None, associate="lin", store="S3"))
    assert state(chain, "lin") == (True, None, "S2")


def test_a_move_without_a_store_changes_nothing(chain: Chain) -> None:
    chain.tell(event("associate.moved", 5, subject=None, associate="lin", departments=[3]))
    assert state(chain, "lin") == (True, None, "S1")


def test_who_left_is_nobodys_current_friend(chain: Chain) -> None:
    chain.tell(event("contact.added", 0, associate="lin"), event("associate.left", 5, subject=None, associate="lin"))
    assert chain.rows("SELECT ended_at FROM relations") == [(None,)]
