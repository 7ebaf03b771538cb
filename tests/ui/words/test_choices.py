"""What values to choose from are called."""

from __future__ import annotations

import pytest

from engine.organisation.kinds import CHANNEL_CLASSES, CHANNEL_KINDS, CLASS_TITLES, KIND_TITLES
from ui.words.choices import choice, search_words


def test_each_kind_and_class_of_channels_has_titles() -> None:
    assert KIND_TITLES.keys() == CHANNEL_KINDS.keys()
    assert CLASS_TITLES.keys() == CHANNEL_CLASSES.keys()


@pytest.mark.parametrize(
    ("values", "value", "said"),
    [
        ([*CHANNEL_KINDS], "pos", ("收银码(pos)", "Till code (pos)")),
        ([*CHANNEL_KINDS, "odd"], "odd", ("odd", "odd")),
        (["pos", "mall"], "pos", ("pos", "pos")),
    ],
)
def test_a_value_of_our_own_lists_is_called_by_its_title(values: list[str], value: str, said: tuple[str, str]) -> None:
    assert (choice(values, value, "zh"), choice(values, value, "en")) == said


def test_a_field_is_found_by_what_its_values_are_called() -> None:
    assert "Till code" in search_words([*CHANNEL_KINDS])
    assert "收银码" in search_words([*CHANNEL_KINDS])
    assert search_words(["pos"]) == ""
