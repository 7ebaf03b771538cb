"""The kinds of definitions. All share one life: draft, checked, published version, retired."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["journey", "ruleset", "task", "fields", "price-list"]
KINDS: tuple[Kind, ...] = get_args(Kind)

KEY = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""What keys of definitions look like; to be matched whole."""

_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST = 63


def proposed_key(title: str, taken: Collection[str], otherwise: str) -> str:
    """A free key made of the words of a title that keys may hold; `otherwise` where there are none."""
    words = _UNFIT.sub("-", title.lower()).strip("-0123456789")
    base = words[: _LONGEST - 4].rstrip("-") or otherwise
    key, number = base, 2
    while key in taken:
        key, number = f"{base}-{number}", number + 1
    return key
