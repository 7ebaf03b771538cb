// Commands on their way to the server. Whoever is signed out is led to sign in; what did not arrive, or was answered by
// no notice of ours, is told at the bar and can be sent again.
window.sending = (() => {
  const bar = () => document.getElementById("edit-notice");
  const isTold = (answer) => answer.ok || answer.headers.has("HX-Retarget") || (answer.headers.get("Content-Type") ?? "").includes("json");
  const post = async (address, body, headers = {}) => {  // the answer; null where the command has to be sent again
    const answer = await fetch(address, { method: "POST", body, headers: { ...thisTab, "HX-Request": "true", ...headers } }).catch(() => null);
    const away = answer?.headers.get("HX-Redirect");
    if (away) { location.assign(away); return new Promise(() => {}); }  // the page is left: nothing follows
    return answer && answer.status < 500 && isTold(answer) ? answer : null;
  };
  const say = (html) => {  // in the place of what was said before of a command that arrived
    const box = document.createElement("div");
    box.innerHTML = html;
    for (const each of box.children) each.setAttribute("data-mine", "");
    for (const old of bar().querySelectorAll("[data-mine]")) old.remove();
    bar().prepend(...box.childNodes);
    htmx.process(bar());
  };
  const unsent = (again) => {
    const note = document.getElementById("edit-unsent").content.firstElementChild.cloneNode(true);
    note.querySelector("[data-again]").addEventListener("click", () => { note.remove(); again(); });
    bar().prepend(note);
  };
  return { post, say, unsent };
})();
