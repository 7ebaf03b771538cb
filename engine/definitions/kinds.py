"""The kinds of definitions. All share one life: draft, checked, published version, retired."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["journey", "ruleset", "task", "fields", "price-list"]
KINDS: tuple[Kind, ...] = get_args(Kind)

KEY = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""What keys of definitions look like; to be matched whole."""
