"""Which places of a document hold no longer what its author wrote."""

from __future__ import annotations

import pytest

from rules.documents.bounds import Mended


@pytest.mark.parametrize(("pointer", "is_mended", "has_mended"), [
    ("/rows/3", True, True),
    ("/rows/3/when/0", True, True),
    ("/rows", False, True),
    ("", False, True),
    ("/rows/30", False, False),
    ("/rows/2", False, False),
    ("/row", False, False),
])  # fmt: skip
def test_a_place_is_mended_with_all_in_it_and_what_holds_it_has_something_mended(
    pointer: str, is_mended: bool, has_mended: bool
) -> None:
    mended = Mended()
    mended.mend("/rows/3")
    assert (mended.is_mended(pointer), mended.has_mended(pointer)) == (is_mended, has_mended)


def test_where_nothing_was_mended_nothing_is() -> None:
    assert not Mended().is_mended("")
    assert not Mended().has_mended("/rows")
