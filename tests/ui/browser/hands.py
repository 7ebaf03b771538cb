"""Two ways to use a page: with the mouse, and with the keyboard alone. Each does the same deeds."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, Page

STOPS = 400
"""So many presses of Tab are more than any page has stops."""


class Hands(Protocol):
    """What somebody does at a page."""

    page: Page

    def press(self, target: Locator) -> None:
        """Press a button or link."""

    def write(self, target: Locator, text: str) -> None:
        """Replace what a field holds, and leave the field."""

    def pick(self, target: Locator, value: str) -> None:
        """Choose an option of a select by its value."""

    def find(self, target: Locator, words: str) -> None:
        """Search by these words and take what is found first."""

    def tick(self, target: Locator) -> None:
        """Tick a box that is not ticked yet."""

    def clock(self, target: Locator, time: str) -> None:
        """Fill in a time of day."""

    def choose(self, node: str) -> None:
        """Choose a node on the canvas, so that its panel stands beside it."""

    def add(self, node: str, port: str, words: str) -> None:
        """Insert behind a port what is found by these words."""


def folded(target: Locator) -> Locator:
    """What unfolds the part of the page that the target is hidden in."""
    return target.locator("xpath=ancestor::details[not(@open)]/summary")


class Mouse:
    """The mouse; the keyboard only to write into fields."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.click()
        target.fill(text)
        self.page.locator("h1").first.click()

    def pick(self, target: Locator, value: str) -> None:
        target.select_option(value)

    def find(self, target: Locator, words: str) -> None:
        target.click()
        target.fill(words)
        self.page.locator("[role=listbox]:visible > *").first.click()

    def tick(self, target: Locator) -> None:
        if not target.is_checked():
            fold = folded(target)
            if fold.count():
                fold.click()
            target.click()

    def clock(self, target: Locator, time: str) -> None:
        self.write(target, time)

    def choose(self, node: str) -> None:
        drawn = self.page.locator(f'#canvas [data-node="{node}"]')
        self._roll_to(drawn)
        drawn.click()

    def add(self, node: str, port: str, words: str) -> None:
        plus = self.page.locator(f'#canvas .plus[data-add-after="{node}"]')
        own = plus.locator(f'xpath=self::*[@data-port="{port}"]')
        shared = self.page.locator(f'#canvas .plus[data-add-after="{node}"][data-also~="{port}"]')
        wanted = own if own.count() else shared
        self._roll_to(wanted)
        wanted.click()
        if node != "@entry":
            self.page.locator("#palette-where").select_option(port)
        self.page.locator("#palette-search").fill(words)
        self.page.locator(".offer:not([hidden])").first.click()

    def _roll_to(self, drawn: Locator) -> None:
        """Bring a part of the picture into sight with the wheel."""
        svg = self.page.locator("#canvas > svg")
        self.page.locator("h1").first.scroll_into_view_if_needed()
        svg.hover(position={"x": 6, "y": 30})
        frame = svg.bounding_box()
        height = (self.page.viewport_size or {"height": 900})["height"]
        for _ in range(60):
            box = drawn.bounding_box()
            assert frame is not None
            assert box is not None
            bottom = min(frame["y"] + frame["height"], height) - 70
            down = 0 if frame["y"] + 8 < box["y"] < bottom else 100 if box["y"] > frame["y"] + 8 else -100
            right = frame["x"] + frame["width"] - box["width"] - 60
            across = 0 if frame["x"] + 8 < box["x"] < right else 80 if box["x"] > frame["x"] + 8 else -80
            if not down and not across:
                return
            self.page.mouse.wheel(across, down)
            self.page.wait_for_timeout(15)


class Keys:
    """The keyboard alone: Tab to get somewhere, keys to do something there."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        self._reach(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self._reach(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Tab")

    def pick(self, target: Locator, value: str) -> None:
        words = " ".join(target.locator(f'option[value="{value}"]').first.inner_text().split())
        self._reach(target)
        for letter in words:
            if target.input_value() == value:
                return
            self.page.keyboard.type(letter)
        assert target.input_value() == value

    def find(self, target: Locator, words: str) -> None:
        self._reach(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(words)
        self.page.locator("[role=listbox]:visible > *").first.wait_for()
        self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        if not target.is_checked():
            fold = folded(target)
            if fold.count():
                self.press(fold)
            self._reach(target)
            self.page.keyboard.press("Space")

    def clock(self, target: Locator, time: str) -> None:
        hour, minute = time.split(":")
        self._reach(target)
        self.page.keyboard.type(f"{int(hour) % 12 or 12:02}{minute}{'PM' if int(hour) >= 12 else 'AM'}")
        self.page.keyboard.press("Tab")

    def choose(self, node: str) -> None:
        self._reach(self.page.locator(f'#canvas [data-node="{node}"]'))
        self.page.keyboard.press("Enter")

    def add(self, node: str, port: str, words: str) -> None:
        self._reach(self.page.locator(f'#canvas [data-node="{node}"]'))
        self.page.keyboard.press("a")
        where = self.page.locator("#palette-where")
        if node != "@entry" and where.input_value() != port:
            self.pick(where, port)
            assert where.input_value() == port
        self._reach(self.page.locator("#palette-search"))
        self.page.keyboard.type(words)
        self.page.keyboard.press("Enter")

    def _reach(self, target: Locator) -> None:
        """Tab, backwards where that is the shorter way, until the target has the focus."""
        target.wait_for(state="attached")
        for _ in range(STOPS):
            step: str | None = target.evaluate(
                """target => {
                  const here = document.activeElement;
                  if (here === target) return null;
                  if (!here || here === document.body) return "Tab";
                  return here.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING ? "Shift+Tab" : "Tab";
                }"""
            )
            if step is None:
                return
            self.page.keyboard.press(step)
        raise AssertionError(f"Tab does not come to {target}")
