// Marks on the rows of the grid: what is found, what tests visit, what a try matched; told by the parts of the page around.
window.gridMarks = (grid) => {
  const { element, rows } = grid.table;
  const notes = new Map();
  const draw = () => {
    notes.clear();
    for (const source of document.querySelectorAll("[data-marks]")) {
      for (const [name, told] of Object.entries(JSON.parse(source.dataset.marks))) notes.set(name, [...(notes.get(name) ?? []), ...told]);
    }
    for (const row of [...rows(), ...element().querySelectorAll("th[data-place]")]) {
      const found = notes.get(row.dataset.id ?? row.dataset.place) ?? [], spot = row.querySelector(".marks");
      const kinds = [...new Set(found.map((note) => note.kind))];
      if (row.dataset.kinds === kinds.join(" ")) continue;
      row.dataset.kinds = kinds.join(" ");
      spot?.replaceChildren(...kinds.flatMap((kind) => [...(document.getElementById(`mark-${kind}`)?.content.cloneNode(true).childNodes ?? [])]));
      row.classList.toggle("hit", kinds.includes("hit"));
      row.classList.toggle("open", kinds.includes("undecided"));
    }
    grid.cursor.tell();
  };
  let opened = [];  // what the reader has opened stays open when its part of the page is brought anew
  document.addEventListener("htmx:before:swap", () => { opened = [...document.querySelectorAll("details[open][id]")].map((each) => each.id); });
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });
  document.addEventListener("htmx:after:swap", draw);
  return { draw, of: (name) => notes.get(name) ?? [] };
};
