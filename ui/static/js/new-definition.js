// The form of a new definition: choosing what to start from chooses its row.
(() => {
  const form = document.querySelector("[data-chooses-source]");
  if (!form) return;
  form.addEventListener("change", (event) => {
    const radio = document.getElementById(event.target.dataset.source || "");
    if (!radio) return;
    radio.checked = true;
    if (event.target.matches("select")) radio.value = event.target.value;
  });
})();
