"""Numbers in messages: `{n} {n:run|runs}` is "1 run" and "2 runs"."""

import string
from typing import Any


class Plurals(string.Formatter):
    """Fills in values as `str.format` does; a format of two words with `|` between chooses by the value, 1 or not."""

    def format_field(self, value: Any, format_spec: str) -> str:  # the signature of the base class
        """The first word for 1, also where it is written as text already, else the second."""
        one, bar, many = format_spec.partition("|")
        if not bar:
            return str(super().format_field(value, format_spec))
        return one if str(value) == "1" else many
