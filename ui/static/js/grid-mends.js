// Mends that the findings offer, and links from them to their rows. Without a grid (columns that cannot be read) mends
// still work, and the page is asked for anew.
window.gridMends = (grid) => {
  document.addEventListener("click", (event) => {
    const mend = event.target.closest("[data-command]");
    if (mend && !grid.locked && !event.target.closest("[data-deed]")) {
      mend.disabled = true;
      for (const command of JSON.parse(mend.dataset.command)) grid.edits.send({ command, base: Number(mend.dataset.base) }, (answer) => {
        mend.disabled = false;
        if (answer.said) grid.edits.complain(answer.said);
        else document.getElementById(mend.dataset.empties)?.replaceChildren();
      });
      return;
    }
    const link = event.target.closest('a[href*="#row-"], a[href*="#f:/rows/"]');
    if (link && link.pathname === location.pathname && grid.cursor.arrive(link.hash)) event.preventDefault();
  });
};
window.gridMendsAlone = () => {
  const carryOut = async (commands, base) => {
    for (const command of commands) {
      const answer = await sending.post(`/edit/ruleset/${location.pathname.split("/")[2]}/commands`, new URLSearchParams({ command: JSON.stringify(command), base }));
      if (!answer) { sending.unsent(() => carryOut(commands.slice(commands.indexOf(command)), base)); return; }
      if (!answer.ok) { sending.say(await answer.text()); return; }
    }
    location.reload();
  };
  document.addEventListener("click", (event) => {
    const deed = event.target.closest("[data-command]");
    if (deed) carryOut(JSON.parse(deed.dataset.command), deed.dataset.base);
  });
};
