"""Whatever keeps a member out of a journey that is called, the caller is told that and nothing else."""

from __future__ import annotations

from typing import get_args

import pytest

from engine.runs.calls import WHY
from engine.runs.start import Why


@pytest.mark.parametrize("why", sorted({*get_args(Why)} - {"started"}))
def test_each_reason_has_its_words(why: str) -> None:
    assert WHY[why] != WHY["retired"]
