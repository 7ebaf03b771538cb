// The picture of a journey: pan by dragging, zoom by buttons or Ctrl+wheel, arrow keys, Esc; counts that stay current.
(() => {
  const canvas = document.querySelector("[data-canvas]");
  const svg = canvas?.querySelector("svg");
  if (!svg) return;
  const designing = canvas.classList.contains("canvas-design") || !!canvas.closest("[data-design]");
  const smallest = designing ? 0.88 : 0;  // buttons on the ways must stay large enough to be hit
  const view = { x: 0, y: 0, scale: 1 };  // scale: pixels of the screen per unit of the drawing

  const draw = () => {
    const { width, height } = svg.getBoundingClientRect();
    if (!width) return;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${width / view.scale} ${height / view.scale}`);
    svg.style.setProperty("--unscale", Math.max(1, 1 / view.scale));
  };
  const spot = (node) => {
    const found = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(node?.getAttribute("transform") || "");
    return found && { x: Number(found[1]), y: Number(found[2]) };
  };
  const fit = () => {  // as wide as it goes, never magnified; the start at the top, in the middle where not all is in sight
    const { width } = svg.getBoundingClientRect();
    if (!width) return;
    const whole = Number(svg.dataset.width);
    view.scale = Math.max(smallest, Math.min(1, width / whole));
    const room = width / view.scale, start = spot(svg.querySelector(".node-entry")), body = svg.querySelector(".node-entry .body");
    view.x = whole <= room || !start ? (whole - room) / 2 : Math.min(whole - room, Math.max(0, start.x + body.width.baseVal.value / 2 - room / 2));
    view.y = 0;
    draw();
  };
  const zoom = (factor, at) => {
    const { width, height, left, top } = svg.getBoundingClientRect();
    const px = at ? at.clientX - left : width / 2, py = at ? at.clientY - top : height / 2;
    const scale = Math.min(2.5, Math.max(0.2, view.scale * factor));
    view.x += px / view.scale - px / scale;
    view.y += py / view.scale - py / scale;
    view.scale = scale;
    draw();
  };
  const aside = (dx) => {  // as far as there is something to see
    const before = view.x, most = Number(svg.dataset.width) - svg.getBoundingClientRect().width / view.scale;
    const to = view.x + dx / view.scale;
    view.x = dx > 0 ? Math.max(before, Math.min(to, Math.max(0, most))) : Math.min(before, Math.max(to, Math.min(0, most)));
    draw();
    return view.x !== before;
  };
  const pan = (dx, dy) => { view.x += dx / view.scale; view.y += dy / view.scale; draw(); };

  canvas.addEventListener("click", (event) => {
    const wish = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (wish === "fit") fit();
    else if (wish) zoom(wish === "in" ? 1.25 : 0.8);
  });
  svg.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, event);
    else if (!designing || Math.abs(event.deltaX) <= Math.abs(event.deltaY) || !aside(event.deltaX)) return;  // the plain wheel scrolls the page
    event.preventDefault();
  }, { passive: false });

  const held = new Map();  // pointers that are down: one pans, two zoom
  let moved = false;
  const spread = () => {
    const [a, b] = [...held.values()];
    return { size: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 };
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!held.size) moved = false;
    held.set(event.pointerId, event);
  });
  addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const dx = last.clientX - event.clientX, dy = last.clientY - event.clientY;
    if (!moved && Math.hypot(dx, dy) < 4) return;
    moved = true;
    svg.classList.add("grabbed");
    if (held.size === 1) { held.set(event.pointerId, event); pan(dx, dy); return; }
    const before = spread();
    held.set(event.pointerId, event);
    zoom(spread().size / before.size, before);
  });
  for (const over of ["pointerup", "pointercancel"]) {
    addEventListener(over, (event) => { held.delete(event.pointerId); svg.classList.remove("grabbed"); });
  }
  svg.addEventListener("click", (event) => { if (moved) event.preventDefault(); moved = false; }, true);
  svg.addEventListener("dragstart", (event) => event.preventDefault());

  const ways = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const middle = (node) => {
    const box = node.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const neighbour = (from, [dx, dy]) => {  // the nearest node in that direction, straight ahead preferred
    const [x, y] = middle(from);
    const ranked = [...svg.querySelectorAll(".node")].flatMap((node) => {
      const [nx, ny] = middle(node);
      const ahead = (nx - x) * dx + (ny - y) * dy, aside = Math.abs((nx - x) * dy) + Math.abs((ny - y) * dx);
      return node !== from && ahead > 4 ? [[ahead + 2 * aside, node]] : [];
    });
    return ranked.sort((a, b) => a[0] - b[0])[0]?.[1];
  };
  const reveal = (node) => {
    const box = node.getBoundingClientRect(), frame = svg.getBoundingClientRect();
    const over = (low, high, from, to) => (low < from + 16 ? low - from - 16 : high > to - 16 ? high - to + 16 : 0);
    pan(over(box.left, box.right, frame.left, frame.right), over(box.top, box.bottom, frame.top, frame.bottom));
  };
  canvas.addEventListener("keydown", (event) => {
    const node = document.activeElement.closest?.(".node");
    if (event.key === "Escape") { fit(); canvas.focus(); }
    else if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (ways[event.key] && node) neighbour(node, ways[event.key])?.focus();
    else if (ways[event.key]) pan(ways[event.key][0] * 60, ways[event.key][1] * 60);
    else return;
    event.preventDefault();
  });
  svg.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) reveal(event.target); });

  const recount = () => {
    for (const here of document.querySelectorAll("[data-here]")) {
      const people = svg.querySelector(`[data-people="${CSS.escape(here.dataset.here)}"]`);
      if (!people || people.dataset.count === here.dataset.count) continue;
      const half = 9 + 4 * here.dataset.count.length, pill = people.querySelector(".pill");
      people.dataset.count = people.querySelector("text").textContent = here.dataset.count;
      pill.setAttribute("x", -half);
      pill.setAttribute("width", 2 * half);
      people.classList.toggle("people-stuck", here.dataset.stuck !== "0");
      people.classList.remove("changed");
      requestAnimationFrame(() => people.classList.add("changed"));
    }
  };
  document.addEventListener("htmx:after:swap", recount);

  // The picture was drawn anew: what was looked at stays where it was.
  const looked = () => svg.querySelector(".node:focus") || svg.querySelector(".node[aria-current]") || svg.querySelector(".node");
  let anchor = null;
  document.addEventListener("htmx:before:swap", () => {
    const node = looked();
    anchor = node && { id: node.id, at: spot(node) };
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (!svg.isConnected || !event.detail?.ctx?.target?.contains?.(svg)) return;
    const now = anchor?.at && spot(document.getElementById(anchor.id));
    if (now) { view.x += now.x - anchor.at.x; view.y += now.y - anchor.at.y; }
    draw();
  });
  document.addEventListener("canvas:reveal", (event) => {
    const node = svg.querySelector(`[data-node="${CSS.escape(event.detail.node)}"]`);
    if (node && svg.getBoundingClientRect().width) reveal(node);
  });
  addEventListener("resize", fit);
  fit();
})();
