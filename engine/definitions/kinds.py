"""The kinds of definitions. All share one life: draft, checked, published version, retired."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["journey", "ruleset", "task", "fields", "price-list"]

KEY = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""What keys of definitions look like; to be matched whole."""
