// Texts of a spreadsheet's clipboard: cells between tabs, lines between line ends, quotes around what holds either.
window.gridSheet = (() => {
  const quoted = (one) => (/[\t\n"]/.test(one) ? `"${one.replaceAll('"', '""')}"` : one);
  const read = (given) => {
    const found = [[""]];
    let inside = false;
    for (let i = 0; i < given.length; i += 1) {
      const line = found.at(-1), sign = given[i];
      if (inside && sign === '"' && given[i + 1] === '"') { line[line.length - 1] += '"'; i += 1; }
      else if (sign === '"' && (inside || line.at(-1) === "") && (inside || closes(given, i))) inside = !inside;
      else if (!inside && sign === "\t") line.push("");
      else if (!inside && sign === "\n") found.push([""]);
      else if (sign !== "\r" || inside) line[line.length - 1] += sign;
    }
    if (found.length > 1 && found.at(-1).length === 1 && !found.at(-1)[0]) found.pop();
    return found;
  };
  const closes = (given, i) => {  // whether a quote at the beginning of a cell is that of a spreadsheet: it ends the cell
    for (let j = i + 1; j < given.length; j += 1) {
      if (given[j] !== '"') continue;
      if (given[j + 1] === '"') { j += 1; continue; }
      return j + 1 >= given.length || "\t\r\n".includes(given[j + 1]);
    }
    return false;
  };
  const write = (lines) => lines.map((line) => line.map(quoted).join("\t")).join("\n");
  return { read, write };
})();
