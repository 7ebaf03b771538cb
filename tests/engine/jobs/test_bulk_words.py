"""What stands against an action on a run: each reason has sentences of its own, in the words of the pages."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.jobs.bulk_words import STATUSES, told
from engine.runs.commands import Against, RunStateError
from engine.runs.listing import STATUSES as ALL
from ui.messages import text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_two_reasons_read_alike_and_each_says_what_to_do(language: str) -> None:
    said = [told(RunStateError("", reason, "completed"))[language] for reason in get_args(Against)]
    assert len(set(said)) == len(get_args(Against)) == 5
    assert all("{" not in one and any(mark in one for mark in "；;.") for one in said)


def test_every_status_is_called_as_the_pages_call_it() -> None:
    assert STATUSES.keys() == set(ALL)
    assert {name: words["zh"] for name, words in STATUSES.items()} == {
        name: text("zh", f"status.{name}") for name in ALL
    }
