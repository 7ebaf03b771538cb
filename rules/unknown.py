"""What a rule yields when a fact is missing: neither true nor false, and it says which facts would decide it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn


class Unknown:
    """A value that is not known. `missing` holds the paths of the facts that would decide it."""

    __slots__ = ("missing",)

    def __init__(self, missing: frozenset[str] = frozenset()) -> None:
        self.missing = missing

    def __bool__(self) -> NoReturn:
        raise TypeError("an unknown is neither true nor false; compare with `is True`, or ask isinstance(…, Unknown)")

    def __or__(self, other: Unknown) -> Unknown:
        """Unknown for the reasons of both."""
        return self if self.missing >= other.missing else Unknown(self.missing | other.missing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.missing == other.missing

    def __hash__(self) -> int:
        return hash((Unknown, self.missing))

    def __repr__(self) -> str:
        return f"Unknown({', '.join(sorted(self.missing))})"


def unknown_of(values: Iterable[object]) -> Unknown | None:
    """The Unknown for the reasons of all among the values; None when all are known."""
    found: Unknown | None = None
    for value in values:
        if isinstance(value, Unknown):
            found = value if found is None else found | value
    return found
