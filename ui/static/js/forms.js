// Forms that save themselves: searches, fields put into texts, and fields that are being written left alone by morphs.
(() => {
  const field = (element) => element?.closest?.("[data-field]");
  const parts = (form) => form.querySelectorAll(".field-control, .field-said");

  // A field keeps what is written in it while it has the focus, waits to be saved, or was refused.
  const isHeld = (form) => form.contains(document.activeElement) || unsaved.isWritten(form);
  const hold = (form) => parts(form).forEach((part) => part.toggleAttribute("hx-morph-skip", Boolean(isHeld(form))));
  const holdAll = () => document.querySelectorAll("[data-field]").forEach(hold);

  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-field]")) event.preventDefault();
  }, true);
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target.matches?.("form[data-field]") ? event.target : null;
    if (!form || event.detail.ctx.response.status >= 400) return;
    form.removeAttribute("hx-morph-skip");
    if (form.hasAttribute("data-empties")) {
      form.querySelectorAll("[name=value]").forEach((input) => { input.value = ""; });
      unsaved.forget(form);
    }
  });
  let open = [];
  document.addEventListener("htmx:before:swap", () => {
    holdAll();
    open = [...document.querySelectorAll("#panel details[open][id]")].map((each) => each.id);
  });

  // A browser keeps what was chosen over what the page says; what nobody writes in follows the page.
  const follow = () => {
    document.querySelectorAll("[data-field]").forEach((form) => {
      if (isHeld(form) || form.hasAttribute("hx-morph-skip")) return;
      form.querySelectorAll("input[name]:not([type=hidden]), textarea[name]").forEach((input) => { input.value = input.defaultValue; });
      form.querySelectorAll("select").forEach((select) => {
        const chosen = [...select.options].findIndex((option) => option.defaultSelected);
        select.selectedIndex = Math.max(0, chosen);
      });
    });
  };
  document.addEventListener("htmx:after:swap", (event) => {
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    holdAll();
    if (event.detail.ctx.target?.id === "panel" || event.detail.ctx.sourceElement?.id === "panel") follow();
  });

  // Two ways on when somebody else changed the same place.
  document.addEventListener("click", (event) => {
    const again = event.target.closest("[data-again]");
    const theirs = event.target.closest("[data-theirs]");
    const form = field(again || theirs);
    if (again) {
      const over = Object.assign(document.createElement("input"), { type: "hidden", name: "over", value: again.dataset.again });
      form.querySelector(".field-said").append(over);
      htmx.trigger(form, "again");
    }
    if (theirs) {
      unsaved.forget(form);
      form.querySelector(".field-said").replaceChildren();
      theirs.blur();
      hold(form);
      htmx.trigger(document.body, "draft-changed");
    }
  });

  // Searches: the list below a text, walked by arrow keys.
  let asked = 0, answered = Promise.resolve();
  const list = (combo) => combo.querySelector(".combo-list");
  const options = (combo) => [...list(combo).querySelectorAll("[role=option]")];
  const close = (combo) => {
    const input = combo.querySelector("input");
    list(combo).hidden = true;
    delete combo.dataset.walked;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (combo, index) => {
    const found = options(combo);
    found.forEach((option, i) => {
      option.id = `${list(combo).id}-${i}`;
      option.setAttribute("aria-selected", String(i === index));
    });
    if (found[index]) {
      combo.querySelector("input").setAttribute("aria-activedescendant", found[index].id);
      found[index].scrollIntoView({ block: "nearest" });
    } else combo.querySelector("input").removeAttribute("aria-activedescendant");
  };
  const marked = (combo) => list(combo).querySelector("[aria-selected=true]");
  const step = (combo, by) => {
    const found = options(combo), at = found.indexOf(marked(combo));
    if (list(combo).hidden || !found.length) return;
    combo.dataset.walked = "";
    mark(combo, at < 0 && by < 0 ? found.length - 1 : (at + by + found.length) % found.length);
  };
  // What was written since somebody came to the search; anything while nothing was.
  const sought = (combo) => ("written" in combo.dataset ? combo.querySelector("input").value : "");
  const search = (combo) => (answered = find(combo));
  const find = async (combo) => {
    const turn = ++asked, typed = sought(combo);
    const url = `${combo.dataset.combo}&q=${encodeURIComponent(typed)}`;
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    const html = answer?.ok ? await answer.text() : null;
    if (turn !== asked || document.activeElement !== combo.querySelector("input")) return;
    if (html === null) return close(combo);
    const input = combo.querySelector("input"), at = marked(combo);
    const wanted = "walked" in combo.dataset && at ? at.dataset.value : typed ? null : input.value;
    list(combo).replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    list(combo).hidden = false;
    combo.querySelector("input").setAttribute("aria-expanded", "true");
    const before = options(combo).findIndex((option) => option.dataset.value === wanted);
    mark(combo, combo.hasAttribute("data-inserts") ? Math.max(0, before) : before);
    if (combo.hasAttribute("data-inserts")) list(combo).scrollIntoView({ block: "nearest" });
  };
  // What is chosen is called by its title while nobody writes there.
  const call = (combo, option) => {
    const called = combo.querySelector("[data-called]");
    called?.replaceChildren(...[...(option?.childNodes ?? [])].map((each) => each.cloneNode(true)));
  };
  // A field is put where the caret stood; into a text that nobody has been in, at its end.
  const carets = new WeakMap();
  document.addEventListener("focusout", (event) => {
    if (event.target.matches("textarea[name=value]")) carets.set(event.target, [event.target.selectionStart, event.target.selectionEnd]);
  });
  const backToText = (picker) => {
    const text = field(picker).querySelector("textarea[name=value]");
    const [start, end] = carets.get(text) ?? [text.value.length, text.value.length];
    picker.querySelector("[data-combo] input").value = "";
    picker.querySelector("[data-absent]").hidden = true;
    picker.open = false;
    text.focus();
    text.setSelectionRange(start, end);
    return text;
  };
  const insert = (picker, path, otherwise = "") => {
    const text = backToText(picker);
    const chip = otherwise ? `{{${path}|${otherwise}}}` : `{{${path}}}`;
    text.setRangeText(chip, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  // A field that some people lack: what is written for them is asked first.
  const askAbsent = (picker, option) => {
    const asked = picker.querySelector("[data-absent]"), text = asked.querySelector("[data-absent-text]");
    asked.dataset.absent = option.dataset.value;
    asked.querySelector("[data-absent-field]").textContent = option.querySelector("strong").textContent;
    asked.hidden = false;
    text.value = "";
    text.focus({ preventScroll: true });
    asked.scrollIntoView({ block: "nearest" });
  };
  const insertAsked = (inside) => {
    const asked = inside.closest("[data-absent]");
    const otherwise = asked.querySelector("[data-absent-text]").value.replaceAll("}", "");
    insert(asked.closest("[data-picker]"), asked.dataset.absent, otherwise);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-absent-insert]")) insertAsked(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("[data-absent-text]")) return;
    event.preventDefault();
    insertAsked(event.target);
  });

  const choose = (combo, option) => {
    close(combo);
    if (combo.hasAttribute("data-inserts")) {
      const picker = combo.closest("[data-picker]");
      return "mayBeAbsent" in option.dataset ? askAbsent(picker, option) : insert(picker, option.dataset.value);
    }
    const input = combo.querySelector("input");
    input.value = option.dataset.value;
    call(combo, option);
    input.dataset.chosen = input.value;
    delete combo.dataset.written;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    close(combo);
    asked += 1;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("input", (event) => {
    const combo = event.target.closest("[data-combo]");
    if (!combo || !event.isTrusted) return;
    combo.dataset.written = "";
    delete combo.dataset.walked;
    if (!combo.hasAttribute("data-inserts")) mark(combo, -1);  // what was walked to is not what is written now
    call(combo);
    search(combo);
  });
  // What stands in a search is chosen whole on arrival, so that typing takes its place; a click would undo that.
  let arrived = null;
  document.addEventListener("focusin", (event) => {
    const form = field(event.target);
    if (form) hold(form);
    const combo = event.target.closest("[data-combo]");
    if (!combo || !event.target.matches("input")) return;
    delete combo.dataset.written;
    search(combo);
    event.target.select();
    arrived = event.target;
  });
  document.addEventListener("focusout", (event) => {
    const form = field(event.target);
    if (form) setTimeout(() => form.isConnected && hold(form));
    const combo = event.target.closest("[data-combo]");
    if (combo && !combo.contains(event.relatedTarget)) close(combo);
  });
  document.addEventListener("click", (event) => {
    const combo = event.target.closest("[data-combo]");
    if (!combo || !event.target.matches("input")) return;
    if (list(combo).hidden) search(combo);
    if (event.target === arrived) event.target.select();
    arrived = null;
  });
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest(".combo-list [role=option]");
    if (event.target.closest(".combo-list")) event.preventDefault();
    if (option) choose(option.closest("[data-combo]"), option);
  });
  document.addEventListener("keydown", (event) => {
    const combo = event.target.closest("[data-combo]"), inserts = combo?.hasAttribute("data-inserts");
    if (!combo || event.isComposing) return;
    const chosen = list(combo).hidden ? null : marked(combo);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      if (list(combo).hidden) search(combo).then(() => marked(combo) || step(combo, by));
      else step(combo, by);
    } else if (event.key === "Enter" && inserts) {  // what is highlighted once the answer to what is typed is there
      event.preventDefault();
      answered.then(() => {
        const option = list(combo).hidden ? null : marked(combo);
        if (option) choose(combo, option);
      });
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      choose(combo, chosen);
    } else if (event.key === "Escape" && !inserts && !list(combo).hidden) {
      event.preventDefault();
      event.stopPropagation();
      close(combo);
    }
  });

  document.addEventListener("keydown", (event) => {
    const picker = event.key === "Escape" && !event.isComposing && event.target.closest("[data-picker][open]");
    if (!picker) return;
    event.preventDefault();
    event.stopPropagation();
    close(picker.querySelector("[data-combo]"));
    backToText(picker);
  });

  // How long a text is, told while it is written where there is a limit.
  document.addEventListener("input", (event) => {
    const most = Number(event.target.dataset?.longest), form = most && field(event.target);
    if (!form) return;
    const length = [...event.target.value].length;
    let told = form.querySelector("[data-length]");
    if (!told) {
      told = Object.assign(document.createElement("span"), { className: "field-length" });
      told.dataset.length = "";
      event.target.after(told);
    }
    told.textContent = `${length} / ${most}`;
    told.classList.toggle("is-over", length > most);
  });

  // From the notice that something is not saved to where it is.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-to-unsaved]")) return;
    const refused = document.querySelector("#panel :is([data-unsaved], .cond-mistake)");
    const place = refused?.closest("[data-field], .cond-part");
    place?.scrollIntoView({ block: "center" });
    place?.querySelector("[name=value]:not([type=hidden]), [aria-invalid], textarea, input:not([type=hidden]), select")?.focus();
  });

  // A chip of the preview leads to its place in the text; an opened picker is ready to be typed in.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("[data-picker]") && event.target.open) event.target.querySelector("input").focus();
  }, true);
})();
