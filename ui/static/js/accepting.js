// The form in which a warning is accepted: opened, it is shown whole with the focus in its text box; accepted, the focus
// is on what was accepted.
(() => {
  const show = (box) => {
    box.querySelector("textarea").focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches(".finding-accept")) show(event.target);
  }, true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-accepts]");
    const box = link && document.getElementById(link.dataset.accepts);
    if (!box) return;
    event.preventDefault();
    if (box.open) show(box);
    box.open = true;
  });
  document.addEventListener("htmx:after:swap", () => setTimeout(() => {
    const accepted = document.querySelector("[data-just-accepted]");
    if (!accepted) return;
    delete accepted.dataset.justAccepted;
    accepted.focus({ preventScroll: true });
    accepted.scrollIntoView({ block: "nearest" });
  }));
})();
