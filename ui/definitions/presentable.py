"""Authors' JSON made fit to be sent: a draft may hold what no JSON answer can carry."""

import math
from collections.abc import Mapping

from rules.types import Json


def presentable(value: Json) -> Json:
    """The same value, with null for numbers that are not finite and U+FFFD for halves of surrogate pairs."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case float() if not math.isfinite(value):
            return None
        case list():
            return [presentable(item) for item in value]
        case dict():
            return {key.encode("utf-8", "replace").decode(): presentable(item) for key, item in value.items()}
        case _:
            return value


def two_titles(title: Json, default: str) -> dict[str, str]:
    """A title in both languages, as the API shows it: a plain string stands for both."""
    given = title if isinstance(title, Mapping) else {"zh": title, "en": title}
    words = [text for text in (given.get("zh"), given.get("en")) if isinstance(text, str) and text]
    shown = {name: given.get(name) for name in ("zh", "en")}
    fallback = words[0] if words else default
    return {
        name: str(presentable(text)) if isinstance(text, str) and text else fallback for name, text in shown.items()
    }
