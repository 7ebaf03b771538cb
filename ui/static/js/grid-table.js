// The table of a ruleset as the page holds it: its rows and columns, and where a cell is. Each is asked for anew, since
// an answer of the server may bring the whole table.
window.gridTable = (home) => {
  const element = () => home.querySelector("table");
  const rows = () => element().tBodies[0].rows;
  const heads = () => element().tHead.rows[0].cells;
  const head = (c) => heads()[c];
  const width = () => heads().length;
  const cell = (r, c) => rows()[r]?.cells[Math.min(c, rows()[r].cells.length - 1)];
  const text = (at) => at?.dataset.text ?? "";
  const shows = (c) => getComputedStyle(head(c)).display !== "none";
  const first = () => Number(element().dataset.first);
  const named = (r) => rows()[r]?.dataset.id ?? first() - 1 + r;  // a row by its id, else by its number
  const keyOf = (r, c) => JSON.stringify([rows()[r].dataset.id ?? null, head(c).dataset.column]);
  const firstColumn = () => { for (let c = 1; c < width(); c += 1) if (shows(c)) return c; return 0; };
  const whereIs = (target) => {
    const found = target.closest?.("td, th"), row = found?.closest("tbody tr");
    return row && home.contains(row) ? { r: row.sectionRowIndex, c: found.cellIndex } : null;
  };
  const seen = () => ({ frame: element().dataset.frame, first: first(), stamps: [...rows()].map((row) => row.dataset.stamp) });
  const fold = () => {  // columns that nobody uses are folded away
    for (const part of ["and", "from", "to", "note"]) {
      const used = home.querySelector(`tbody .of-${part}[data-text], tbody .of-${part}[data-typed]`);
      home.toggleAttribute(`data-no-${part}`, !used);
    }
  };
  const blank = (row) => {  // an empty row like this one
    const made = row.cloneNode(true);
    delete made.dataset.id;
    made.dataset.stamp = "?";
    made.className = "";
    for (const each of made.cells) {
      for (const name of ["text", "fault", "typed"]) delete each.dataset[name];
      for (const name of ["aria-busy", "aria-invalid", "aria-selected", "aria-describedby"]) each.removeAttribute(name);
      each.classList.remove("chosen", "unsaved", "writing");
      each.tabIndex = -1;
      if (each.tagName === "TD") each.textContent = "";
    }
    made.querySelector(".grid-id").textContent = "…";
    made.querySelector(".marks").replaceChildren();
    return made;
  };
  return { element, rows, heads, head, width, cell, text, shows, first, named, keyOf, firstColumn, whereIs, seen, fold, blank };
};
