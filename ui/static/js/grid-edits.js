// Edits of the grid on their way to the server, one after the other, and what is said of those that it does not take.
window.gridEdits = (grid) => {
  const { home, address } = grid;
  const notice = document.getElementById("edit-notice");
  let queue = Promise.resolve(), waiting = 0, behind = false;

  const post = async (path, body) => {
    const answer = await sending.post(`${address}/${path}`, JSON.stringify(body), { "Content-Type": "application/json" });
    if (!answer) return { status: 0 };
    if (answer.headers.get("Content-Type")?.startsWith("text/html")) return { status: answer.status, notice: await answer.text() };
    return { status: answer.status, ...(await answer.json().catch(() => ({}))) };
  };
  const tidy = () => { for (const each of [...notice.children]) if (!("unsent" in each.dataset)) each.remove(); };
  const complain = (said) => {
    if (said === home.dataset.lost) return;  // the notice with which it is sent again tells it
    const made = document.createElement("p");
    made.className = "notice notice-bad";
    made.setAttribute("role", "alert");
    made.textContent = said;
    tidy();
    notice.prepend(made);
  };
  const refused = (said) => { complain(said); refresh(); };
  const catchUp = (answer) => { behind = false; grid.answers.take(answer); };

  const answered = (answer, meant, then) => {
    if (answer.status === 200) {
      tidy();
      if (waiting > 1) behind = true;  // the answer to the last one brings all
      else catchUp(answer);
      then?.(answer);
      document.body.dispatchEvent(new CustomEvent("draft-changed", { bubbles: true, detail: { revision: answer.revision } }));
    } else if (answer.notice) {  // somebody else was quicker: both values, and both ways on
      notice.insertAdjacentHTML("afterbegin", answer.notice);
      htmx.process(notice);
      then?.({ said: notice.querySelector("strong")?.textContent ?? home.dataset.lost });
    } else if (answer.said ?? answer.detail) {
      const said = answer.said ?? answer.detail;
      then ? then({ said }) : complain(said);
    } else {
      then?.({ said: home.dataset.lost });
      sending.unsent(() => send(meant, then));
    }
  };
  const send = (edit, then) => {
    const meant = { base: Number(home.dataset.revision), ...edit };  // of what its author sees now, however late it is sent
    waiting += 1;
    queue = queue.then(async () => {
      try {
        answered(await post("send", { seen: grid.table.seen(), ...meant }), meant, then);
      } finally {
        waiting -= 1;
        if (!waiting && behind) refresh();
      }
    }).catch(console.error);
    return queue;
  };
  const refresh = () => {
    queue = queue.then(async () => {
      if (waiting) return;  // the answer to an edit brings the same
      const answer = await post("sync", grid.table.seen());
      if (answer.status === 200) catchUp(answer);
    });
  };
  document.body.addEventListener("draft-changed", (event) => {
    if (Number(event.detail?.revision) !== Number(home.dataset.revision)) refresh();
  });
  return { send, refresh, complain, refused };
};
