// What is done to whole rows of the grid, and the panels around it, by its buttons and their keys.
window.gridDeeds = (grid) => {
  const { home, table, cursor, edits } = grid;
  const { rows, head, cell, first, firstColumn } = table;

  const move = (by) => {
    if (!rows().length) return;
    const { top, bottom } = cursor.place(), to = first() - 1 + top + by, moved = cursor.chosen();
    if (to < 0 || (by > 0 && bottom + 1 >= rows().length)) return;
    if (by < 0) rows()[bottom].after(rows()[top - 1]);
    else rows()[top].before(rows()[bottom + 1]);
    const from = cursor.anchor(), { r, c } = cursor.at();
    cursor.goFrom({ r: from.r + by, c: from.c }, r + by, c);
    edits.send({ command: { command: "move_row", row: moved, to } }, (answer) => { if (answer.said) edits.refused(answer.said); });
  };
  const build = () => {  // the condition of the row, or of the cell that has the focus
    if (!rows().length) return;
    const { r, c } = cursor.at(), number = first() - 1 + r, isCell = head(c).dataset.part === "when";
    const pointer = isCell ? `/rows/${number}/when/${c - 1}` : `/rows/${number}/and`;
    const panel = document.getElementById("grid-condition");
    panel.hidden = false;
    panel.querySelector("[data-condition-of]").textContent = `${rows()[r].dataset.id ?? number + 1}${isCell ? ` · ${head(c).textContent.trim()}` : ""}`;
    htmx.ajax("GET", `/edit/ruleset/${grid.address.split("/")[2]}/condition?at=${encodeURIComponent(pointer)}`, { target: "#grid-condition-body", swap: "innerHTML" });
    panel.querySelector("h2").focus();
    panel.scrollIntoView({ block: "nearest" });
  };
  const deeds = {
    add: () => {
      const { bottom } = cursor.place(), r = rows().length ? bottom + 1 : 0;
      const made = r && !("locked" in cell(r - 1, 1).dataset) ? table.blank(rows()[r - 1]) : null;
      if (made) { rows()[r - 1].after(made); cursor.go(r, firstColumn()); }
      edits.send({ command: { command: "insert_row", index: first() - 1 + r } }, (answer) => {
        if (answer.said) { made?.remove(); edits.refused(answer.said); } else if (!made) cursor.go(r, firstColumn());
      });
    },
    duplicate: () => {
      if (!rows().length) return;
      const { bottom } = cursor.place();
      edits.send({ command: { command: "duplicate_row", row: cursor.chosen() } }, (answer) => (answer.said ? edits.complain(answer.said) : cursor.go(bottom + 1, cursor.at().c)));
    },
    delete: () => rows().length && edits.send({ command: { command: "delete_row", row: cursor.chosen() } }),
    up: () => move(-1),
    down: () => move(1),
    edit: () => rows().length && grid.writing.begin(),
    condition: () => unsaved.leave(build),
    close: () => unsaved.leave(() => {
      document.getElementById("grid-condition").hidden = true;
      document.getElementById("grid-condition-body").replaceChildren();
      const { r, c } = cursor.at();
      cursor.go(r, c);
    }),
    columns: () => {
      const all = home.toggleAttribute("data-all");
      for (const each of document.querySelectorAll('[data-deed="columns"]')) each.setAttribute("aria-pressed", String(all));
    },
  };
  document.addEventListener("click", (event) => {
    const deed = event.target.closest("[data-deed]")?.dataset.deed;
    if (!deed || (grid.locked && !["columns", "condition", "close"].includes(deed))) return;
    if (grid.writing.now()) grid.writing.end(true);
    deeds[deed]?.();
  });
  return deeds;
};
