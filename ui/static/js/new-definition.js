// The form of a new definition: the key follows the English title until it is written by hand; choosing chooses its row.
(() => {
  const form = document.querySelector("[data-proposes-key]");
  if (!form) return;
  const title = form.querySelector("[data-title]"), key = form.querySelector("[data-key]");
  const slug = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[-\d]+|-+$/g, "").slice(0, 59);
  let own = key.value && key.value !== slug(title.value);
  key.addEventListener("input", () => { own = key.value !== ""; });
  title.addEventListener("input", () => { if (!own) key.value = slug(title.value); });
  form.addEventListener("change", (event) => {
    const radio = document.getElementById(event.target.dataset.source || "");
    if (!radio) return;
    radio.checked = true;
    if (event.target.matches("select")) radio.value = event.target.value;
  });
})();
