// The notices of an editor's page, undo and redo by keys, and the way from a finding to its line.
// Each tab is an author of its own: what one tab did since, another is told of rather than writes over.
const thisTab = { "X-Tab": (sessionStorage.tab ??= crypto.getRandomValues(new Uint32Array(1))[0].toString(16)) };
// `told` is the revision up to which this page has been told what others did; its own edits and a newer bar tell nothing of that.
let told = null;
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  Object.assign(ctx.request.headers, thisTab);
  if (ctx.sourceElement.id === "edit-pulse") ctx.request.body.set("told", told ??= ctx.sourceElement.dataset.revision);
});
document.addEventListener("others-told", (event) => { told = event.detail.revision; });

document.addEventListener("click", (event) => {
  const dismissed = event.target.closest("[data-dismiss]");
  if (dismissed) dismissed.closest("[data-notice]").remove();
  const found = event.target.closest("[data-line]");
  if (found) goTo(document.getElementById("json-text"), Number(found.dataset.line), Number(found.dataset.column));
});

// A conflict is settled once its author's command was carried out.
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("[data-settles]");
  if (form && event.detail.ctx.response.status < 400) form.closest("[data-notice]").remove();
});

// Undo and redo, one after the other: each waits until all that was done before it has arrived and the bar shows it.
window.turns = (() => {
  const asked = [], underWay = new Set();
  let heard = 0;           // the revision of the draft that the page was told of last
  let turned = null;       // what had been heard when the turn began that is under way
  const bar = () => document.getElementById("edit-bar");
  const isCurrent = () => !underWay.size && heard <= Number(document.getElementById("edit-pulse")?.dataset.revision ?? -1);
  const goOn = () => {
    if (!isCurrent()) return;
    if (turned === heard) asked.length = 0;  // it was refused, or not confirmed: what was to follow it is not wanted
    turned = null;
    const button = document.getElementById(`edit-${asked.shift()}`);
    if (!button || button.disabled) { asked.length = 0; return; }
    turned = heard;
    button.click();
  };
  const ask = (turn) => { asked.push(turn); goOn(); };
  const during = async (work) => {
    const mark = {};
    underWay.add(mark);
    try { return await work; } finally { underWay.delete(mark); goOn(); }
  };

  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    if (ctx.request.method !== "GET" || ctx.sourceElement === bar()) underWay.add(ctx);
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => { underWay.delete(ctx); goOn(); });
  document.addEventListener("draft-changed", (event) => { heard = event.detail?.revision ?? heard; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#edit-undo, #edit-redo");
    if (!button || isCurrent()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(button.id.slice("edit-".length));
  }, true);
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !bar()) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const key = event.key.toLowerCase(), isRedo = key === "y" || (key === "z" && event.shiftKey);
    if (!isRedo && key !== "z") return;
    event.preventDefault();
    ask(isRedo ? "redo" : "undo");
  });
  return { during };
})();

function goTo(text, line, column) {
  if (!text) return;
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  text.focus();
  text.setSelectionRange(start + column - 1, start + (lines[line - 1] ?? "").length);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = Math.max(0, (line - 4) * height);
}
