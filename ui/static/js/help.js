// Words that explain themselves: Esc puts the explanation away until the word is left.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const word of document.querySelectorAll(".term:hover, .term:focus-within")) word.classList.add("hushed");
});
for (const left of ["mouseout", "focusout"]) {
  document.addEventListener(left, (event) => {
    const word = event.target.closest?.(".term");
    if (word && !word.contains(event.relatedTarget)) word.classList.remove("hushed");
  });
}
