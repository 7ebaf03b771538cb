// The values to choose from while a cell of the grid is written: its own, or things that a reference may name.
window.gridChoices = (field, column, address) => {
  const box = document.createElement("ul");
  box.className = "grid-choices";
  box.id = "grid-choices";
  box.setAttribute("role", "listbox");
  box.hidden = true;
  const own = JSON.parse(column.dataset.choices ?? "null"), asked = column.dataset.refers || column.dataset.part === "then" || column.dataset.part === "when";
  if (own || asked) {
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", box.id);
    field.setAttribute("aria-expanded", "false");
  }
  let now = -1, turn = 0;
  const part = () => {  // the word that the caret stands in
    const before = field.value.slice(0, field.selectionStart);
    const from = Math.max(before.lastIndexOf(",") + 1, before.lastIndexOf("\uff0c") + 1, before.startsWith("not ") ? 4 : 0);
    return { from: from + (before.slice(from).length - before.slice(from).trimStart().length), word: before.slice(from).trim() };
  };
  const choose = (n) => {
    now = n;
    [...box.children].forEach((each, i) => each.setAttribute("aria-selected", String(i === n)));
    if (n < 0) field.removeAttribute("aria-activedescendant");
    else { field.setAttribute("aria-activedescendant", box.children[n].id); box.children[n].scrollIntoView({ block: "nearest" }); }
  };
  const offer = (values) => {
    box.replaceChildren(...values.map((value, i) => {
      const made = document.createElement("li");
      made.id = `grid-choice-${i}`;
      made.setAttribute("role", "option");
      made.setAttribute("aria-selected", "false");
      made.dataset.value = value.value;
      made.append(value.value);
      if (value.title && value.title !== value.value) { const more = document.createElement("small"); more.textContent = value.title; made.append(more); }
      return made;
    }));
    box.hidden = !values.length;
    field.setAttribute("aria-expanded", String(!box.hidden));
    choose(-1);
  };
  const look = async () => {
    const mine = (turn += 1), { word } = part(), low = word.toLowerCase();
    if (own) { offer(own.filter((value) => value.toLowerCase().includes(low) && value !== word).slice(0, 12).map((value) => ({ value }))); return; }
    if (!column.dataset.refers) { offer([]); return; }
    choose(-1);  // what was walked to is not what is written now
    await new Promise((done) => { setTimeout(done, 120); });
    if (mine !== turn || !field.isConnected) return;
    const answer = await fetch(`${address}/values?refers=${encodeURIComponent(column.dataset.refers)}&q=${encodeURIComponent(word)}`);
    if (mine === turn && answer.ok && field.isConnected) offer((await answer.json()).values.filter((each) => each.value !== word));
  };
  const pick = (n = now) => {
    const found = box.children[n];
    if (!found) return false;
    const { from } = part(), rest = field.value.slice(field.selectionStart);
    field.value = field.value.slice(0, from) + found.dataset.value + rest;
    const caret = from + found.dataset.value.length;
    field.setSelectionRange(caret, caret);
    offer([]);
    return true;
  };
  field.addEventListener("input", look);
  box.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const found = event.target.closest("li");
    if (found) pick([...box.children].indexOf(found));
  });
  return { box, look, pick, close: () => offer([]), open: () => !box.hidden, turn: (by) => choose((now + by + box.children.length) % box.children.length), chosen: () => now >= 0 };
};
