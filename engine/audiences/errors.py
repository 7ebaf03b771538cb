"""The errors of this package.

TooSlowError    a count that took longer than anybody waits; nothing is wrong with the database
"""

from datetime import timedelta


class TooSlowError(Exception):
    """A condition that the database could not count in time."""

    def __init__(self, patience: timedelta) -> None:
        super().__init__(f"This could not be counted within {patience.total_seconds():g} s; simplify the condition.")
