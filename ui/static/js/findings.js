// The way from a finding to its place: the field, or what is nearest around it, opened, shown and focused.
(() => {
  let wanted = "";
  const ends = "input:not([type=hidden]), select, textarea, button, a[href], [tabindex]";
  const quoted = (pointer) => pointer.split("/").map((step) => encodeURIComponent(step).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)).join("/");
  const listed = (place) => !place.closest("#edit-problems, #grid-findings, .troubles");
  const at = (pointer) => [document.getElementById(`f:${quoted(pointer)}`),
    ...document.querySelectorAll(`[data-pointer="${CSS.escape(pointer)}"], [data-says="${CSS.escape(pointer)}"]`)].find((place) => place && listed(place));
  const nearest = () => {
    const steps = wanted.split("/"), least = steps[1] === "nodes" ? 3 : 1;
    for (let n = steps.length; n > least; n -= 1) {
      const place = at(steps.slice(0, n).join("/"));
      if (place) return place;
    }
    return document.getElementById("chosen-title") || at("/") || document.getElementById("panel-title");
  };
  const coming = () => {  // whether the part of the page that holds the place is still on its way
    const panel = document.getElementById("panel"), settings = document.getElementById("grid-settings");
    const tests = document.getElementById("grid-tests");
    return (panel && !panel.classList.contains("side-panel")) || (settings && !settings.querySelector("[data-says]")) ||
      (tests && wanted.startsWith("/tests") && !tests.querySelector("[data-marks]"));
  };
  const arrive = () => {
    if (!wanted || coming()) return;
    const place = nearest();
    wanted = "";
    if (!place) return;
    for (let box = place.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    const shown = place.hidden ? place.parentElement : place;
    const end = shown.matches(ends) ? shown : shown.querySelector(ends) || shown;
    if (end === shown && !shown.matches(ends)) shown.tabIndex = -1;
    end.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "center" });
  };
  const want = (hash) => {
    if (!hash.startsWith("#f:") || hash.startsWith("#f:/rows/")) return;
    wanted = decodeURIComponent(hash.slice(3));
    arrive();
  };
  let toList = location.hash === "#edit-problems";  // to all that was found, once it is there
  const arriveAtList = () => {
    const list = document.getElementById("edit-problems");
    if (!toList || coming() || !list?.querySelector(".panel-head")) return;
    toList = false;
    list.tabIndex = -1;
    list.focus({ preventScroll: true });
    list.scrollIntoView({ block: "start" });
  };
  document.addEventListener("htmx:after:swap", () => setTimeout(() => { arrive(); arriveAtList(); }));
  for (const moved of ["pointerdown", "keydown"]) document.addEventListener(moved, () => { wanted = ""; toList = false; });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-place]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.pathname !== location.pathname || link.search !== location.search) return;
    event.preventDefault();
    history.replaceState({}, "", link.href);
    want(link.hash);
  });
  want(location.hash);

  // What is wrong with a part of the page, told beside it: the list of findings says it, by the place in the document.
  const tell = () => {
    const source = document.querySelector("#grid-findings [data-marks]");
    if (!source) return;
    const marks = JSON.parse(source.dataset.marks);
    for (const slot of document.querySelectorAll("[data-says]")) {
      const told = marks[slot.dataset.says] ?? [];
      slot.hidden = !told.length;
      slot.replaceChildren(...told.flatMap((note) => {
        const line = Object.assign(document.createElement("span"), { className: `says-${note.kind}`, textContent: note.said });
        line.prepend(...(document.getElementById(`mark-${note.kind}`)?.content.cloneNode(true).childNodes ?? []));
        return line;
      }));
    }
  };
  document.addEventListener("htmx:after:swap", tell);
  tell();
})();
