// What comes back of an edit: only rows that are not shown yet, and the order of all.
window.gridAnswers = (grid) => {
  const { home, table } = grid;
  const { element, rows } = table;

  const take = (answer) => {
    const had = home.contains(document.activeElement) && !grid.writing.now();
    const { r, c } = grid.cursor.at(), name = rows()[r]?.dataset.id;
    home.dataset.revision = answer.revision;
    if (home.dataset.terms !== answer.terms) document.body.dispatchEvent(new CustomEvent("terms-changed"));
    home.dataset.terms = answer.terms;
    if (answer.whole) { grid.writing.forget(); home.innerHTML = answer.html; }
    else reorder(answer);
    element().setAttribute("aria-rowcount", answer.count + 1);
    element().dataset.count = answer.count;
    for (const each of document.querySelectorAll("[data-rows]")) each.textContent = answer.told;
    for (const each of document.querySelectorAll("[data-none]")) each.hidden = answer.count > 0;
    const found = name ? [...rows()].findIndex((row) => row.dataset.id === name) : -1;
    grid.writing.remember();
    table.fold();
    grid.marks.draw();
    grid.cursor.go(found < 0 ? r : found, c, { focus: had });
  };
  const fromHtml = (html) => {
    const made = document.createElement("template");
    made.innerHTML = `<table><tbody>${html}</tbody></table>`;
    return new Map([...made.content.querySelectorAll("tr")].map((row) => [row.dataset.stamp, row]));
  };
  const reorder = (answer) => {
    const body = element().tBodies[0], wanted = new Set(answer.order), known = fromHtml(answer.html);
    const writing = grid.writing.now(), held = writing?.here.closest("tr");  // one writes on where one is: what has changed there is put in its place after
    if (held && !wanted.has(held.dataset.stamp)) {
      const number = held.sectionRowIndex;
      const stamp = answer.order.find((each, i) => known.has(each) && (held.dataset.id ? known.get(each).dataset.id === held.dataset.id : i === number));
      if (stamp) { writing.fresh = known.get(stamp); known.set(stamp, held); }
    }
    for (const row of [...body.rows]) {
      if (wanted.has(row.dataset.stamp)) known.set(row.dataset.stamp, row);
      else if (row !== held || !writing.fresh) row.remove();
    }
    if (held && !held.isConnected) grid.writing.forget();
    let next = body.firstElementChild;
    for (const stamp of answer.order) {
      const row = known.get(stamp);
      if (row === next) next = next.nextElementSibling;
      else if (row) body.insertBefore(row, next);
    }
  };
  return { take };
};
