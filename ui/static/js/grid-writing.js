// One cell of the grid being written, shown at once as it is written, and kept with the reason where it cannot be saved.
window.gridWriting = (grid) => {
  const { home, table } = grid;
  const { rows, head, cell, text, named, keyOf } = table;
  const unsaved = new Map();  // texts that could not be kept, by row and column, with the reason
  let editing = null;

  const placeOf = (key) => {  // the cell of a row and a column, where both are shown
    const [name, column] = JSON.parse(key);
    const row = [...rows()].find((each) => (each.dataset.id ?? null) === name);
    return row?.cells[[...table.heads()].findIndex((each) => each.dataset.column === column)];
  };
  const wordsOf = (here) => here.querySelector(".grid-id") ?? here;
  const remember = () => {  // texts that could not be kept stand where they were written
    for (const [key, { text: written, said }] of unsaved) {
      const here = placeOf(key);
      if (!here || text(here) === written) { unsaved.delete(key); continue; }
      here.classList.add("unsaved");
      here.setAttribute("aria-invalid", "true");
      Object.assign(here.dataset, { fault: said, typed: written });
      wordsOf(here).textContent = written;
    }
  };
  const show = (here, written) => {  // what was done is shown at once; the server's answer takes its place
    if (!here || "locked" in here.dataset) return;
    wordsOf(here).textContent = written;
    here.setAttribute("aria-busy", "true");
    here.closest("tr").dataset.stamp = "?";
  };
  const commit = (r, c, written) => {
    const here = cell(r, c), key = keyOf(r, c), stood = wordsOf(here).textContent;
    if (written === text(here) && !unsaved.has(key)) return;
    show(here, written);
    unsaved.delete(key);
    const row = named(r), { column } = head(c).dataset;
    const told = { row: rows()[r].dataset.id ?? row + 1, column: head(c).textContent.trim(), text: written };
    grid.edits.send({ typed: { row, column, text: written } }, ({ said, stays }) => {
      here.removeAttribute("aria-busy");
      if (!said && unsaved.delete(key)) restore(placeOf(key));  // it arrived when it was sent again
      if (said && stays) { unsaved.set(key, { text: written, said }); remember(); }
      if (said && !stays) { wordsOf(here).textContent = stood; grid.edits.wentBack(said, told); }
      grid.cursor.tell();
    });
  };

  const fieldFor = (here, c, given) => {
    const field = document.createElement("textarea");
    field.className = "grid-field";
    field.rows = 1;
    field.value = given ?? here.dataset.typed ?? text(here);
    field.setAttribute("aria-label", head(c).textContent.trim());
    field.setAttribute("aria-describedby", "grid-line");
    field.autocapitalize = "none"; field.spellcheck = false;
    return field;
  };
  const begin = (given) => {
    const { r, c } = grid.cursor.at(), here = cell(r, c);
    if (grid.locked || editing || !here || "locked" in here.dataset) return;
    const field = fieldFor(here, c, given), list = gridChoices(field, head(c), grid.address);
    editing = { field, r, c, list, here };
    here.classList.add("writing");
    here.append(field, list.box);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    list.look();
  };
  const end = (keep, { stay = true } = {}) => {  // `stay`: the cell takes the focus, else whoever calls says where it goes
    if (!editing) return;
    const { field, c, here, fresh } = editing, written = field.value.trim(), r = here.closest("tr").sectionRowIndex;
    editing = null;
    here.classList.remove("writing");
    field.nextElementSibling?.remove();
    field.remove();
    if (fresh) here.closest("tr").replaceWith(fresh);
    if (keep) commit(r, c, written);
    else if (unsaved.delete(keyOf(r, c))) restore(here);
    if (stay) grid.cursor.go(r, c);
    else grid.cursor.leave(r, c);
  };
  const isUnsaved = () => unsaved.size > 0 || (editing !== null && editing.field.value.trim() !== text(editing.here));
  const restore = (here) => {  // what is kept stands there again
    if (here) here.closest("tr").dataset.stamp = "?";
    grid.edits.refresh();
  };
  const press = (event) => {
    const { list, c } = editing, { cursor } = grid;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.open()) list.turn(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && list.chosen()) list.pick();
    else if (event.key === "Enter" && !event.altKey && !event.shiftKey) {
      const adds = event.ctrlKey || event.metaKey;
      end(true, { stay: adds });
      if (adds) grid.deeds.add(); else cursor.go(cursor.at().r + 1, c);
    }
    else if (event.key === "Tab") { if (list.chosen()) list.pick(); end(true, { stay: false }); cursor.step(0, event.shiftKey ? -1 : 1); }
    else if (event.key === "Escape" && list.open()) list.close();
    else if (event.key === "Escape") end(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  home.addEventListener("focusout", (event) => {
    if (!editing || event.target !== editing.field || home.contains(event.relatedTarget)) return;
    end(true, { stay: false });
    const { r, c } = grid.cursor.at();
    grid.cursor.go(r, c, { focus: false });  // no more than this row is chosen, wherever it stands by now
    event.relatedTarget?.focus();
  });
  return { begin, end, press, show, remember, isUnsaved, now: () => editing, forget: () => { editing = null; }, drop: (r, c) => unsaved.delete(keyOf(r, c)) };
};
