// The notices of an editor's page, undo and redo by keys, and the way from a finding to its line.
// Each tab is an author of its own: what one tab did since, another is told of rather than writes over.
const thisTab = { "X-Tab": (sessionStorage.tab ??= crypto.getRandomValues(new Uint32Array(1))[0].toString(16)) };
document.addEventListener("htmx:config:request", (event) => Object.assign(event.detail.ctx.request.headers, thisTab));

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

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const key = event.key.toLowerCase();
  const isRedo = key === "y" || (key === "z" && event.shiftKey);
  if (!isRedo && key !== "z") return;
  const button = document.getElementById(isRedo ? "edit-redo" : "edit-undo");
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

function goTo(text, line, column) {
  if (!text) return;
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  text.focus();
  text.setSelectionRange(start + column - 1, start + (lines[line - 1] ?? "").length);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = Math.max(0, (line - 4) * height);
}
