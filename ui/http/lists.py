"""Lists of the API are `{items, next}`: how many at once, and where the next page begins.

`next` is the value for `cursor`. It stands for the last item that was shown, never for a number of items: so a list
neither loses nor repeats anything while rows are added.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import BeforeValidator, WithJsonSchema

Item = TypeVar("Item")

LARGEST = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
LARGEST_PAGE = 200
_MARK = "after:"
_NOT_OURS = "give the `next` of the page before"


def cursor_after(key: str) -> str:
    """The cursor of the page that begins behind this key."""
    return base64.urlsafe_b64encode(f"{_MARK}{key}".encode()).decode().rstrip("=")


def key_after(cursor: str) -> str:
    """The key that a cursor stands for. Raises ValueError for what no answer of ours gave out."""
    try:
        plain = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ValueError(_NOT_OURS) from error
    if not plain.startswith(_MARK) or "\0" in plain:
        raise ValueError(_NOT_OURS)
    return plain.removeprefix(_MARK)


def _optional_key(cursor: str | None) -> str | None:
    return key_after(cursor) if cursor else None


def _optional_id(cursor: str | None, largest: int = LARGEST) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and 0 < int(cursor) <= largest):
        raise ValueError(_NOT_OURS)
    return int(cursor)


def _optional_version(cursor: str | None) -> int | None:
    return _optional_id(cursor, LARGEST_VERSION)


Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many items at most.")]
KeyCursor = Annotated[str | None, Query(), BeforeValidator(_optional_key), WithJsonSchema({"type": "string"})]
"""The key behind which the page begins, of lists by key; None at the beginning."""
IdCursor = Annotated[int | None, Query(), BeforeValidator(_optional_id), WithJsonSchema({"type": "string"})]
"""Likewise of lists by id; a handler gets the number."""
VersionCursor = Annotated[int | None, Query(), BeforeValidator(_optional_version), WithJsonSchema({"type": "string"})]
"""Likewise of lists by the number of a version."""


def page(found: Sequence[Item], limit: int, key: Callable[[Item], str]) -> tuple[Sequence[Item], str | None]:
    """The items to show of `limit` + 1 that were looked for, and the cursor of the page after them."""
    return found[:limit], key(found[limit - 1]) if len(found) > limit else None


def part(
    whole: Sequence[Item], limit: int, after: str | None, key: Callable[[Item], str]
) -> tuple[Sequence[Item], str | None]:
    """A part of a list that is known whole and sorted by `key`."""
    rest = [item for item in whole if after is None or key(item) > after]
    return page(rest, limit, lambda item: cursor_after(key(item)))
