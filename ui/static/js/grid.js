// The grid of a ruleset: walked and edited by keys or mouse, copied to and from spreadsheets, kept up to date row by row.
// Each part is a script of its own; it names the parts that it uses by `grid`.
(() => {
  const home = document.querySelector("[data-grid]");
  if (!home) { gridMendsAlone(); return; }
  const grid = { home, address: home.dataset.grid, locked: "locked" in home.dataset, table: gridTable(home) };
  grid.cursor = gridCursor(grid);
  grid.marks = gridMarks(grid);
  grid.answers = gridAnswers(grid);
  grid.edits = gridEdits(grid);
  grid.writing = gridWriting(grid);
  grid.deeds = gridDeeds(grid);
  grid.clipboard = gridClipboard(grid);
  gridKeys(grid);
  gridMends(grid);
  gridLeaving(grid);
  grid.table.fold();
  grid.marks.draw();
  grid.cursor.begin();
})();
