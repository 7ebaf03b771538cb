"""What commands on documents share: the refusal that tells a person what to do, and mends, which are commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.types import Json


class CommandError(ValueError):
    """A command that cannot be carried out on this document; nothing has changed.

    `pointer` names the place in the document, or in the command, that it fails at; `zh` and `en` say why, and what to
    do instead.
    """

    def __init__(self, pointer: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.pointer = pointer
        self.zh = zh
        self.en = en


@dataclass(frozen=True)
class Mend:
    """One way to do away with a finding: its title in both languages, and the commands, in order, as JSON."""

    title: Mapping[str, str]
    commands: tuple[Mapping[str, Json], ...]
