// The builder of conditions: fields are found by typing, a row says which of its fields was changed, focus goes along.
(() => {
  const editorOf = (inside) => inside.closest(".cond");

  // Which field of a row was changed: told before htmx collects the row. Enter in a field has changed it already.
  document.addEventListener("change", (event) => {
    const changed = event.target.form?.elements.namedItem("changed");
    if (changed && event.target.name) changed.value = event.target.name;
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target.closest(".cond form");
    if (!form || (event.submitter && !event.submitter.classList.contains("cond-default") && event.submitter.type === "submit")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  // Fields to choose from
  const offersOf = (pick) => {
    const held = editorOf(pick).querySelector(`[data-offers="${pick.dataset.scope}"]`);
    return held ? JSON.parse(held.dataset.fields) : [];
  };
  const parts = (pick) => ({ box: pick.querySelector("[role=combobox]"), held: pick.querySelector("input[type=hidden]"), list: pick.querySelector("[role=listbox]") });
  const chinese = document.documentElement.lang.startsWith("zh");
  const found = (pick, typed) => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean), begun = typed.trim().toLowerCase();
    const fits = offersOf(pick).filter(([path, zh, en, , , more]) => words.every((word) => `${zh} ${en} ${path} ${more}`.toLowerCase().includes(word)));
    const rank = ([path, zh, en]) => [zh, en, path].some((name) => name.toLowerCase().startsWith(begun)) ? 0 : 1;
    return begun ? fits.sort((a, b) => rank(a) - rank(b)) : fits;
  };
  const option = (box, [path, zh, en, kind], number) => {
    const item = document.createElement("li");
    const [first, second] = chinese ? [zh, en] : [en, zh];
    Object.assign(item, { id: `${box.id}-o${number}`, className: "cond-option" });
    item.setAttribute("role", "option");
    item.dataset.path = path;
    item.dataset.title = first;
    const name = document.createElement("span"), more = document.createElement("small");
    name.textContent = first;
    more.textContent = [second === first ? "" : second, path].filter(Boolean).join(" · ");
    item.append(name, more);
    return item;
  };
  const open = (pick, typed) => {
    const { box, held, list } = parts(pick);
    const items = [];
    let group = null;
    found(pick, typed).slice(0, 200).forEach((offer, number) => {
      if (offer[4] !== group && !typed.trim()) {
        const head = document.createElement("li");
        head.className = "cond-heading";
        head.setAttribute("role", "presentation");
        head.textContent = group = offer[4];
        items.push(head);
      }
      items.push(option(box, offer, number));
    });
    if (!items.length) {
      const none = document.createElement("li");
      none.className = "cond-heading";
      none.setAttribute("role", "presentation");
      none.textContent = list.dataset.none;
      items.push(none);
    }
    list.replaceChildren(...items);
    list.hidden = !items.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    const options = [...list.querySelectorAll("[role=option]")];
    light(pick, options.find((each) => !typed.trim() && each.dataset.path === held.value && held.value) ?? (typed.trim() ? options[0] : null));
  };
  const light = (pick, item) => {
    const { box, list } = parts(pick);
    for (const each of list.querySelectorAll("[aria-selected=true]")) each.removeAttribute("aria-selected");
    if (!item) { box.removeAttribute("aria-activedescendant"); return; }
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", item.id);
  };
  const close = (pick, restore = true) => {
    const { box, list } = parts(pick);
    list.hidden = true;
    list.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    if (restore) box.value = box.defaultValue;
  };
  const choose = (pick, item) => {
    const { box, held } = parts(pick);
    const same = held.value === item.dataset.path && held.value !== "";
    held.value = item.dataset.path;
    close(pick, false);
    box.value = item.dataset.title;
    if (!same) held.dispatchEvent(new Event("change", { bubbles: true }));
    else box.value = box.defaultValue;
  };
  const step = (pick, by) => {
    const { list } = parts(pick);
    const options = [...list.querySelectorAll("[role=option]")];
    const now = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    light(pick, options[now < 0 ? (by > 0 ? 0 : options.length - 1) : (now + by + options.length) % options.length]);
  };
  const pickOf = (event) => event.target.closest?.(".cond [data-cond-pick]");

  document.addEventListener("input", (event) => { const pick = pickOf(event); if (pick) open(pick, event.target.value); });
  document.addEventListener("change", (event) => {  // the text of a search is no choice
    if (pickOf(event) && event.target.matches("[role=combobox]")) event.stopImmediatePropagation();
  }, true);
  document.addEventListener("click", (event) => {
    const pick = pickOf(event);
    if (!pick) return;
    const item = event.target.closest("[role=option]");
    if (item) choose(pick, item);
    else if (event.target.matches("[role=combobox]:not(:disabled)") && parts(pick).list.hidden) { event.target.select(); open(pick, ""); }
  });
  document.addEventListener("mousedown", (event) => { if (event.target.closest(".cond-list")) event.preventDefault(); });
  document.addEventListener("focusout", (event) => { const pick = pickOf(event); if (pick && !pick.contains(event.relatedTarget)) close(pick); });
  document.addEventListener("keydown", (event) => {
    const pick = pickOf(event);
    if (!pick || !event.target.matches("[role=combobox]") || event.isComposing) return;
    const { list } = parts(pick);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) open(pick, event.target.value === event.target.defaultValue ? "" : event.target.value);
      step(pick, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const item = list.querySelector("[aria-selected=true]");
      if (item) choose(pick, item);
    } else if (event.key === "Escape" && !list.hidden) {
      close(pick);
      event.stopPropagation();
    } else return;
    event.preventDefault();
  }, true);

  // A row keeps what was chosen in it until the last of its changes is answered: an answer to an earlier one knows less.
  const waiting = new WeakMap();
  const count = (by) => (event) => {
    const row = event.detail.ctx.sourceElement;
    if (row.matches?.(".cond form")) waiting.set(row, (waiting.get(row) ?? 0) + by);
  };
  document.addEventListener("htmx:config:request", count(1));
  document.addEventListener("htmx:finally:request", count(-1));
  const isAnswered = (control, answered) => (waiting.get(control.form) ?? 0) <= (control.form === answered ? 1 : 0);

  // Many ticks: found by typing; Escape folds them. They stay open, and found, while answers come.
  const sift = (many) => {
    const words = many.querySelector("[data-filter]").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const label of many.querySelectorAll(".cond-ticks label")) {
      const said = `${label.textContent} ${label.querySelector("input").value}`.toLowerCase();
      label.hidden = !words.every((word) => said.includes(word));
    }
  };
  document.addEventListener("input", (event) => { if (event.target.matches("[data-filter]")) sift(event.target.closest("[data-many]")); });
  for (const each of ["change", "submit"]) {  // the text of a filter is no value
    document.addEventListener(each, (event) => { if (event.target.matches("[data-filter]")) event.stopImmediatePropagation(); }, true);
  }
  document.addEventListener("keydown", (event) => {
    const many = event.target.closest?.("[data-many]");
    if (!many || event.isComposing) return;
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    if (event.key !== "Escape" || !many.open) return;
    event.preventDefault();
    event.stopPropagation();
    many.open = false;
    many.querySelector("summary").focus();
  });
  let opened = [];
  document.addEventListener("htmx:before:swap", () => { opened = [...document.querySelectorAll("[data-many][open]")].map((many) => many.id); });
  document.addEventListener("htmx:after:swap", () => {
    for (const many of opened.map((id) => document.getElementById(id))) if (many?.matches("[data-many]")) { many.open = true; sift(many); }
  });

  // After an answer: fields say what the server says, and the focus goes where the author goes on.
  const settle = (editor, answered) => {
    const here = (selector) => [...editor.querySelectorAll(selector)].filter((each) => isAnswered(each, answered));
    for (const select of here(".cond-body select, .cond-add select")) {
      for (const each of select.options) each.selected = each.defaultSelected;
      if (![...select.options].some((each) => each.defaultSelected)) select.selectedIndex = 0;
    }
    for (const box of here(".cond-body input[type=checkbox]")) box.checked = box.defaultChecked;
    for (const box of here("[role=combobox]")) if (box !== document.activeElement || editor.dataset.focus) box.value = box.defaultValue;
  };
  const goOn = (editor) => {
    const [id, deed] = (editor.dataset.focus ?? "").split(" ");
    editor.removeAttribute("data-focus");
    if (!id) return;
    const place = document.getElementById(id);
    const wanted = [
      ...(deed ? [deed, "down", "up", "remove"].map((each) => document.getElementById(`${id}-${each}`)) : []),
      place?.matches("input, select, textarea, button") && place,
      place?.matches("[data-many]:not([open])") && place.querySelector("summary"),
      place?.querySelector('[name^="value."]:not([type=hidden]), [name^="other."]:not([type=hidden])'),
      place?.querySelector(".cond-operator"),
      document.getElementById(`${id}-add`), document.getElementById(`${id}-remove`),
      editor.querySelector(".cond-add [role=combobox]"),
    ].find((each) => each && !each.disabled);
    wanted?.focus();
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const answered = event.detail.ctx.sourceElement;
    for (const editor of document.querySelectorAll(".cond")) { settle(editor, answered); goOn(editor); }
  });

  // A new name was taken: the field is free for the next one.
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target.closest?.("form[data-empties-on-success]");
    if (form && event.detail.ctx.response.status < 400) form.reset();
  });

  // Others' changes: what is older than the draft is shown anew.
  document.addEventListener("draft-changed", (event) => {
    for (const editor of document.querySelectorAll(".cond[data-revision]")) {
      if (Number(editor.dataset.revision) < Number(event.detail?.revision)) htmx.trigger(editor, "condition-refresh");
    }
  });
})();
