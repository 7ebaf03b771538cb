"""`python -m bench.grid`: how soon a table of 500 rows shows an edit, keeps it, and tells what it leads to.

Not one of the benchmarks: it needs a browser, and CI runs it nowhere. One author edits in Chromium, at the first row
and at the last. For each deed: milliseconds from the key until the table shows it, until it is saved, until the
findings are those of the new table, and the longest time for which the page took no keys.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Any

import typer
from playwright.sync_api import Error, Page, sync_playwright

from bench.chain import publish_text
from bench.figures import BenchError
from bench.service import Service, service
from bench.tables import ZONES, table

RULESET = "bench-grid"
ROWS, COLUMNS = 20, 5
"""What is pasted."""

Figures = Mapping[str, float]

_WATCH = """
() => {
  const grid = document.querySelector("[data-grid]");
  window.watched = { longest: 0 };
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) watched.longest = Math.max(watched.longest, each.duration);
  }).observe({ entryTypes: ["longtask"] });
  document.addEventListener("keydown", (event) => {
    if (watched.armed && event.key === watched.key) { watched.armed = false; watched.at = performance.now(); }
  }, true);
  document.addEventListener("paste", () => {
    if (watched.armed && watched.key === "paste") { watched.armed = false; watched.at = performance.now(); }
  }, true);
  new MutationObserver(() => {
    if (watched.at && grid.dataset.revision !== watched.revision) watched.saved ??= performance.now() - watched.at;
  }).observe(grid, { attributes: true, attributeFilter: ["data-revision"] });
  document.addEventListener("htmx:after:swap", () => {
    if (!watched.saved || watched.found || watched.armed) return;
    if (document.querySelector("#grid-findings [data-of]")?.dataset.of !== grid.dataset.revision) return;
    watched.found = performance.now() - watched.at;
  });
  const look = () => {
    if (watched.at && !watched.shown && watched.shows()) watched.shown = performance.now() - watched.at;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
_ARM = """
([key, shows]) => {
  const shows_ = new Function("grid", `return (${shows});`), grid = document.querySelector("[data-grid] table");
  const table = () => document.querySelector("[data-grid] table").tBodies[0];
  Object.assign(watched, {
    key, armed: true, at: 0, shown: 0, saved: undefined, found: 0, longest: 0,
    revision: document.querySelector("[data-grid]").dataset.revision, shows: () => shows_(table()),
  });
}
"""


@dataclass(frozen=True)
class Deed:
    """One edit: the key that it begins with, what the table's body then shows, and how it is done."""

    key: str
    shows: str
    do: Callable[[Page], None]


def main(times: Annotated[int, typer.Option(help="How often each deed is done at each place.")] = 5) -> None:
    """Edit a table of 500 rows in a browser, and print what each deed takes."""
    with service() as one, sync_playwright() as playwright:
        database = one.database()
        publish_text(database, "ruleset", RULESET, json.dumps({**table(500), "key": RULESET}, ensure_ascii=False))
        database.close()
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1360, "height": 800}, bypass_csp=True).new_page()
        _open(page, one)
        print(f"{'':28}{'shown':>8}{'saved':>8}{'findings':>10}{'blocked':>9}   medians of {times}, ms")
        output = page.evaluate("document.querySelector('[data-grid] th[data-part=then]').cellIndex")
        for row in (1, 499):
            for name, deed in Place(page, row, output).deeds.items():
                _print(f"{name} at row {row}", [_timed(page, deed(n)) for n in range(times)])
        browser.close()


