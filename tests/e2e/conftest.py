"""The whole service, seeded, for the tests from end to end."""

from tests.service.conftest import make, scratch

__all__ = ["make", "scratch"]
