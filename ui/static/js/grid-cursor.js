// Where one is in the grid: the cell that has the focus, the block that is chosen, and the line that tells of them.
window.gridCursor = (grid) => {
  const { element, rows, head, width, cell, text, shows, first, named } = grid.table;
  let at = { r: 0, c: 0 }, anchor = at, marked = [];
  const clamp = (n, most) => Math.max(0, Math.min(n, most));

  const place = () => {
    const [top, bottom] = [at.r, anchor.r].sort((a, b) => a - b), [left, right] = [at.c, anchor.c].sort((a, b) => a - b);
    return { top, bottom, left, right };
  };
  const chosen = () => {  // the rows of the block
    const { top, bottom } = place(), found = [];
    for (let r = top; r <= bottom; r += 1) found.push(named(r));
    return found;
  };
  const paint = () => {
    for (const each of marked) { each.removeAttribute("aria-selected"); each.classList.remove("chosen"); }
    marked = [];
    const { top, bottom, left, right } = place();
    for (let r = top; r <= bottom; r += 1) for (let c = left; c <= right; c += 1) {
      const each = cell(r, c);
      if (!each) continue;
      each.setAttribute("aria-selected", "true");
      if (top !== bottom || left !== right) each.classList.add("chosen");
      marked.push(each);
    }
  };
  const line = (name) => document.querySelector(`[data-line="${name}"]`);
  const tell = () => {  // the line above the table: the column, what is written here, how one writes here, what is wrong
    const here = cell(at.r, at.c), column = head(at.c);
    if (!here || !column) return;
    line("column").textContent = column.textContent.trim();
    line("row").textContent = rows()[at.r].dataset.id ?? "";
    line("text").textContent = text(here);
    line("hint").textContent = column.dataset.hint;
    const notes = [...grid.marks.of(rows()[at.r].dataset.id), ...grid.marks.of(column.dataset.place)];
    const wrong = [here.dataset.fault, ...notes.map((note) => note.said)].filter(Boolean);
    line("fault").hidden = !wrong.length;
    line("fault").textContent = wrong.join(" ");
  };
  const go = (r, c, { extend = false, focus = true } = {}) => {
    if (!rows().length) return;
    const before = element().querySelector('tbody [tabindex="0"]');
    at = { r: clamp(r, rows().length - 1), c: clamp(c, width() - 1) };
    if (!extend) anchor = at;
    before?.setAttribute("tabindex", "-1");
    const here = cell(at.r, at.c);
    here.tabIndex = 0;
    here.setAttribute("aria-describedby", "grid-line");
    before !== here && before?.removeAttribute("aria-describedby");
    paint();
    tell();
    if (focus) here.focus();
  };
  const goFrom = (from, r, c) => { anchor = from; go(r, c, { extend: true }); };  // a block from one corner to another
  const step = (dr, dc, extend) => {
    let c = at.c + dc;
    while (dc && c >= 0 && c < width() && !shows(c)) c += dc;
    go(at.r + dr, c < 0 || c >= width() ? at.c : c, { extend });
  };
  const arrive = (hash) => {  // at a row by its id, or at a cell by its place in the document
    const name = hash.match(/^#row-(.+)$/)?.[1], [, n, part, which] = hash.match(/^#f:\/rows\/(\d+)(?:\/(\w+)(?:\/([^/]+))?)?/) ?? [];
    const r = name ? [...rows()].findIndex((row) => row.dataset.id === decodeURIComponent(name)) : Number(n) - first() + 1;
    if (!rows()[r]) return false;
    const names = [...element().querySelectorAll("th[data-column]")].map((one) => one.dataset.column), whens = names.filter((one) => one.startsWith("when:"));
    const column = { when: whens[Number(which)], then: `then:${which}`, valid: which }[part] ?? part;
    const c = Math.max(0, names.indexOf(column));
    if (!shows(c)) grid.home.removeAttribute(`data-no-${column}`);
    go(r, c);
    cell(r, c).scrollIntoView({ block: "center" });
    return true;
  };
  const begin = () => {
    if (!rows().length) return;
    cell(0, 0).tabIndex = 0;
    arrive(location.hash);
  };
  return { place, chosen, tell, go, goFrom, step, arrive, begin, at: () => at, anchor: () => anchor, leave: (r, c) => { at = { r, c }; } };
};
