// Nothing of the grid is lost by going elsewhere: what is on its way arrives first, and the browser asks about the rest.
window.gridLeaving = (grid) => {
  let passing = null;
  const arriveFirst = (event, way, go) => {  // whoever is refused something meanwhile stays, and reads why
    if (way === passing || !grid.edits.isBusy()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    grid.edits.settled().then((isTaken) => {
      if (!isTaken) { document.getElementById("edit-notice").scrollIntoView({ block: "nearest" }); return; }
      passing = way;
      go();
      passing = null;
    });
  };
  document.addEventListener("click", (event) => {
    const way = event.target.closest("a[href]");
    if (!way || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (way.matches("[target=_blank]") || (way.pathname === location.pathname && way.search === location.search)) return;
    arriveFirst(event, way, () => way.click());
  }, true);
  document.addEventListener("submit", (event) => {  // the form that signs out
    const form = event.target;
    if (form.matches(".who")) arriveFirst(event, form, () => form.requestSubmit(event.submitter));
  }, true);
  addEventListener("beforeunload", (event) => {
    if (grid.edits.isBusy() || grid.edits.isUnsent() || grid.writing.isUnsaved()) event.preventDefault();
  });
};
