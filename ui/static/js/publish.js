// What must be ticked before publishing says so at the tick, where the browser's own bubble would cover the button.
for (const tick of document.querySelectorAll("[data-told-by]")) {
  const told = document.getElementById(tick.dataset.toldBy);
  const tell = (missing) => {
    told.hidden = !missing;
    told.textContent = missing ? told.dataset.said : "";
    tick.toggleAttribute("aria-invalid", missing);
    if (missing) tick.setAttribute("aria-describedby", told.id);
    else tick.removeAttribute("aria-describedby");
  };
  tick.addEventListener("invalid", (event) => {
    event.preventDefault();
    tell(true);
    tick.focus();
  });
  tick.addEventListener("change", () => tell(false));
}
