"""What was typed says no value: the one exception of reading forms."""

from __future__ import annotations

from ui.messages import Language, text


class Mistake(ValueError):  # noqa: N818 - it is the author's slip, told beside the field, and no defect
    """What was typed cannot be kept; `key` names the message that says why, and what to write."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def told(self, language: Language) -> str:
        """The sentence beside the field."""
        return text(language, self.key, **self.values)
