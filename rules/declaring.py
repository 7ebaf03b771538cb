"""Declared fields as programs write them: each with a title in both languages, and with titles for its values."""

from __future__ import annotations

from collections.abc import Mapping

from rules.types import Declaration, Title


def field(type: str, zh: str, en: str, *, optional: bool = True, **more: object) -> Declaration:  # noqa: A002 - the word of the format
    """A declared field; `more` holds `values`, `of`, `min` and the like."""
    return Declaration.model_validate(
        {"type": type, "title": Title(zh=zh, en=en), "optional": optional, **more}, strict=False
    )


def choice(zh: str, en: str, titles: Mapping[str, Title], *, optional: bool = True) -> Declaration:
    """A declared field with one of these values, which have titles."""
    return field("enum", zh, en, optional=optional, values=[*titles]).calling(titles)
