"""The whole service, seeded, with plays on it, for the tests from end to end."""

from pathlib import Path

import pytest

from tests.e2e.theatre import Theatre
from tests.service.conftest import Make, make, scratch

__all__ = ["make", "scratch"]


@pytest.fixture(scope="module")
def theatre(make: Make, scratch: Path) -> Theatre:
    """One seeded service for all tests of a module. Whatever was done to it, in the end nothing is left undone."""
    service = make(scratch / "theatre", arguments=())
    service.start()
    return Theatre(service)