def _open(page: Page, one: Service) -> None:
    page.goto(f"{one.url}/sign-in")
    page.fill("#username", "admin")
    page.fill("#password", one.secrets["admin_password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{one.url}/")
    page.goto(f"{one.url}/rules/{RULESET}/edit")
    page.wait_for_load_state("networkidle")
    if page.locator("[data-grid] tbody tr").count() != 500:
        raise BenchError("500 rows are not on one page")
    page.evaluate(_WATCH)


@dataclass(frozen=True)
class Place:
    """Where deeds are done: a row by its number, the columns of the first input and of the output by theirs."""

    page: Page
    row: int
    output: int

    @property
    def at(self) -> int:
        """The row's index."""
        return self.row - 1

    @property
    def deeds(self) -> dict[str, Callable[[int], Deed]]:
        """Each deed, the n-th time that it is done."""
        return {
            "set a cell": self.set_cell,
            "move a row": self.move,
            "insert a row": self.insert,
            "undo": self.undo,
            f"paste {ROWS}×{COLUMNS}": self.paste,
        }

    def set_cell(self, n: int) -> Deed:
        """Another output, written by hand."""
        text = f"{ZONES[n % len(ZONES)]}-{self.row}-{n}"

        def do(page: Page) -> None:
            self._focus(self.output)
            page.keyboard.press("F2")
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(text)
            page.keyboard.press("Enter")

        return Deed("Enter", f"grid.rows[{self.at}].cells[{self.output}].textContent === '{text}'", do)

    def move(self, n: int) -> Deed:
        """A row away from the edge, and the next time back."""
        there = n % 2 == 0
        away = 1 if self.row == 1 else -1
        line, to = (self.at, self.at + away) if there else (self.at + away, self.at)
        key = "ArrowDown" if to > line else "ArrowUp"
        name = self.page.locator("[data-grid] tbody tr").nth(line).get_attribute("data-id")

        def do(page: Page) -> None:
            self._focus(1, line)
            page.keyboard.press(f"Alt+{key}")

        return Deed(key, f"grid.rows[{to}].dataset.id === '{name}'", do)

    def insert(self, _: int) -> Deed:
        """An empty row below: the last one of five hundred goes to the next page."""
        below = self.page.locator("[data-grid] tbody tr").nth(self.at + 1).get_attribute("data-id")
        shows = f"grid.rows[{self.at}].nextSibling && grid.rows[{self.at + 1}].dataset.id !== '{below}'"
        return Deed("Enter", shows, self._pressed("Control+Enter"))

    def undo(self, _: int) -> Deed:
        """The latest edit taken back, as the table shows it once it is."""
        before = self.page.locator("[data-grid]").get_attribute("data-revision")
        return Deed("z", f"grid.closest('[data-grid]').dataset.revision !== '{before}'", self._pressed("Control+z"))

    def paste(self, n: int) -> Deed:
        """Rows of a spreadsheet over what stands there, from the first input to the output."""
        line = self.at if self.row == 1 else self.at - ROWS + 1
        pasted = [(f"region-{900 + k}", "gold", "pos", "100..200", f"P-{self.row}-{n}-{k}") for k in range(ROWS)]
        text = "\n".join("\t".join(each) for each in pasted)

        def do(page: Page) -> None:
            self._focus(1, line)
            page.evaluate(_PASTE, text)

        return Deed(
            "paste", f"grid.rows[{line + ROWS - 1}].cells[{self.output}].textContent === '{pasted[-1][-1]}'", do
        )

    def _focus(self, column: int, line: int | None = None) -> None:
        row = (self.at if line is None else line) + 1
        self.page.locator(f"[data-grid] tbody tr:nth-child({row}) > :nth-child({column + 1})").focus()

    def _pressed(self, key: str) -> Callable[[Page], None]:
        def do(page: Page) -> None:
            self._focus(1)
            page.keyboard.press(key)

        return do


_PASTE = """
(text) => {
  const given = new DataTransfer();
  given.setData("text/plain", text);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true }));
}
"""


def _timed(page: Page, deed: Deed) -> Figures:
    page.evaluate(_ARM, [deed.key, deed.shows])
    deed.do(page)
    try:
        page.wait_for_function("watched.shown && watched.saved && watched.found", timeout=30_000)
    except Error as error:
        raise BenchError(f"{deed.shows}: {page.evaluate('({...watched, shows: null})')}") from error
    page.wait_for_load_state("networkidle")
    found: dict[str, Any] = page.evaluate("({...watched, shows: null})")
    return {name: float(found[name]) for name in ("shown", "saved", "found", "longest")}


def _print(name: str, several: list[Figures]) -> None:
    of = {key: median(each[key] for each in several) for key in several[0]}
    print(f"{name:28}{of['shown']:8.0f}{of['saved']:8.0f}{of['found']:10.0f}{of['longest']:9.0f}", flush=True)


def _chromium() -> str:
    found = os.environ.get("WAYSTATION_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise BenchError("no Chromium: install one, or name it by WAYSTATION_CHROMIUM")
    return found


if __name__ == "__main__":
    typer.run(main)
