// Blocks of the grid to and from spreadsheets, as texts between tabs and line ends, and emptied.
// What is folded away is neither taken along nor written to: nobody uses it, and spreadsheets have no place for it.
window.gridClipboard = (grid) => {
  const { table, cursor, edits, writing } = grid;
  const { rows, head, cell, text, width, shows, named } = table;

  const block = () => {
    const { top, bottom, left, right } = cursor.place(), found = [];
    for (let r = top; r <= bottom; r += 1) {
      const texts = [];
      for (let c = left; c <= right; c += 1) texts.push(text(cell(r, c)));
      found.push(texts);
    }
    return found;
  };
  const clear = () => {
    const { top, left } = cursor.place(), texts = block().map((line) => line.map(() => ""));
    for (let r = 0; r < texts.length; r += 1) for (let c = 0; c < texts[r].length; c += 1) writing.drop(top + r, left + c);
    edits.send({ command: { command: "paste", row: named(top), column: head(left).dataset.column, cells: texts } });
  };
  const inSight = (lines) => lines.map((line) => line.filter((_, i) => shows(cursor.place().left + i)));
  const spread = (lines, left) => lines.map((line) => {
    const found = [];
    for (let c = left, i = 0; i < line.length; c += 1) found.push(c < width() && !shows(c) ? "" : line[i++]);
    return found;
  });
  const filled = (given, { top, bottom, left, right }) =>  // one text goes into every cell of the block
    Array.from({ length: bottom - top + 1 }, () => Array.from({ length: right - left + 1 }, (_, i) => (shows(left + i) ? given : "")));
  const paste = (given) => {
    const place = cursor.place(), { top, left } = place, isOne = given.length === 1 && given[0].length === 1;
    const cells = isOne ? filled(given[0][0], place) : spread(given, left), row = rows().length ? named(top) : null;
    cells.forEach((one, i) => one.forEach((written, j) => { if (left + j < width()) writing.show(cell(top + i, left + j), written); }));
    edits.send({ command: { command: "paste", row, column: head(left).dataset.column, cells } }, (answer) => {
      if (answer.said) { edits.refused(answer.said); return; }
      if (writing.now()) return;
      cursor.goFrom({ r: top, c: left }, top + cells.length - 1, left + Math.max(...cells.map((one) => one.length)) - 1);
    });
  };

  const ours = () => !writing.now() && table.whereIs(document.activeElement ?? grid.home);
  const copy = (event) => {
    event.preventDefault();
    event.clipboardData.setData("text/plain", gridSheet.write(inSight(block())));
  };
  document.addEventListener("copy", (event) => { if (ours()) copy(event); });
  document.addEventListener("cut", (event) => {
    if (!ours() || grid.locked) return;
    copy(event);
    clear();
  });
  document.addEventListener("paste", (event) => {
    if (!ours() || grid.locked) return;
    event.preventDefault();
    paste(gridSheet.read(event.clipboardData.getData("text/plain")));
  });
  return { clear };
};
