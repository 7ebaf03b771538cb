// A simulated walk: the station where it stands is in sight, and letters press its buttons.
(() => {
  const here = document.querySelector('.station[aria-current="step"]');
  const list = here?.closest(".stations");
  if (list) list.scrollTop = here.offsetTop - list.offsetTop;
  const keys = { n: "step", b: "back", d: "deadline", r: "run", w: "rest" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, [data-canvas]")) return;
    const button = document.querySelector(`[data-deed="${keys[event.key] ?? ""}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    button.click();
  });
})();
