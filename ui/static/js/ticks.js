// The list of runs: how many rows are ticked, and one box that ticks all of the page.
(() => {
  const all = document.querySelector("[data-tick-all]");
  if (!all) return;
  const form = all.closest("form"), rows = [...form.querySelectorAll('input[name="run"]')];
  const count = () => {
    const ticked = rows.filter((row) => row.checked).length;
    for (const place of form.querySelectorAll("[data-ticked]")) place.textContent = ticked;
    all.checked = ticked > 0 && ticked === rows.length;
    all.indeterminate = ticked > 0 && ticked < rows.length;
  };
  all.disabled = !rows.length;
  all.addEventListener("change", () => { for (const row of rows) row.checked = all.checked; count(); });
  form.addEventListener("change", count);
  addEventListener("pageshow", count);  // a browser that goes back brings the ticks along
  count();
})();
