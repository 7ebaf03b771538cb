"""The words of the pages, in Chinese and English: a folder each, a file per area. Keys are the same in both."""

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
    return {key: message for area in areas(language).values() for key, message in area.items()}


def areas(language: Language) -> dict[str, dict[str, str]]:
    """The messages of a language as they are kept: by the name of their file, then by key."""
    files = sorted((Path(__file__).parent / language).glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def text(language: Language, key: str, **values: object) -> str:
    """One message with its `{values}` filled in. KeyError if there is no such message."""
    message = messages(language)[key]
    return _PLURALS.vformat(message, (), values) if values else message


def known(language: Language, key: str) -> bool:
    """Whether there is such a message; for words that authors may add to, such as the names of ports."""
    return key in messages(language)
