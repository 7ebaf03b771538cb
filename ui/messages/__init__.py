"""The words of the pages, in Chinese and English. Keys are the same in both files; a test compares them."""

import json
from functools import cache
from pathlib import Path
from typing import Literal

from ui.messages.plurals import Plurals

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_PLURALS = Plurals()


@cache
def messages(language: Language) -> dict[str, str]:
    """All messages of a language, by key."""
    loaded: dict[str, str] = json.loads((Path(__file__).parent / f"{language}.json").read_text(encoding="utf-8"))
    return loaded


def text(language: Language, key: str, **values: object) -> str:
    """One message with its `{values}` filled in. KeyError if there is no such message."""
    message = messages(language)[key]
    return _PLURALS.vformat(message, (), values) if values else message


def known(language: Language, key: str) -> bool:
    """Whether there is such a message; for words that authors may add to, such as the names of ports."""
    return key in messages(language)
