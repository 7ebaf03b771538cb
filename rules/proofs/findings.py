"""What proofs find: in both languages, with the rows concerned, a box of cases and facts that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rules.messages import Message
from rules.types import Json

Severity: TypeAlias = Literal["error", "warning"]

MOST = 20
"""Findings of one code, before a last one says how many more there are."""


@dataclass(frozen=True)
class Finding:
    """`example` are facts as the `given` of a test: with `now` where the moment matters.

    `box` is each field that matters with a cell, as a row of the table would have it.
    """

    code: str
    severity: Severity
    pointer: str
    message: Message
    rows: tuple[str, ...] = ()
    box: Mapping[str, Json] = field(default_factory=dict)
    example: dict[str, Json] | None = None
