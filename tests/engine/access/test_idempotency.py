"""Writes that are done once under one key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.access.errors import KeyInUseError, KeyReusedError
from engine.access.idempotency import KEPT, PATIENCE, Claim, StoredAnswer, answer, begin, finish, give_up, trim
from engine.clock import FixedClock
from engine.database.connection import Database

CLAIM = Claim(1, "POST /api/v1/runs", "k", "hash")
ANSWER = StoredAnswer(201, {"body": "{}"})


def test_the_first_is_done_and_the_second_gets_its_answer(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        assert begin(session, CLAIM, now=clock.now()) is None
        finish(session, CLAIM, ANSWER)
    with database.begin() as session:
        assert begin(session, CLAIM, now=clock.now()) == ANSWER
        assert begin(session, replace(CLAIM, api_key_id=2), now=clock.now()) is None
        assert begin(session, replace(CLAIM, path="PUT /x"), now=clock.now()) is None
        with pytest.raises(KeyReusedError):
            begin(session, replace(CLAIM, body_hash="other"), now=clock.now())


def test_while_the_first_is_done_the_second_waits_and_may_take_over_from_a_dead_one(
    database: Database, clock: FixedClock
) -> None:
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
    with database.begin() as session:
        with pytest.raises(KeyInUseError):
            begin(session, CLAIM, now=clock.now())
        clock.advance(PATIENCE)
        assert begin(session, CLAIM, now=clock.now()) is None
        with pytest.raises(KeyInUseError):
            begin(session, CLAIM, now=clock.now())


def test_what_was_refused_may_be_tried_again(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
        give_up(session, CLAIM)
        assert begin(session, replace(CLAIM, body_hash="mended"), now=clock.now()) is None


def test_of_two_that_do_one_write_the_first_to_answer_has_done_it(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
    clock.advance(PATIENCE)
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
        answer(session, CLAIM, ANSWER)
    with database.begin() as late, pytest.raises(KeyInUseError):
        answer(late, CLAIM, StoredAnswer(201, {"body": "another"}))
    with database.begin() as session:
        give_up(session, CLAIM)
        assert begin(session, CLAIM, now=clock.now()) == ANSWER


def test_a_write_whose_claim_was_given_up_by_another_is_not_done(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
        give_up(session, CLAIM)
    with database.begin() as session, pytest.raises(KeyInUseError):
        answer(session, CLAIM, ANSWER)


def test_an_answer_is_kept_for_a_day_and_then_its_key_is_free(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        begin(session, CLAIM, now=clock.now())
        finish(session, CLAIM, ANSWER)
    clock.advance(KEPT)
    with database.begin() as session:
        assert trim(session, now=clock.now(), limit=10) == 0
        assert begin(session, CLAIM, now=clock.now()) == ANSWER
    clock.advance(timedelta(seconds=1))
    with database.begin() as session:
        assert begin(session, replace(CLAIM, body_hash="another"), now=clock.now()) is None
        with pytest.raises(KeyInUseError):
            begin(session, replace(CLAIM, body_hash="another"), now=clock.now())


def test_answers_whose_day_is_over_are_forgotten(database: Database, clock: FixedClock) -> None:
    with database.begin() as session:
        for key in "abc":
            begin(session, replace(CLAIM, key=key), now=clock.now())
        clock.advance(KEPT + timedelta(seconds=1))
        assert [trim(session, now=clock.now(), limit=2) for _ in range(3)] == [2, 1, 0]
