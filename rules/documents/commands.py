"""What every command on a document shares: the refusal that tells a person what to do."""

from __future__ import annotations


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
