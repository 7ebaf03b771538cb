"""The words of forms: what parts of a document are called, and what there is to know about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.types import Json
from ui.forms.shapes import Shape
from ui.messages import Language, known, text
from ui.words.wording import plain_json


@dataclass(frozen=True)
class Speech:
    """Speaks one language. A schema's own words (`x-title`, `x-help`) go before ours; a name without any stays."""

    language: Language

    def title(self, shape: Shape) -> str:
        """What a part is called."""
        ours = self._first(f"forms.name.{shape.owner}.{shape.name}", f"forms.name.{shape.name}")
        return self._told(shape, "x-title") or ours or shape.name

    def help(self, shape: Shape) -> str:
        """What is to be written there; nothing where nobody says."""
        ours = self._first(f"forms.help.{shape.owner}.{shape.name}", f"forms.help.{shape.name}")
        return self._told(shape, "x-help") or ours

    def option(self, shape: Shape) -> str:
        """What a form of a union is called."""
        key = f"forms.part.{shape.model}"
        told = shape.schema.get("x-title", {}).get(self.language)
        return str(told) if told else text(self.language, key) if known(self.language, key) else shape.model

    def choice(self, shape: Shape, value: Json) -> str:
        """What a value of an enum, or of yes and no, is called."""
        said = shape.schema.get("x-choices", {}).get(str(value), {}).get(self.language)
        if said:
            return str(said)
        word = plain_json(value)
        ours = self._first(f"forms.choice.{shape.owner}.{shape.name}.{word}", f"forms.choice.{word}")
        return ours or word

    def default(self, shape: Shape, value: Json) -> str:
        """What holds where nothing is chosen."""
        return text(self.language, "forms.default", value=self.choice(shape, value))

    def _told(self, shape: Shape, key: str) -> str:
        words: Mapping[str, str] = shape.schema.get(key, {})
        return str(words.get(self.language, "")) if shape.schema.get("type") != "object" or shape.owner else ""

    def _first(self, *keys: str) -> str:
        """The first of these messages that there is."""
        return next((text(self.language, key) for key in keys if known(self.language, key)), "")
