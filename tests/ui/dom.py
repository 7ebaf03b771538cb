"""Pages as trees, for tests that look for what stands at a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


@dataclass(eq=False)
class Element:
    """An element with what stands in it, in order; `above` is what it stands in."""

    tag: str
    attributes: dict[str, str]
    above: Element | None = None
    inside: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """The element and all below it."""
        yield self
        for each in self.inside:
            if isinstance(each, Element):
                yield from each

    def get(self, name: str) -> str:
        """An attribute; empty where there is none."""
        return self.attributes.get(name, "")

    @property
    def text(self) -> str:
        """All words in it, each gap one blank."""
        told = (each if isinstance(each, str) else each.text for each in self.inside)
        return re.sub(r"\s+", " ", " ".join(told)).strip()

    def all(self, tag: str = "", **wanted: str) -> list[Element]:
        """The elements with these attributes (`data_node` for `data-node`)."""
        asked = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            each
            for each in self
            if (not tag or each.tag == tag) and all(each.attributes.get(name) == asked[name] for name in asked)
        ]

    def one(self, tag: str = "", **wanted: str) -> Element:
        """The only such element."""
        found = self.all(tag, **wanted)
        assert len(found) == 1, f"{len(found)} of {tag} {wanted}"
        return found[0]

    def is_within(self, other: Element) -> bool:
        """Whether it stands in another element, or is it."""
        return self is other or (self.above is not None and self.above.is_within(other))

    def put(self, html: str) -> None:
        """Let it hold this instead of what it holds."""
        self.inside = parsed(html).inside
        for each in self.inside:
            if isinstance(each, Element):
                each.above = self


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.inside.append(made)
        if tag not in _VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.inside.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        above: Element | None = self.here
        while above is not None and above.tag != tag:
            above = above.above
        if above is not None and above.above is not None:
            self.here = above.above

    def handle_data(self, data: str) -> None:
        self.here.inside.append(data)


def parsed(html: str) -> Element:
    """A page or fragment; its root has no tag."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root
