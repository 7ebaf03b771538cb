"""What people copy from pages: members are shown as #17, and that is how they are named in forms."""

MARKS = "#＃"
"""Before a number; the second is how Chinese keyboards write it."""


def unmarked(given: str) -> str:
    """The number or identity without the mark that pages put before numbers."""
    return given.strip().removeprefix("#").removeprefix("＃").strip()
