// The grid of a ruleset: walked and edited by keys or mouse, copied to and from spreadsheets, kept up to date row by row.
(() => {
  const home = document.querySelector("[data-grid]");
  if (!home) {  // columns that cannot be read: mends and settings still work, and the page is asked for anew
    const carryOut = async (commands, base) => {
      for (const command of commands) {
        const answer = await sending.post(`/edit/ruleset/${location.pathname.split("/")[2]}/commands`, new URLSearchParams({ command: JSON.stringify(command), base }));
        if (!answer) { sending.unsent(() => carryOut(commands.slice(commands.indexOf(command)), base)); return; }
        if (!answer.ok) { sending.say(await answer.text()); return; }
      }
      location.reload();
    };
    document.addEventListener("click", (event) => {
      const deed = event.target.closest("[data-command]");
      if (deed) carryOut(JSON.parse(deed.dataset.command), deed.dataset.base);
    });
    return;
  }
  const address = home.dataset.grid, locked = "locked" in home.dataset;
  const table = () => home.querySelector("table");
  const rows = () => table().tBodies[0].rows;
  const head = (c) => table().tHead.rows[0].cells[c];
  const width = () => table().tHead.rows[0].cells.length;
  const cell = (r, c) => rows()[r]?.cells[Math.min(c, rows()[r].cells.length - 1)];
  const text = (at) => at?.dataset.text ?? "";
  const shows = (c) => getComputedStyle(head(c)).display !== "none";
  const clamp = (n, most) => Math.max(0, Math.min(n, most));
  const named = (r) => rows()[r]?.dataset.id ?? first() - 1 + r;  // a row by its id, else by its number
  const first = () => Number(table().dataset.first);

  let at = { r: 0, c: 0 }, anchor = at, marked = [], editing = null;
  const unsaved = new Map();  // texts that could not be kept, by row and column, with the reason

  // Where one is

  const place = () => {
    const [top, bottom] = [at.r, anchor.r].sort((a, b) => a - b), [left, right] = [at.c, anchor.c].sort((a, b) => a - b);
    return { top, bottom, left, right };
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
    const wrong = [here.dataset.fault, ...(notes.get(rows()[at.r].dataset.id) ?? []).map((note) => note.said), ...(notes.get(column.dataset.place) ?? []).map((note) => note.said)].filter(Boolean);
    line("fault").hidden = !wrong.length;
    line("fault").textContent = wrong.join(" ");
  };
  const go = (r, c, { extend = false, focus = true } = {}) => {
    if (!rows().length) return;
    const before = table().querySelector('tbody [tabindex="0"]');
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
  const step = (dr, dc, extend) => {
    let c = at.c + dc;
    while (dc && c >= 0 && c < width() && !shows(c)) c += dc;
    go(at.r + dr, c < 0 || c >= width() ? at.c : c, { extend });
  };
  const whereIs = (target) => {
    const found = target.closest?.("td, th"), row = found?.closest("tbody tr");
    return row && home.contains(row) ? { r: row.sectionRowIndex, c: found.cellIndex } : null;
  };

  // To the server, one edit after the other

  let queue = Promise.resolve(), waiting = 0, behind = false;
  const frame = () => table().dataset.frame;
  const seen = () => ({ frame: frame(), first: first(), stamps: [...rows()].map((row) => row.dataset.stamp) });
  const post = async (path, body) => {
    const answer = await sending.post(`${address}/${path}`, JSON.stringify(body), { "Content-Type": "application/json" });
    if (!answer) return { status: 0 };
    if (answer.headers.get("Content-Type")?.startsWith("text/html")) return { status: answer.status, notice: await answer.text() };
    return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
  };
  const notice = document.getElementById("edit-notice");
  const tidy = () => { for (const each of [...notice.children]) if (!("unsent" in each.dataset)) each.remove(); };
  const complain = (said) => {
    if (said === home.dataset.lost) return;  // the notice with which it is sent again tells it
    const made = document.createElement("p");
    made.className = "notice notice-bad";
    made.setAttribute("role", "alert");
    made.textContent = said;
    tidy();
    notice.prepend(made);
  };
  const busy = (is) => home.toggleAttribute("data-busy", is);
  const send = (edit, then) => {
    const meant = { base: Number(home.dataset.revision), ...edit };  // of what its author sees now, however late it is sent
    waiting += 1;
    queue = queue.then(async () => {
      busy(true);
      try {
        const answer = await post("send", { seen: seen(), ...meant });
        if (answer.status === 200) {
          tidy();
          if (waiting > 1) behind = true;  // the answer to the last one brings all
          else take(answer);
          then?.(answer);
          document.body.dispatchEvent(new CustomEvent("draft-changed", { bubbles: true, detail: { revision: answer.revision } }));
        } else if (answer.notice) {  // somebody else was quicker: both values, and both ways on
          notice.insertAdjacentHTML("afterbegin", answer.notice);
          htmx.process(notice);
          then?.({ said: notice.querySelector("strong")?.textContent ?? home.dataset.lost });
        } else if (answer.said ?? answer.detail) {
          const said = answer.said ?? answer.detail;
          then ? then({ said }) : complain(said);
        } else {
          then?.({ said: home.dataset.lost });
          sending.unsent(() => send(meant, then));
        }
      } finally {
        busy(false);
        waiting -= 1;
        if (!waiting && behind) refresh();
      }
    }).catch(console.error);
    return queue;
  };
  const refresh = () => {
    queue = queue.then(async () => {
      if (waiting) return;  // the answer to an edit brings the same
      const answer = await post("sync", seen());
      if (answer.status === 200) take(answer);
    });
  };

  // What comes back: only rows that are not shown yet, and the order of all

  const take = (answer) => {
    const had = home.contains(document.activeElement) && !editing;
    const name = rows()[at.r]?.dataset.id, column = at.c;
    home.dataset.revision = answer.revision;
    behind = false;
    if (home.dataset.terms !== answer.terms) document.body.dispatchEvent(new CustomEvent("terms-changed"));
    home.dataset.terms = answer.terms;
    if (answer.whole) { editing = null; home.innerHTML = answer.html; }
    else reorder(answer);
    table().setAttribute("aria-rowcount", answer.count + 1);
    table().dataset.count = answer.count;
    for (const each of document.querySelectorAll("[data-rows]")) each.textContent = answer.told;
    for (const each of document.querySelectorAll("[data-none]")) each.hidden = answer.count > 0;
    const found = name ? [...rows()].findIndex((row) => row.dataset.id === name) : -1;
    remember();
    columns();
    marks();
    go(found < 0 ? at.r : found, column, { focus: had });
  };
  const reorder = (answer) => {
    const body = table().tBodies[0], made = document.createElement("template");
    made.innerHTML = `<table><tbody>${answer.html}</tbody></table>`;
    const wanted = new Set(answer.order), known = new Map();
    const held = editing?.here.closest("tr");  // one writes on where one is: what has changed there is put in its place after
    for (const row of [...made.content.querySelectorAll("tr")]) known.set(row.dataset.stamp, row);
    if (held && !wanted.has(held.dataset.stamp)) {
      const number = held.sectionRowIndex;
      const stamp = answer.order.find((each, i) => known.has(each) && (held.dataset.id ? known.get(each).dataset.id === held.dataset.id : i === number));
      if (stamp) { editing.fresh = known.get(stamp); known.set(stamp, held); }
    }
    for (const row of [...body.rows]) {
      if (wanted.has(row.dataset.stamp)) known.set(row.dataset.stamp, row);
      else if (row !== held || !editing.fresh) row.remove();
    }
    if (held && !held.isConnected) editing = null;
    let next = body.firstElementChild;
    for (const stamp of answer.order) {
      const row = known.get(stamp);
      if (row === next) next = next.nextElementSibling;
      else if (row) body.insertBefore(row, next);
    }
  };
  const remember = () => {  // texts that could not be kept stand where they were written
    for (const [key, { text: written, said }] of unsaved) {
      const [name, column] = JSON.parse(key);
      const row = [...rows()].find((each) => (each.dataset.id ?? null) === name);
      const c = [...table().tHead.rows[0].cells].findIndex((each) => each.dataset.column === column);
      if (!row || c < 0) { unsaved.delete(key); continue; }
      const here = row.cells[c];
      if (text(here) === written) { unsaved.delete(key); continue; }
      here.classList.add("unsaved");
      here.setAttribute("aria-invalid", "true");
      Object.assign(here.dataset, { fault: said, typed: written });
      (here.querySelector(".grid-id") ?? here).textContent = written;
    }
  };

  // Edits of cells and rows

  // What was done is shown at once; the server's answer takes its place, and where it refuses, what is kept.
  const show = (here, written) => {
    if (!here || "locked" in here.dataset) return;
    if (!here.querySelector(".grid-id")) here.textContent = written;
    here.closest("tr").dataset.stamp = "?";
  };
  const refused = (said) => { complain(said); refresh(); };
  const blank = (row) => {
    const made = row.cloneNode(true);
    delete made.dataset.id;
    made.dataset.stamp = "?";
    made.className = "";
    for (const each of made.cells) {
      for (const name of ["text", "fault", "typed"]) delete each.dataset[name];
      for (const name of ["aria-invalid", "aria-selected", "aria-describedby"]) each.removeAttribute(name);
      each.classList.remove("chosen", "unsaved", "writing");
      each.tabIndex = -1;
      if (each.tagName === "TD") each.textContent = "";
    }
    made.querySelector(".grid-id").textContent = "…";
    made.querySelector(".marks").replaceChildren();
    return made;
  };

  const commit = (r, c, written) => {
    const here = cell(r, c), column = head(c).dataset.column, row = rows()[r].dataset.id;
    const key = JSON.stringify([row ?? null, column]);
    if (written === text(here) && !unsaved.has(key)) return;
    show(here, written);
    unsaved.delete(key);
    send({ typed: { row: named(r), column, text: written } }, (answer) => {
      if (answer.said) { unsaved.set(key, { text: written, said: answer.said }); remember(); tell(); }
    });
  };
  const block = () => {
    const { top, bottom, left, right } = place();
    const found = [];
    for (let r = top; r <= bottom; r += 1) {
      const texts = [];
      for (let c = left; c <= right; c += 1) texts.push(text(cell(r, c)));
      found.push(texts);
    }
    return found;
  };
  const clear = () => {
    const { top, left } = place();
    const texts = block().map((line) => line.map(() => ""));
    for (let r = 0; r < texts.length; r += 1) for (let c = 0; c < texts[r].length; c += 1) {
      unsaved.delete(JSON.stringify([rows()[top + r].dataset.id ?? null, head(left + c).dataset.column]));
    }
    send({ command: { command: "paste", row: named(top), column: head(left).dataset.column, cells: texts } });
  };
  const chosen = () => {
    const { top, bottom } = place(), found = [];
    for (let r = top; r <= bottom; r += 1) found.push(named(r));
    return found;
  };
  const focusRow = (r, c) => () => go(r, c);
  const deeds = {
    add: () => {
      const { bottom } = place(), r = rows().length ? bottom + 1 : 0;
      const made = r && !("locked" in cell(r - 1, 1).dataset) ? blank(rows()[r - 1]) : null;
      if (made) { rows()[r - 1].after(made); go(r, firstColumn()); }
      send({ command: { command: "insert_row", index: first() - 1 + r } }, (answer) => {
        if (answer.said) { made?.remove(); refused(answer.said); } else if (!made) go(r, firstColumn());
      });
    },
    duplicate: () => {
      if (!rows().length) return;
      const { bottom } = place();
      send({ command: { command: "duplicate_row", row: chosen() } }, (answer) => (answer.said ? complain(answer.said) : focusRow(bottom + 1, at.c)()));
    },
    delete: () => rows().length && send({ command: { command: "delete_row", row: chosen() } }),
    up: () => move(-1),
    down: () => move(1),
    edit: () => rows().length && begin(),
    condition: () => {  // of the row, or of the cell that has the focus
      if (!rows().length) return;
      const part = head(at.c).dataset.part, number = first() - 1 + at.r;
      const place = part === "when" ? `/rows/${number}/when/${at.c - 1}` : `/rows/${number}/and`;
      const panel = document.getElementById("grid-condition");
      panel.hidden = false;
      panel.querySelector("[data-condition-of]").textContent = `${rows()[at.r].dataset.id ?? number + 1}${part === "when" ? ` · ${head(at.c).textContent.trim()}` : ""}`;
      htmx.ajax("GET", `/edit/ruleset/${address.split("/")[2]}/condition?at=${encodeURIComponent(place)}`, { target: "#grid-condition-body", swap: "innerHTML" });
      panel.querySelector("h2").focus();
      panel.scrollIntoView({ block: "nearest" });
    },
    close: () => {
      document.getElementById("grid-condition").hidden = true;
      document.getElementById("grid-condition-body").replaceChildren();
      go(at.r, at.c);
    },
    columns: () => {
      const all = home.toggleAttribute("data-all");
      for (const each of document.querySelectorAll('[data-deed="columns"]')) each.setAttribute("aria-pressed", String(all));
    },
  };
  const firstColumn = () => { for (let c = 1; c < width(); c += 1) if (shows(c)) return c; return 0; };
  const move = (by) => {
    if (!rows().length) return;
    const { top } = place(), to = first() - 1 + top + by;
    if (to < 0 || (by > 0 && place().bottom + 1 >= rows().length)) return;
    const { bottom } = place(), moved = chosen();
    if (by < 0) rows()[bottom].after(rows()[top - 1]);
    else rows()[top].before(rows()[bottom + 1]);
    anchor = { r: anchor.r + by, c: anchor.c };
    go(at.r + by, at.c, { extend: true });
    send({ command: { command: "move_row", row: moved, to } }, (answer) => { if (answer.said) refused(answer.said); });
  };

  // One cell being written

  const begin = (with_) => {
    const here = cell(at.r, at.c);
    if (locked || editing || !here || "locked" in here.dataset) return;
    const field = document.createElement("textarea"), { r, c } = at;
    field.className = "grid-field";
    field.rows = 1;
    field.value = with_ ?? here.dataset.typed ?? text(here);
    field.setAttribute("aria-label", head(c).textContent.trim());
    field.setAttribute("aria-describedby", "grid-line");
    field.autocapitalize = "none"; field.spellcheck = false;
    const list = gridChoices(field, head(c), address);
    editing = { field, r, c, list, here };
    here.classList.add("writing");
    here.append(field, list.box);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    list.look();
  };
  const end = (keep) => {
    if (!editing) return;
    const { field, c, here, fresh } = editing, written = field.value.trim(), r = here.closest("tr").sectionRowIndex;
    editing = null;
    here.classList.remove("writing");
    field.nextElementSibling?.remove();
    field.remove();
    if (fresh) here.closest("tr").replaceWith(fresh);
    if (keep) commit(r, c, written);
    else if (unsaved.delete(JSON.stringify([rows()[r].dataset.id ?? null, head(c).dataset.column])) ) restore(here);
    go(r, c);
  };
  const restore = (here) => {  // what is kept stands there again
    here.closest("tr").dataset.stamp = "?";
    refresh();
  };

  const whileWriting = (event) => {
    const { list, c } = editing;
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.open()) list.turn(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && list.chosen()) list.pick();
    else if (event.key === "Enter" && !event.altKey && !event.shiftKey) { end(true); if (event.ctrlKey || event.metaKey) deeds.add(); else go(at.r + 1, c); }
    else if (event.key === "Tab") { if (list.chosen()) list.pick(); end(true); step(0, event.shiftKey ? -1 : 1); }
    else if (event.key === "Escape" && list.open()) list.close();
    else if (event.key === "Escape") end(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // Keys

  const wholeRows = () => { anchor = { r: anchor.r, c: 0 }; go(at.r, width() - 1, { extend: true }); };
  const walk = (event) => {
    const { key, shiftKey: extend } = event, ctrl = event.ctrlKey || event.metaKey;
    const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.altKey && (key === "ArrowUp" || key === "ArrowDown")) return locked ? null : move(key === "ArrowUp" ? -1 : 1);
    if (ways[key] && ctrl) return go(key === "ArrowUp" ? 0 : key === "ArrowDown" ? rows().length - 1 : at.r, key === "ArrowLeft" ? 0 : key === "ArrowRight" ? width() - 1 : at.c, { extend });
    if (ways[key]) return step(...ways[key], extend);
    if (key === "Home") return go(ctrl ? 0 : at.r, 0, { extend });
    if (key === "End") return go(ctrl ? rows().length - 1 : at.r, width() - 1, { extend });
    if (key === "PageUp" || key === "PageDown") return go(at.r + (key === "PageUp" ? -12 : 12), at.c, { extend });
    if (key === " " && extend) return wholeRows();
    if (ctrl && key.toLowerCase() === "a") { anchor = { r: 0, c: 0 }; return go(rows().length - 1, width() - 1, { extend: true }); }
    if (key === "Escape") return go(at.r, at.c);
    return locked ? undefined : change(event, ctrl);
  };
  const change = (event, ctrl) => {
    const { key } = event;
    if (key === "Enter" && ctrl) return deeds.add();
    if (ctrl && key.toLowerCase() === "d") return deeds.duplicate();
    if (ctrl && (key === "Delete" || key === "Backspace")) return deeds.delete();
    if (key === "Enter" || key === "F2") return begin();
    if (key === "Delete" || key === "Backspace") return clear();
    if (!ctrl && !event.altKey && (key.length === 1 || key === "Process")) { begin(""); }
    return undefined;
  };
  home.addEventListener("keydown", (event) => {
    if (editing) { whileWriting(event); return; }
    if (!whereIs(event.target)) return;
    const handled = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Escape", "Enter", "F2", "Delete", "Backspace"].includes(event.key)
      || (event.key === " " && event.shiftKey) || ((event.ctrlKey || event.metaKey) && "adAD".includes(event.key) && event.key.length === 1);
    if (handled) event.preventDefault();
    walk(event);  // a letter opens the field and lands in it
  });

  // Mouse and touch: press chooses, a second press on the same cell writes

  let drawing = false;
  home.addEventListener("pointerdown", (event) => {
    const found = whereIs(event.target);
    if (!found || event.button || event.target.closest(".grid-field, .grid-choices")) return;
    if (editing) end(true);
    if (event.pointerType === "mouse") event.preventDefault();
    const again = found.r === at.r && found.c === at.c && cell(at.r, at.c) === document.activeElement;
    drawing = event.pointerType === "mouse";
    if (again && !event.shiftKey) { drawing = false; begin(); return; }
    go(found.r, found.c, { extend: event.shiftKey });
  });
  home.addEventListener("pointerover", (event) => {
    const found = drawing && event.buttons ? whereIs(event.target) : null;
    if (found && (found.r !== at.r || found.c !== at.c)) go(found.r, found.c, { extend: true });
  });
  addEventListener("pointerup", () => { drawing = false; });
  home.addEventListener("focusin", (event) => {
    const found = !editing && whereIs(event.target);
    if (found && (found.r !== at.r || found.c !== at.c)) go(found.r, found.c, { focus: false });
    else if (found) tell();
  });
  home.addEventListener("focusout", (event) => {
    if (editing && event.target === editing.field && !home.contains(event.relatedTarget)) { const { r, c } = editing; end(true); at = { r, c }; event.relatedTarget?.focus(); }
  });
  document.addEventListener("click", (event) => {
    const deed = event.target.closest("[data-deed]")?.dataset.deed;
    if (deed && (["columns", "condition", "close"].includes(deed) || !locked)) { if (editing) end(true); deeds[deed]?.(); return; }
    const mend = event.target.closest("[data-command]");
    if (mend && !locked) {
      mend.disabled = true;
      for (const command of JSON.parse(mend.dataset.command)) send({ command, base: Number(mend.dataset.base) }, (answer) => {
        mend.disabled = false;
        if (answer.said) complain(answer.said);
        else document.getElementById(mend.dataset.empties)?.replaceChildren();
      });
      return;
    }
    const link = event.target.closest('a[href*="#row-"], a[href*="#f:/rows/"]');
    if (link && link.pathname === location.pathname && arrive(link.hash)) event.preventDefault();
  });
  const arrive = (hash) => {  // at a row by its id, or at a cell by its place in the document
    const named = hash.match(/^#row-(.+)$/)?.[1], [, n, part, which] = hash.match(/^#f:\/rows\/(\d+)(?:\/(\w+)(?:\/([^/]+))?)?/) ?? [];
    const r = named ? [...rows()].findIndex((row) => row.dataset.id === decodeURIComponent(named)) : Number(n) - first() + 1;
    if (!rows()[r]) return false;
    const names = [...table().querySelectorAll("th[data-column]")].map((one) => one.dataset.column), whens = names.filter((name) => name.startsWith("when:"));
    const column = { when: whens[Number(which)], then: `then:${which}`, valid: which }[part] ?? part;
    const c = Math.max(0, names.indexOf(column));
    if (!shows(c)) home.removeAttribute(`data-no-${column}`);
    go(r, c);
    cell(r, c).scrollIntoView({ block: "center" });
    return true;
  };

  // Spreadsheets: texts between tabs and line ends

  // What is folded away is neither taken along nor written to: nobody uses it, and spreadsheets have no place for it.
  const inSight = (lines) => lines.map((line) => line.filter((_, i) => shows(place().left + i)));
  const spread = (lines, left) => lines.map((line) => {
    const found = [];
    for (let c = left, i = 0; i < line.length; c += 1) found.push(c < width() && !shows(c) ? "" : line[i++]);
    return found;
  });
  const ours = () => !editing && whereIs(document.activeElement ?? home);
  document.addEventListener("copy", (event) => {
    if (!ours()) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", gridSheet.write(inSight(block())));
  });
  document.addEventListener("cut", (event) => {
    if (!ours() || locked) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", gridSheet.write(inSight(block())));
    clear();
  });
  document.addEventListener("paste", (event) => {
    if (!ours() || locked) return;
    event.preventDefault();
    let cells = gridSheet.read(event.clipboardData.getData("text/plain"));
    const { top, bottom, left, right } = place();
    if (cells.length === 1 && cells[0].length === 1) cells = Array.from({ length: bottom - top + 1 }, () => Array.from({ length: right - left + 1 }, (_, i) => (shows(left + i) ? cells[0][0] : "")));
    else cells = spread(cells, left);
    const row = rows().length ? named(top) : null;
    cells.forEach((one, i) => one.forEach((written, j) => { if (left + j < width()) show(cell(top + i, left + j), written); }));
    send({ command: { command: "paste", row, column: head(left).dataset.column, cells } }, (answer) => {
      if (answer.said) { refused(answer.said); return; }
      if (editing) return;
      anchor = { r: top, c: left };
      go(top + cells.length - 1, left + Math.max(...cells.map((one) => one.length)) - 1, { extend: true });
    });
  });

  // Marks on rows: what is found, what tests visit, what a try matched; told by the parts of the page around

  const notes = new Map();
  const marks = () => {
    notes.clear();
    for (const source of document.querySelectorAll("[data-marks]")) {
      for (const [name, told] of Object.entries(JSON.parse(source.dataset.marks))) notes.set(name, [...(notes.get(name) ?? []), ...told]);
    }
    for (const row of [...rows(), ...table().querySelectorAll("th[data-place]")]) {
      const found = notes.get(row.dataset.id ?? row.dataset.place) ?? [], spot = row.querySelector(".marks");
      const kinds = [...new Set(found.map((note) => note.kind))];
      if (row.dataset.kinds === kinds.join(" ")) continue;
      row.dataset.kinds = kinds.join(" ");
      spot?.replaceChildren(...kinds.flatMap((kind) => [...(document.getElementById(`mark-${kind}`)?.content.cloneNode(true).childNodes ?? [])]));
      row.classList.toggle("hit", kinds.includes("hit"));
      row.classList.toggle("open", kinds.includes("undecided"));
    }
    tell();
  };
  const columns = () => {  // columns that nobody uses are folded away
    for (const part of ["and", "from", "to", "note"]) {
      const used = home.querySelector(`tbody .of-${part}[data-text], tbody .of-${part}[data-typed]`);
      home.toggleAttribute(`data-no-${part}`, !used);
    }
  };
  let opened = [];  // what the reader has opened stays open when its part of the page is brought anew
  document.addEventListener("htmx:before:morph:attr", (event) => {
    if (event.target.matches?.("details") && event.detail.attrName === "open") event.preventDefault();
  });
  document.addEventListener("htmx:before:swap", () => { opened = [...document.querySelectorAll("details[open][id]")].map((each) => each.id); });
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  });
  document.addEventListener("htmx:after:swap", marks);
  document.body.addEventListener("draft-changed", (event) => {
    if (Number(event.detail?.revision) !== Number(home.dataset.revision)) refresh();
  });

  columns();
  marks();
  if (rows().length) { cell(0, 0).tabIndex = 0; arrive(location.hash); }
})();
