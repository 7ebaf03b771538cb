"""What is wrong with the code of an activity type or an operator, for whoever wrote it: the line, and the reason.

The reason may be told in full: while a module is loaded there is nothing but code, and so nobody's data.
"""

from __future__ import annotations

from traceback import walk_tb

from pydantic import ValidationError


def reason(error: Exception) -> str:
    """What an exception says, on one line. Of pydantic's, each place with what is wrong there."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False, include_context=False)
        told = [(".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, ")) for one in found]
        words = "; ".join(": ".join(filter(None, each)) for each in told)
        return f"{type(error).__name__}: {error.title}: {words}"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def mistake(error: Exception, module: str) -> str:
    """The reason, behind the last line of the module that was reached."""
    lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_globals.get("__name__") == module]
    return f"line {lines[-1]}: {reason(error)}" if lines else reason(error)
