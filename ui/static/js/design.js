// The page on which a journey is designed: choosing nodes, commands, the palette of what can be inserted, keys.
// Regions fetch themselves again on `draft-changed`; this file sends commands and keeps selection and focus over swaps.
(() => {
  const root = document.querySelector("[data-design]");
  if (!root) return;
  const page = `/journeys/${root.dataset.key}/edit`, doors = `/edit/journey/${root.dataset.key}`;
  const editing = "editing" in root.dataset;
  const graph = () => document.getElementById("graph");
  const narrow = matchMedia("(max-width: 47.99rem)");
  let pending = null, queue = Promise.resolve();

  // Where things are
  const shown = () => (root.dataset.view === "outline" ? "#outline" : "#canvas");
  const ids = () => [...graph().querySelectorAll("#outline [data-node]")].map((node) => node.dataset.node);
  const place = (node) => graph().querySelector(`${shown()} [data-node="${CSS.escape(node)}"]`) ||
    (node === "@entry" ? graph().querySelector(`${shown()} [data-part="entry"]`) : null);
  const exits = (node) => [...graph().querySelectorAll(`#outline [data-add-after="${CSS.escape(node)}"]`)];

  // Choosing: the address, the marks, and what stands beside
  const mark = () => {
    for (const node of graph().querySelectorAll("[data-node]")) {
      if (node.dataset.node === root.dataset.node) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
    for (const step of graph().querySelectorAll("#outline > li")) {
      step.classList.toggle("is-chosen", step.id === `step-${root.dataset.node}`);
    }
  };
  const address = (node, part) => (node ? `?node=${encodeURIComponent(node)}` : part ? `?part=${encodeURIComponent(part)}` : "");
  // Each region asks for itself, so that its hx-sync lets go of what was asked before. When the draft changes meanwhile,
  // its own question takes the place of this one: it is to ask for the same node.
  const asked = (place, path, swap) => {
    document.querySelector(place).setAttribute("hx-get", `${page}/${path}`);
    return htmx.ajax("GET", `${page}/${path}`, { source: place, target: place, swap });
  };
  const fetchBeside = async (node, part) => {
    const query = address(node, part), wanted = [asked("#chosen", `chosen${query}`, "outerMorph")];
    if (document.getElementById("panel")) wanted.push(asked("#panel", `panel${query || "?part=settings"}`, "outerHTML"));
    await Promise.all(wanted);
  };
  const choose = (node, how = {}) => unsaved.leave(() => turnTo(node, how), how.stay);
  const turnTo = async (node, { part = "", focus = "", remember = true, replace = false, back = "" }) => {
    root.dataset.node = node;
    root.dataset.part = part;
    mark();
    if (remember) history[replace ? "replaceState" : "pushState"]({}, "", page + address(node, part));
    if (focus === "node") place(node)?.focus();
    if (node) document.dispatchEvent(new CustomEvent("canvas:reveal", { detail: { node } }));
    await fetchBeside(node, part);
    if (!replace) document.getElementById("side")?.scrollTo(0, 0);  // another form is read from its top
    if (focus === "panel") document.getElementById("chosen-title")?.focus();
    if (back) place(back)?.focus();
    if (narrow.matches && node && focus !== "node") document.getElementById("side")?.scrollIntoView({ block: "start" });
  };
  addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search);
    const stay = () => history.pushState({}, "", page + address(root.dataset.node, root.dataset.part));
    choose(query.get("node") || "", { part: query.get("part") || "", remember: false, stay });
  });

  // Commands: one after the other, each with the revision of the part of the page that it comes from
  const announce = (answer) => {
    const header = answer.headers.get("HX-Trigger");
    for (const [name, detail] of Object.entries(header?.startsWith("{") ? JSON.parse(header) : {})) {
      htmx.trigger(document.body, name, detail);
    }
  };
  const seenAt = (element) => Number((element?.closest?.("[data-revision]") ?? graph()).dataset.revision);
  const post = async (values, after) => {
    const answer = await sending.post(`${doors}/commands`, new URLSearchParams(values));
    if (!answer) { sending.unsent(() => follow(values, after)); return; }
    if (!answer.ok) { sending.say(await answer.text()); return; }
    sending.say("");
    pending = after;
    announce(answer);
  };
  const follow = (values, after) => { queue = turns.during(queue.then(() => post(values, after)).catch(console.error)); return queue; };
  const send = (command, after = {}, from = null) => follow({ command: JSON.stringify(command), base: seenAt(from) }, after);

  // After a swap: the new node is chosen, what is gone is let go, and focus is where it was or next to it
  let focused = null, were = new Set(ids());
  document.addEventListener("htmx:before:swap", () => {
    const node = document.activeElement?.closest?.("#graph [data-node]");
    focused = node ? node.dataset.node : null;
  });
  // What was opened beside a node stays open while its region is brought anew
  let opened = null;
  document.addEventListener("htmx:before:swap", () => { opened = document.querySelector("#more[open]")?.dataset.of ?? null; });
  document.addEventListener("htmx:after:swap", () => {
    const more = document.getElementById("more");
    if (opened !== null && more?.dataset.of === opened) more.open = true;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail?.ctx?.target?.id !== "graph") return;
    const after = pending, here = ids(), gone = [...were].filter((node) => !here.includes(node));
    const came = here.filter((node) => !were.has(node));
    pending = null;
    were = new Set(here);
    mark();
    const renamed = gone.length === 1 && came.length === 1 && gone[0] === root.dataset.node ? came[0] : null;
    if (after?.makes && came.length) choose(came[0], { focus: "node" });
    else if (renamed) choose(renamed, { focus: "panel", replace: true });
    else if (root.dataset.node && !here.includes(root.dataset.node)) {
      const next = here.includes(after?.then) ? after.then : "";
      unsaved.letGo();  // its fields went with it
      choose(next, { focus: next ? "node" : "" });
      if (!next) place("@entry")?.focus();
    } else if (focused && document.activeElement === document.body) place(focused)?.focus();
  });

  // Views: the picture or its outline
  const view = (name) => {
    root.dataset.view = name;
    const radio = root.querySelector(`input[data-view][value="${name}"]`);
    if (radio) radio.checked = true;
    if (name === "canvas") dispatchEvent(new Event("resize"));
  };
  root.addEventListener("change", (event) => {
    if (!event.target.matches("[data-view]")) return;
    view(event.target.value);
    sessionStorage.setItem("design-view", event.target.value);
  });
  view(sessionStorage.getItem("design-view") || (narrow.matches ? "outline" : "canvas"));

  // The palette
  const palette = document.getElementById("palette"), search = document.getElementById("palette-search");
  const where = document.getElementById("palette-where"), offers = palette ? [...palette.querySelectorAll(".offer")] : [];
  const visible = () => offers.filter((offer) => !offer.hidden);
  const point = (offer) => {
    for (const each of offers) each.setAttribute("aria-selected", String(each === offer));
    search.setAttribute("aria-activedescendant", offer?.id || "");
    offer?.scrollIntoView({ block: "nearest" });
  };
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = offers.filter((offer) => words.every((word) => offer.dataset.search.includes(word)));
    for (const offer of offers) offer.hidden = fits.length > 0 && !fits.includes(offer);
    for (const group of palette.querySelectorAll(".palette-group")) group.hidden = !group.querySelector(".offer:not([hidden])");
    palette.querySelector(".palette-none").hidden = fits.length > 0;
    const titled = fits.find((offer) => words.every((word) => offer.querySelector("strong").textContent.toLowerCase().includes(word)));
    point(words.length ? titled ?? fits[0] : fits[0]);
    if (!fits.length) palette.querySelector(".palette-list").scrollTop = 0;
  };
  const open = (node, port, also = "") => {
    if (!palette || !editing) return;
    const words = (...buttons) => `${buttons.map((button) => button.dataset.word).join(" / ")} → ${buttons[0].dataset.to}`;
    const wish = [port, ...also.split(" ").filter(Boolean)], ways = exits(node);
    where.replaceChildren(...ways.map((button) => new Option(words(button), button.dataset.port)));
    if (wish.length > 1) {
      const together = ways.filter((button) => wish.includes(button.dataset.port));  // they lead to one node
      where.append(new Option(words(...together), wish.join(" ")));
      where.prepend(Object.assign(new Option(where.dataset.choose, ""), { disabled: true }));
    }
    where.setCustomValidity("");
    if (![...where.options].some((option) => option.value === wish.join(" "))) where.add(new Option(port, port));
    where.value = wish.length > 1 ? "" : wish.join(" ");  // exits that lead to one node are told apart by the author
    const after = document.getElementById("palette-after"), name = graph().querySelector(`#outline [data-node="${CSS.escape(node)}"] strong`);
    after.textContent = node === "@entry" ? after.dataset.start : after.dataset.after.replace("{}", name?.textContent ?? node);
    palette.dataset.node = node;
    palette.dataset.revision = graph().dataset.revision;
    search.value = "";
    filter();
    palette.showModal();
    search.focus();
  };
  const insert = (offer) => {
    if (!offer) return;
    if (where.options[where.selectedIndex]?.disabled) {
      where.setCustomValidity(where.dataset.choose);
      where.reportValidity();
      return;
    }
    const node = palette.dataset.node, [port, ...also] = node === "@entry" ? [where.value] : where.value.split(" ");
    const add = JSON.parse(offer.dataset.add), ports = JSON.parse(offer.dataset.ports);
    palette.close();
    if (node !== "@entry") send({ command: "insert_after", node, port, also, add, ports }, { makes: true }, palette);
    else send({ command: "insert_start", add, ports, ...(port ? { entry: Number(port) } : {}) }, { makes: true }, palette);
  };
  search?.addEventListener("input", filter);
  where?.addEventListener("change", () => where.setCustomValidity(""));
  search?.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const list = visible(), at = list.findIndex((offer) => offer.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") point(list[Math.min(at + 1, list.length - 1)]);
    else if (event.key === "ArrowUp") point(list[Math.max(at - 1, 0)]);
    else if (event.key === "Enter") insert(list[at]);
    else if (event.key === "Escape") palette.close();  // a search would only be emptied by it
    else return;
    event.preventDefault();
  });
  palette?.addEventListener("click", (event) => {
    const offer = event.target.closest(".offer");
    if (offer) insert(offer);
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
  palette?.addEventListener("close", () => { if (document.activeElement === document.body) place(palette.dataset.node)?.focus(); });

  // Clicks and forms, delegated: what stands here may be swapped at any time
  const values = (form, submitter) => {
    const found = {};
    for (const [name, value] of new FormData(form, submitter)) {
      const names = name.split(" ");
      if (names.length === 1) found[name] = value;
      else JSON.parse(value).forEach((each, index) => { found[names[index]] = each; });
    }
    return found;
  };
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const add = event.target.closest("[data-add-after]"), deed = event.target.closest("button[data-command]");
    const goes = event.target.closest("[data-goes]"), here = event.target.closest(".preferences a");
    const link = event.target.closest("[data-design] a[data-node], [data-design] a[data-part], a[data-unchoose]");
    if (here) {  // another language or theme, with the same node open
      const to = new URL(here.href);
      for (const name of ["node", "part"]) {
        if (root.dataset[name]) to.searchParams.set(name, root.dataset[name]);
        else to.searchParams.delete(name);
      }
      here.href = to.href;
    } else if (add) open(add.dataset.addAfter, add.dataset.port, add.dataset.also);
    else if (deed) send(JSON.parse(deed.dataset.command), { makes: "makes" in deed.dataset, then: deed.dataset.then }, deed);
    else if (event.target.closest(".panel-parts a")) {
      const to = event.target.closest("a");
      root.dataset.part = new URL(to.href).searchParams.get("part") || "";
      history.replaceState({}, "", to.href);
      asked("#chosen", `chosen${address("", root.dataset.part)}`, "outerMorph");
    } else if (goes) {
      event.preventDefault();
      choose(goes.dataset.goes, { focus: event.detail === 0 ? "panel" : "" });
    }
    else if (event.target.closest("[data-open-keys]")) document.getElementById("keys").showModal();
    else if (link) {
      event.preventDefault();
      const focus = event.detail === 0 ? "panel" : "";
      if ("unchoose" in link.dataset) choose("", { back: root.dataset.node });
      else if (link.dataset.node === "@entry" || link.dataset.part) choose("", { part: link.dataset.part || "entry", focus });
      else choose(link.dataset.node, { focus });
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-command]");
    if (!form) return;
    event.preventDefault();
    const command = { ...JSON.parse(form.dataset.command), ...values(form, event.submitter) };
    send(command, { makes: "makes" in form.dataset }, form);
    form.closest("details")?.removeAttribute("open");
  });

  // Keys
  const typing = (element) => element?.closest?.("input, textarea, select, [contenteditable], dialog");
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const chord = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (typing(event.target) || event.altKey) return;
    if (event.key === "?") { document.getElementById("keys")?.showModal(); event.preventDefault(); return; }
    if (!editing) return;
    const node = event.target.closest?.("#graph [data-node]")?.dataset.node ||
      (event.target.closest?.("#graph [data-part]") ? "@entry" : "") || root.dataset.node;
    if (chord || !node || !event.target.closest?.("#graph, #chosen, body")) return;
    if (key === "a" || event.key === "Insert") {
      const ways = exits(node), loose = ways.find((way) => way.closest("li").querySelector(".leads-nowhere"));
      if (ways.length) open(node, (loose || ways[0]).dataset.port);
    } else if (node === "@entry") return;
    else if (key === "d") send({ command: "duplicate", node }, { makes: true });
    else if (event.key === "Delete" || event.key === "Backspace") {
      const then = exits(node).map((way) => way.closest("li").querySelector("a[href^='#step-']")?.hash.slice(6)).find(Boolean);
      const beside = decodeURIComponent(then || "") || graph().querySelector(`path.edge[data-to="${CSS.escape(node)}"]`)?.dataset.from || "";
      root.dataset.node = node;
      send({ command: "delete", node }, { then: beside });
    } else return;
    event.preventDefault();
  });
})();
