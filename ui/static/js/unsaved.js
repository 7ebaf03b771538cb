// What is written in the fields of an editor and not yet saved. Nothing of it is lost by going elsewhere: what is good is
// saved first, and what is refused holds its author, who may go on without it.
window.unsaved = (() => {
  // What was typed and what was sent is kept beside the form: its own attributes are made anew by each morph.
  const typed = new WeakMap(), sent = new WeakMap(), flying = new Set();
  const formOf = (element) => {
    const form = element?.closest?.("form[data-field], .cond form");
    return form && !form.closest(".cond-box") ? form : null;
  };
  const isRefused = (form) => Boolean(form.querySelector("[data-unsaved]"));
  // What was erased again is nothing that waits. What was sent in between stays written: the page may show less than is kept.
  const isAsShown = (each) => (each.options ? [...each.options].every((one) => one.selected === one.defaultSelected) : each.type === "checkbox" || each.type === "radio" ? each.checked === each.defaultChecked : each.value === each.defaultValue);
  const every = (form, test) => [...form.elements].every((each) => !each.name || each.type === "hidden" || each.matches(".mode, button") || test(each));
  const isEmpty = (form) => form.matches("[data-empties]") && every(form, (each) => !each.value.trim());
  const isErased = (form) => isEmpty(form) || (!sent.has(form) && every(form, isAsShown));
  const isWritten = (form) => (typed.has(form) && !isErased(form)) || (isRefused(form) && !isEmpty(form));
  const forget = (form) => typed.delete(form);

  document.addEventListener("input", (event) => {
    const form = formOf(event.target);
    if (!form || !event.target.name || event.target.matches(".mode")) return;
    typed.set(form, (typed.get(form) || 0) + 1);
    if (isEmpty(form)) form.querySelector("[data-unsaved]")?.remove();
  });
  document.addEventListener("htmx:before:request", (event) => {
    const form = formOf(event.target);
    if (!form || event.target !== form) return;
    if (isEmpty(form)) { event.preventDefault(); return; }  // nothing is no item
    sent.set(form, typed.get(form));
    flying.add(form);
  });
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target.matches?.("form") ? event.target : null;
    if (form && event.detail.ctx.response.status < 400 && typed.get(form) === sent.get(form)) typed.delete(form);
  });
  document.addEventListener("htmx:finally:request", (event) => flying.delete(event.target));

  // The fields with something that is not saved; a refused part of a condition is told behind its form.
  const refusedParts = () => [...document.querySelectorAll(".cond-mistake")].map((told) => told.closest(".cond-part")?.querySelector("form")).filter(Boolean);
  const written = () => [...new Set([...document.querySelectorAll("form[data-field], .cond form")].filter(isWritten).concat(refusedParts()))];
  const isToBeSent = (form) => typed.has(form) && sent.get(form) !== typed.get(form);
  const isOnItsWay = (form) => flying.has(form) || isToBeSent(form);
  const pause = () => new Promise((done) => { setTimeout(done, 50); });
  const saveAll = async () => {
    if (document.activeElement?.matches("input, textarea, select")) document.activeElement.blur();  // what is written there is sent
    for (const form of written()) if (isToBeSent(form) && form.matches("[data-field]")) htmx.trigger(form, "again");
    for (let turn = 0; written().some(isOnItsWay); turn += 1) {
      if (turn > 100 || (turn > 12 && ![...flying].some((form) => form.isConnected))) return;  // some are sent by a button only
      await pause();
    }
  };

  // Going elsewhere
  const nameOf = (form) => form.querySelector("label")?.firstChild?.textContent.trim() || form.closest("[aria-label]")?.getAttribute("aria-label") || "";
  const letGo = () => {
    for (const form of written()) forget(form);
    for (const told of document.querySelectorAll("[data-unsaved], .cond-mistake")) { told.removeAttribute("data-unsaved"); told.classList.remove("cond-mistake"); }
    for (const note of document.querySelectorAll("[data-held]")) note.remove();
  };
  const tell = (held, go, stay) => {
    for (const old of document.querySelectorAll("[data-held]")) old.remove();
    const note = document.getElementById("unsaved-held").content.firstElementChild.cloneNode(true);
    note.querySelector("[data-held-names]").textContent = [...new Set(held.map(nameOf))].filter(Boolean).join(" · ");
    note.querySelector("[data-go-on]").addEventListener("click", () => { letGo(); go(); });
    note.querySelector("[data-stay]").addEventListener("click", () => { note.remove(); focusIn(held[0]); });
    for (let box = held[0].closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    (held[0].querySelector(".field-said") ?? held[0]).append(note);
    focusIn(held[0]);
    note.scrollIntoView({ block: "center" });
    stay?.();
  };
  const focusIn = (form) => form.querySelector("[aria-invalid], .field-control :is(input:not([type=hidden]), textarea, select), textarea, input:not([type=hidden]), select")?.focus({ preventScroll: true });
  let going = 0;
  const leave = (go, stay) => {  // at once where nothing is in the way; the wish that came last is the one that is followed
    if (!written().length) return go();
    const turn = ++going;
    return saveAll().then(() => {
      if (turn !== going) return undefined;
      const held = written();
      return held.length ? tell(held, go, stay) : go();
    });
  };

  let passing = null;
  const isElsewhere = (way) => {
    if (way.matches("[data-leaves]")) return true;
    const to = new URL(way.getAttribute("href"), location.href);
    return to.protocol.startsWith("http") && (to.pathname !== location.pathname || to.search !== location.search);
  };
  document.addEventListener("click", (event) => {
    const way = event.target.closest("a[href], [data-leaves]");
    if (!way || way === passing || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (way.matches("[target=_blank], [download]") || !isElsewhere(way) || !written().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leave(() => {
      passing = way;
      way.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: event.detail }));
      passing = null;
    });
  }, true);
  document.addEventListener("submit", (event) => {  // a form that leads away, such as the one that signs out
    const form = event.target;
    if (form === passing || form.closest("#panel, dialog, .cond") || form.matches("[hx-post], [data-command]") || !written().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    leave(() => { passing = form; form.requestSubmit(event.submitter); passing = null; });
  }, true);
  addEventListener("beforeunload", (event) => { if (written().length) event.preventDefault(); });

  return { isWritten, forget, letGo, leave };
})();
