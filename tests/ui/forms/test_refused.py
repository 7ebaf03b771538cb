"""What a form says of long texts, long times and missing titles."""

from __future__ import annotations

import pytest

from engine.database.connection import Database
from tests.ui.forms.test_saving import document, save
from tests.ui.visitor import Visitor
from ui.forms.durations import is_very_long


@pytest.mark.parametrize(
    ("iso", "long"),
    [("P9999D", True), ("P2Y", True), ("-P600D", True), ("P1Y", False), ("P45D", False), ("soon", False)],
)
def test_a_time_that_may_be_a_slip_is_noted(iso: str, long: bool) -> None:
    assert is_very_long(iso) is long


def test_a_wait_of_many_years_is_saved_with_a_note(admin: Visitor, database: Database) -> None:
    answer = save(admin, "/nodes/wait_join/timeout", "9999 天")
    assert answer.status_code == 200
    assert "超过一年" in answer.text
    assert document(database)["nodes"]["wait_join"]["timeout"] == "P9999D"


def test_the_last_title_of_a_journey_is_kept(admin: Visitor, database: Database) -> None:
    assert save(admin, "/title/en", "").status_code == 200
    answer = save(admin, "/title/zh", "")
    assert answer.status_code == 422
    assert "至少要有一种语言的标题" in answer.text
    assert document(database)["title"].keys() == {"zh"}
