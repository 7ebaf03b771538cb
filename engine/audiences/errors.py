"""The errors of this package.

TooSlowError    a count that took longer than anybody waits; nothing is wrong with the database
"""


class TooSlowError(Exception):
    """A condition that the database could not count in time."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This could not be counted within {seconds} seconds; simplify the condition.")
