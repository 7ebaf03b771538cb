// Edits of the grid on their way to the server, one after the other, and what is said of those that it does not take.
window.gridEdits = (grid) => {
  const { home, address } = grid;
  const notice = document.getElementById("edit-notice");
  let queue = Promise.resolve(), waiting = 0, behind = false, refusals = 0;

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
  const wentBack = (why, told) => {  // a text that the server refused: the cell has what is kept, the notice what was written
    const words = { ...told, why };
    refused(home.dataset.wentBack.replace(/\{(row|column|text|why)\}/g, (_, name) => words[name]));
  };
  const catchUp = (answer) => { behind = false; grid.answers.take(answer); };

  const answered = (answer, meant, then) => {
    if (answer.status !== 200) refusals += 1;
    if (answer.status === 200) {
      tidy();
      if (waiting > 1) behind = true;  // the answer to the last one brings all
      else catchUp(answer);
      then?.(answer);
      document.body.dispatchEvent(new CustomEvent("draft-changed", { bubbles: true, detail: { revision: answer.revision } }));
    } else if (answer.notice) {  // somebody else was quicker: both values, and both ways on
      notice.insertAdjacentHTML("afterbegin", answer.notice);
      htmx.process(notice);
      then?.({ said: notice.querySelector("strong")?.textContent ?? home.dataset.lost, stays: true });
    } else if (answer.said ?? answer.detail) {
      const said = answer.said ?? answer.detail;
      then ? then({ said, stays: answer.stays }) : complain(said);
    } else {
      then?.({ said: home.dataset.lost, stays: true });
      sending.unsent(() => send(meant, then));
    }
  };
  const send = (edit, then) => {
    const meant = { base: Number(home.dataset.revision), ...edit };  // of what its author sees now, however late it is sent
    waiting += 1;
    queue = turns.during(queue.then(async () => {
      try {
        answered(await post("send", { seen: grid.table.seen(), ...meant }), meant, then);
      } finally {
        waiting -= 1;
        if (!waiting && behind) refresh();
      }
    }).catch(console.error));
    return queue;
  };
  const settled = async () => {  // whether all that is on its way was taken, once it has arrived
    const before = refusals;
    while (waiting) await queue;
    return refusals === before;
  };
  const isUnsent = () => [...notice.children].some((each) => "unsent" in each.dataset);
  const refresh = () => {
    queue = queue.then(async () => {
      if (waiting) return;  // the answer to an edit brings the same
      const answer = await post("sync", grid.table.seen());
      if (waiting) behind = true;  // what was written meanwhile stays in sight
      else if (answer.status === 200) catchUp(answer);
    });
  };
  document.addEventListener("htmx:before:request", (event) => {  // undo and redo bring the rows along
    const form = event.target.closest?.("#edit-bar form"), deed = form?.getAttribute("action").match(/\/(undo|redo)$/)?.[1];
    if (!deed) return;
    event.preventDefault();
    send({ turn: { deed, n: Number(form.elements.n.value) } });
  });
  document.body.addEventListener("draft-changed", (event) => {
    if (Number(event.detail?.revision) !== Number(home.dataset.revision)) refresh();
  });
  return { send, refresh, complain, refused, wentBack, settled, isUnsent, isBusy: () => waiting > 0 };
};
