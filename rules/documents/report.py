"""What the embedded tests of a document say: each one's differences, and which places of it no test visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.types import Json


@dataclass(frozen=True)
class Difference:
    """One statement of a test that does not hold."""

    field: str
    expected: Json
    actual: Json

    def to_json(self) -> dict[str, Json]:
        return {"field": self.field, "expected": self.expected, "actual": self.actual}


@dataclass(frozen=True)
class TestResult:
    """What came of one test."""

    __test__ = False

    name: str
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Report:
    """All tests of a document.

    `coverage` tells of each place whether a test visits it: the words that name the place, then true or false. `places`
    is what such places are called, `words` what each word is.
    """

    tests: Sequence[TestResult]
    coverage: Sequence[tuple[str | bool, ...]]
    places: str
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """The answer of `…/draft/test`."""
        keys = (*self.words, "visited")
        return {
            "tests": [
                {"name": each.name, "ok": each.ok, "differences": [diff.to_json() for diff in each.differences]}
                for each in self.tests
            ],
            "coverage": {self.places: [dict(zip(keys, place, strict=True)) for place in self.coverage]},
        }
