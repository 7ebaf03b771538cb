// The grid walked and changed by keys, mouse and touch.
window.gridKeys = (grid) => {
  const { home, table, cursor, writing, deeds } = grid;
  const { rows, cell, width, whereIs } = table;
  const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  const walk = (event) => {
    const { key, shiftKey: extend } = event, ctrl = event.ctrlKey || event.metaKey, at = cursor.at(), { go } = cursor;
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) return grid.locked ? null : deeds[key === "ArrowUp" ? "up" : "down"]();
    if (ways[key] && ctrl) return go(key === "ArrowUp" ? 0 : key === "ArrowDown" ? rows().length - 1 : at.r, key === "ArrowLeft" ? 0 : key === "ArrowRight" ? width() - 1 : at.c, { extend });
    if (ways[key]) return cursor.step(...ways[key], extend);
    if (key === "Home") return go(ctrl ? 0 : at.r, 0, { extend });
    if (key === "End") return go(ctrl ? rows().length - 1 : at.r, width() - 1, { extend });
    if (key === "PageUp" || key === "PageDown") return go(at.r + (key === "PageUp" ? -12 : 12), at.c, { extend });
    if (key === " " && extend) return cursor.goFrom({ r: cursor.anchor().r, c: 0 }, at.r, width() - 1);
    if (ctrl && key.toLowerCase() === "a") return cursor.goFrom({ r: 0, c: 0 }, rows().length - 1, width() - 1);
    if (key === "Escape") return go(at.r, at.c);
    return grid.locked ? undefined : change(event, ctrl);
  };
  const change = (event, ctrl) => {
    const { key } = event;
    if (key === "Enter" && ctrl) return deeds.add();
    if (ctrl && key.toLowerCase() === "d") return deeds.duplicate();
    if (ctrl && (key === "Delete" || key === "Backspace")) return deeds.delete();
    if (key === "Enter" || key === "F2") return writing.begin();
    if (key === "Delete" || key === "Backspace") return grid.clipboard.clear();
    if (!ctrl && !event.altKey && (key.length === 1 || key === "Process")) { writing.begin(""); }
    return undefined;
  };
  home.addEventListener("keydown", (event) => {
    if (writing.now()) { writing.press(event); return; }
    if (!whereIs(event.target)) return;
    const handled = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Escape", "Enter", "F2", "Delete", "Backspace"].includes(event.key)
      || (event.key === " " && event.shiftKey) || ((event.ctrlKey || event.metaKey) && "adAD".includes(event.key) && event.key.length === 1);
    if (handled) event.preventDefault();
    walk(event);  // a letter opens the field and lands in it
  });

  // Mouse and touch: press chooses, a second press on the same cell writes

  const isElsewhere = (found) => found.r !== cursor.at().r || found.c !== cursor.at().c;
  let drawing = false;
  home.addEventListener("pointerdown", (event) => {
    const found = whereIs(event.target);
    if (!found || event.button || event.target.closest(".grid-field, .grid-choices")) return;
    if (writing.now()) writing.end(true);
    if (event.pointerType === "mouse") event.preventDefault();
    const { r, c } = cursor.at(), again = !isElsewhere(found) && cell(r, c) === document.activeElement;
    drawing = event.pointerType === "mouse";
    if (again && !event.shiftKey) { drawing = false; writing.begin(); return; }
    cursor.go(found.r, found.c, { extend: event.shiftKey });
  });
  home.addEventListener("pointerover", (event) => {
    const found = drawing && event.buttons ? whereIs(event.target) : null;
    if (found && isElsewhere(found)) cursor.go(found.r, found.c, { extend: true });
  });
  addEventListener("pointerup", () => { drawing = false; });
  home.addEventListener("focusin", (event) => {
    const found = !writing.now() && whereIs(event.target);
    if (found && isElsewhere(found)) cursor.go(found.r, found.c, { focus: false });
    else if (found) cursor.tell();
  });
};
