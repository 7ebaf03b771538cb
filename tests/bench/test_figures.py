"""Figures: ratios, budgets, and what programs and people are shown of them."""

from __future__ import annotations

import pytest

from bench.figures import BenchError, Budget, Figure, Report, paired, quantile

AT_LEAST, AT_MOST = Budget("value", ">=", 10), Budget("ratio", "<=", 1.3)


@pytest.mark.parametrize(
    ("budget", "measured", "holds"),
    [
        (AT_LEAST, 10, True),
        (AT_LEAST, 9.99, False),
        (AT_MOST, 1.3, True),
        (AT_MOST, 1.31, False),
        (AT_MOST, None, False),
    ],
)
def test_a_budget_holds_up_to_its_limit(budget: Budget, measured: float | None, holds: bool) -> None:
    assert budget.holds(measured) is holds


def test_the_ratio_is_value_over_reference() -> None:
    assert Figure("one", 30, "ms", (AT_MOST,), reference=20).ratio == 1.5
    assert Figure("one", 30, "ms", (AT_MOST,)).ratio is None


def test_a_figure_is_ok_when_every_budget_is_kept() -> None:
    budgets = (AT_LEAST, AT_MOST)
    assert Figure("one", 12, "/s", budgets, reference=10).ok
    assert not Figure("one", 9, "/s", budgets, reference=10).ok
    assert not Figure("one", 14, "/s", budgets, reference=10).ok
    assert not Figure("one", 12, "/s", budgets).ok


def test_an_objection_makes_any_figure_count_for_nothing() -> None:
    figure = Figure("one", 12, "/s", (AT_LEAST,), objection="a quick run proves nothing")
    assert not figure.ok
    lines = Report([figure]).lines()
    assert "one does not count: a quick run proves nothing" in lines
    assert lines[1].endswith("does not count")


def test_pairs_give_medians_and_the_median_of_their_ratios() -> None:
    figure = paired("one", "ms", [(10, 5), (30, 10), (8, 8), (9, 3), (100, 50)], AT_MOST)
    assert (figure.value, figure.reference, figure.ratio) == (10, 8, 2)
    assert figure.note == "ratios of the pairs 2.00, 3.00, 1.00, 3.00, 2.00"


@pytest.mark.parametrize(("share", "found"), [(0.5, 50), (0.99, 99), (0.991, 100), (1, 100), (0.001, 1)], ids=str)
def test_a_quantile_is_the_smallest_value_that_so_many_do_not_exceed(share: float, found: int) -> None:
    assert quantile(reversed(range(1, 101)), share) == found


def test_there_is_no_quantile_of_nothing() -> None:
    with pytest.raises(BenchError):
        quantile([], 0.99)


def test_programs_are_shown_the_keys_of_the_api() -> None:
    assert Figure("one", 1 / 3, "s", (Budget("value", "<=", 8), AT_MOST), reference=2 / 3).to_json() == {
        "name": "one",
        "value": 0.333333,
        "unit": "s",
        "reference": 0.666667,
        "ratio": 0.5,
        "budget": [{"of": "value", "op": "<=", "limit": 8}, {"of": "ratio", "op": "<=", "limit": 1.3}],
        "ok": True,
    }


def test_a_figure_without_a_reference_has_null_for_it() -> None:
    shown = Figure("one", 2, "s", (Budget("value", "<=", 8),)).to_json()
    assert (shown["reference"], shown["ratio"]) == (None, None)


def test_people_are_shown_reference_budget_and_verdict_beside_each_figure() -> None:
    kept = Figure("kept", 12, "ms", (AT_MOST,), reference=10)
    missed = Figure("missed", 9, "/s", (AT_LEAST, Budget("ratio", ">=", 0.3)), reference=10, note="why")
    lines = Report([kept, missed], ["fsync on"]).lines()
    assert lines[1].split() == ["kept", "12", "ms", "10", "ms", "1.20", "≤", "1.3", "×", "ok"]
    assert lines[2].split() == ["missed", "9", "/s", "10", "/s", "0.90", "≥", "10,", "≥", "0.3", "×", "MISSED"]
    assert lines[3:] == ["", "fsync on", "missed: why"]
    assert not Report([kept, missed]).ok
    assert Report([kept]).ok
