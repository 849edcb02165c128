// Number grids side by side (app/figures/grids.py). The cell under the pointer lights the cells it is linked to, and a
// sentence below spells the sum: without the server, from the taps that came with the picture.
const [PADDING, ZERO, DROPPED, BEYOND] = [1, 2, 3, 4], [TIED, WINNER] = [2, 3], MOST_TERMS = 32;
const asText = (v) => (Number.isNaN(v) ? "" : Number.isFinite(v) ? String(+v.toFixed(2)) : `${v}`.replace("Infinity", "∞")).replace("-", "−");
const fillIn = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const blend = (one, other, t) => `rgb(${[1, 3, 5].map((i) => Math.round(parseInt(one.slice(i, i + 2), 16) * (1 - t) + parseInt(other.slice(i, i + 2), 16) * t))})`;

function loaded(picture) { // typed arrays, and the text of each number
  const { grids, links, payload, roles } = picture;
  if (picture.taps) return picture;
  const bytes = roles ? (payload.length / (2 * links + 1)) * 2 * links : payload.length;
  grids.forEach((g) => { g.values = unpack(g.values); g.marks = unpack(g.marks) ?? new Uint8Array(g.values.length); g.texts = Array.from(g.values, asText); });
  picture.of = Array.from({ length: links }, (_, link) => grids.find((g) => g.link === link)); // the grid that names a link
  return Object.assign(picture, { taps: new Int16Array(payload.buffer, 0, bytes / 2), roles: roles && payload.subarray(bytes) });
}
function named(grid, cell) { // [row, column], counted from the first pixel; [column] in one dimension
  const at = [Math.floor(cell / grid.columns), cell % grid.columns].map((v, i) => asText((v - grid.origin[i]) / grid.every));
  return `[${(grid.rows === 1 ? at.slice(1) : at).join(", ")}]`;
}
function linked({ taps, links, roles, grids }, chosen) { // the taps of a cell, and for each link: cell -> [last tap, how many, role]
  const { link } = grids[chosen[0]], found = [], lit = Array.from({ length: links }, () => new Map());
  for (let t = 0; t * links < taps.length; t++) if (taps[t * links + link] === chosen[1]) found.push(t);
  for (const t of found) lit.forEach((cells, l) => {
    const cell = taps[t * links + l];
    if (cell >= 0) cells.set(cell, [t, (cells.get(cell)?.[1] ?? 0) + 1, roles?.[t] ?? 0]);
  });
  return { found, lit };
}
function spelt({ grids, taps, links, of }, [g, cell], found) { // the sentence of a cell
  const grid = grids[g], term = (t) => fillIn(grid.term, Object.fromEntries(of.flatMap((o, l) => {
    const at = taps[t * links + l];
    return o && at >= 0 ? [[l, o.texts[at]], [`at${l}`, named(o, at)]] : [];
  })));
  const terms = found.slice(0, MOST_TERMS).map(term).join(grid.joined) + (found.length > MOST_TERMS ? ` ${grid.joined.trim()} …` : "");
  const text = fillIn(found.length || !grid.idle ? grid.say : grid.idle, { at: named(grid, cell), value: grid.texts[cell], n: found.length, terms });
  return text.replace(/([·+] ?)(−[\d.]+)/g, "$1($2)"); // 3·(−1)
}
function arranged(grids, width, height, wide, title) { // the largest cells with which all grids find room; where each stands
  const gap = 10;
  for (let cap = height > 600 ? 110 : 72; ; cap -= cap > 24 ? 2 : 1) {
    const lines = [];
    for (const [i, g] of grids.entries()) {
      const cell = Math.max(1, Math.min(cap, Math.floor(width / g.columns))), w = Math.max(cell * g.columns, wide[i]), after = grids[i - 1]?.sign ? 36 : 22;
      const last = lines.at(-1), x = last && last.w + after;
      if (last && grids[i - 1].line === g.line && x + w <= width) { last.places.push({ i, x, w, cell }); last.w = x + w; }
      else lines.push({ places: [{ i, x: 0, w, cell }], w });
    }
    lines.forEach((line) => (line.h = title + Math.max(...line.places.map(({ i, cell }) => grids[i].rows * cell))));
    const tall = lines.reduce((sum, line) => sum + line.h + gap, -gap);
    if (tall > height && cap > 5) continue;
    let y = 0;
    const places = [];
    for (const { places: row, w, h } of lines) {
      for (const p of row) places[p.i] = { cell: p.cell, x: Math.round((width - w) / 2 + p.x + (p.w - p.cell * grids[p.i].columns) / 2),
        y: Math.round(y + title + (h - title - grids[p.i].rows * p.cell) / 2) };
      y += h + gap;
    }
    return { places, tall };
  }
}
painters.grids = function (picture) {
  if (!this.board) this.buildBoard();
  this.stage.role = "group"; // its canvas can be walked through
  const own = Object.keys(this.held).length; // what was chosen here comes back: it says nothing new
  if (String(picture.chosen) !== String(this.was) && !own) this.pin = null; // chosen anew by the controls
  [this.was, this.hover] = [picture.chosen, null];
  if (picture !== this.painted && !this.clock && !own) this.unveiled = null;
  if (this.step !== null && this.step !== this.stepped) Object.assign(this, { pin: [picture.plays, this.step], unveiled: this.step });
  [this.stepped, this.painted] = [this.step, picture];
  const at = this.pin ?? picture.chosen;
  if (this.player && !this.clock && at?.[0] === picture.plays && at[1] < this.steps) this.scrub.value = this.step = this.stepped = at[1]; // playback goes on from here
  else if (this.clock) this.scrub.value = this.step;
  this.board.style.touchAction = picture.paints ? "none" : "";
  this.board.ariaLabel = picture.hint;
  this.facts.textContent = "";
  for (const fact of picture.facts) make(this.facts, "span", "lb-fact", {}, fact);
  for (const [mark, text] of picture.legend) make(this.facts, "span", `lb-key lb-key-${mark}`, {}, text);
  if (picture.paints) this.ink(loaded(picture).grids[0]);
  this.drawGrids(loaded(picture));
};
Object.assign(Figure.prototype, {
  buildBoard() {
    this.board = make(this.stage, "canvas", "lb-board", { tabindex: 0, role: "application" });
    this.sum = make(this.root, "div", "lb-sum", { role: "status" });
    this.facts = make(this.root, "div", "lb-facts");
    this.stage.after(this.sum, this.facts);
    this.together = () => this.board; // what is saved as PNG
    Object.assign(this.board, {
      onpointermove: (e) => (this.stroke === undefined ? this.over(this.cellAt(e)) : this.brush(this.cellAt(e))),
      onpointerleave: () => this.over(null),
      onclick: (e, cell = this.cellAt(e)) => cell && !(this.picture.paints && cell[0] === 0) && this.choose(cell),
      onkeydown: (e) => this.walk(e),
      onpointerdown: (e) => { this.brush(this.cellAt(e), true); if (this.stroke !== undefined) this.board.setPointerCapture(e.pointerId); },
      onpointerup: () => this.endStroke(), onpointercancel: () => this.endStroke(),
    });
  },
  cellAt({ offsetX, offsetY }) {
    for (const [g, { x, y, cell }] of (this.places ?? []).entries()) {
      const { rows, columns } = this.picture.grids[g], [c, r] = [offsetX - x, offsetY - y].map((v) => Math.floor(v / cell));
      if (r >= 0 && c >= 0 && r < rows && c < columns) return [g, r * columns + c];
    }
    return null;
  },
  over(cell) { if (String(cell) !== String(this.hover)) { this.hover = cell; this.drawGrids(this.picture); } },
  choose(cell) { // it sticks; an output goes to the controls, and so into the link
    Object.assign(this, { pin: cell, hover: null, unveiled: null });
    this.drawGrids(this.picture);
    const [handle] = this.head.handles, { columns } = this.picture.grids[cell[0]];
    if (!handle || cell[0] !== this.picture.plays) return;
    this.stepped = this.step = cell[1]; // playback goes on from here
    this.hold(handle, cell[1] % columns, Math.floor(cell[1] / columns));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), 400); // when the arrow keys rest
  },
  walk(e) { // arrow keys: from cell to cell, and over the edge into the next grid; the space bar paints
    if (e.key === " " && this.picture.paints && this.lit()?.[0] === 0) { e.preventDefault(); this.brush(this.lit(), true); this.endStroke(); }
    const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key], { grids } = this.picture;
    if (!way) return;
    e.preventDefault();
    let [g, cell] = this.lit() ?? [this.picture.plays, 0], [r, c] = [Math.floor(cell / grids[g].columns) + way[0], (cell % grids[g].columns) + way[1]];
    const next = c < 0 ? g - 1 : c >= grids[g].columns ? g + 1 : g;
    if (!grids[next]) return;
    if (next !== g) c = next < g ? grids[next].columns - 1 : 0;
    this.choose([next, clamp(r, 0, grids[next].rows - 1) * grids[next].columns + c]);
  },
  lit() { // the cell that is spoken of: under the pointer, else chosen here, else by the controls
    const there = (at) => at && at[1] < (this.picture.grids[at[0]]?.values.length ?? 0);
    return [this.hover, this.pin, this.picture.chosen].find(there) ?? null;
  },
  drawGrids(picture) {
    const { grids, of } = picture, css = getComputedStyle(this.root), [paper, ink, accent] = ["background", "text", "primary"].map((n) => css.getPropertyValue(`--st-${n}-color`).trim());
    const dark = parseInt(paper.slice(1, 3), 16) < 128, hue = (c) => (dark && this.head.dark[c]) || c, family = css.getPropertyValue("--st-font");
    const width = this.root.clientWidth, pen = this.board.getContext("2d"), sharp = devicePixelRatio || 1, big = document.fullscreenElement === this.root || larger() > 1.1, title = `600 ${big ? 22 : 14}px ${family}`;
    pen.font = title;
    const room = Math.max(160, this.height() - (big ? 150 : 60)), wide = grids.map((g) => pen.measureText(g.title).width);
    const fits = (share) => arranged(grids, width - 8, room * share, wide, big ? 36 : 24), legible = ({ places: all }) => big || Math.min(...all.map((p) => p.cell)) >= 20;
    const { places, tall } = [1, 1.4, 1.9, 2.7].map(fits).find((a, i) => i === 3 || legible(a)), size = [width * sharp, (tall + 8) * sharp].map(Math.round);
    this.places = places;
    if (this.board.width !== size[0] || this.board.height !== size[1]) Object.assign(this.board, { width: size[0], height: size[1] }); Object.assign(this.board.style, { width: `${width}px`, height: `${tall + 8}px` });
    pen.setTransform(sharp, 0, 0, sharp, 4 * sharp, 4 * sharp);
    Object.assign(pen, { fillStyle: paper, textBaseline: "middle", textAlign: "center", lineJoin: "round" });
    pen.fillRect(-4, -4, width, tall + 8);
    const at = this.lit(), { found, lit } = at ? linked(picture, at) : { found: [], lit: [] };
    grids.forEach((grid, g) => {
      const { x, y, cell } = places[g], { rows, columns, values, marks, texts } = grid, longest = Math.max(...texts.map((t) => t.length));
      const font = Math.min(Math.max(cell * 0.5, 12), (cell - 3) / (0.57 * longest), big ? 44 : 26), right = x + columns * cell, cells = lit[grid.link];
      Object.assign(pen, { font: title, fillStyle: ink });
      pen.fillText(grid.title, x + (columns * cell) / 2, y - (big ? 17 : 11));
      const next = places[g + 1], beside = next && next.x > right, spot = beside || width - right > 40 ? [right + 18, y + (rows * cell) / 2] : [next?.x - 18, next?.y + 20];
      if (grid.sign && spot[0] > 8) Object.assign(pen, { font: `600 24px ${family}` }).fillText(grid.sign, ...spot);
      const box = (i, inset = 0) => [x + (i % columns) * cell + inset, y + Math.floor(i / columns) * cell + inset, cell - 2 * inset, cell - 2 * inset];
      pen.font = `${font}px ${family}`;
      for (let i = 0; i < values.length; i++) {
        const [left, top] = box(i), mark = marks[i], share = Number.isFinite(values[i]) ? Math.abs(values[i]) / grid.most : 0, veiled = g === picture.plays && this.unveiled != null && i > this.unveiled;
        pen.globalAlpha = 1;
        pen.fillStyle = veiled || !(share > 0) ? paper : blend(paper, hue(values[i] < 0 ? grid.below : grid.color), 0.6 * share);
        pen.fillRect(left, top, cell, cell);
        const known = cells?.get(i), chosen = at?.[0] === g && at[1] === i, role = chosen ? 0 : known?.[2];
        if (role >= TIED) { Object.assign(pen, { fillStyle: accent, globalAlpha: role === WINNER ? 0.6 : 0.25 }).fillRect(left, top, cell, cell); pen.globalAlpha = 1; }
        if (mark && mark !== DROPPED) this.hatch(pen, left, top, cell, mark, ink);
        Object.assign(pen, { strokeStyle: ink, lineWidth: 1, globalAlpha: 0.28 });
        if (cell > 6) pen.strokeRect(left + 0.5, top + 0.5, cell - 1, cell - 1);
        const corner = grid.corner !== null && known?.[1] === 1 && cell >= 30 && at[0] !== g && picture.taps[known[0] * picture.links + grid.corner];
        pen.globalAlpha = mark ? 0.55 : 1;
        pen.fillStyle = ink;
        if (font >= 8.5 && !veiled) pen.fillText(texts[i], left + cell / 2, top + cell * (corner !== false && corner >= 0 ? 0.38 : 0.53));
        if (mark === DROPPED) this.hatch(pen, left, top, cell, mark, ink);
        if (corner !== false && corner >= 0) {
          Object.assign(pen, { font: `600 ${Math.max(11, cell * 0.3)}px ${family}`, fillStyle: accent, globalAlpha: 1 }).fillText(`×${of[grid.corner].texts[corner]}`, left + cell * 0.62, top + cell * 0.77);
          pen.font = `${font}px ${family}`;
        }
      }
      Object.assign(pen, { strokeStyle: accent, lineWidth: cell > 14 ? 2.5 : 1.5, globalAlpha: 1 });
      for (const [i] of cells ?? []) pen.strokeRect(...box(i, cell > 14 ? 1.5 : 0.75));
      if (at?.[0] === g) { // the cell itself
        Object.assign(pen, { strokeStyle: ink, lineWidth: 3.5, globalAlpha: 1 });
        pen.strokeRect(...box(at[1], 1));
      }
    });
    const sentence = at ? spelt(picture, at, found) : picture.hint;
    if (this.sum.textContent !== sentence) this.sum.textContent = sentence;
  },
  hatch(pen, left, top, cell, mark, ink) { // padding: strokes; an inserted zero: a dot field; dropped: a cross
    Object.assign(pen, { strokeStyle: ink, fillStyle: ink, globalAlpha: mark === DROPPED ? 0.75 : 0.16, lineWidth: mark === DROPPED ? 1.5 : 1 });
    pen.beginPath();
    if (mark === ZERO) { pen.globalAlpha = 0.1; pen.fillRect(left, top, cell, cell); }
    else if (mark === DROPPED) { pen.moveTo(left, top); pen.lineTo(left + cell, top + cell); pen.moveTo(left + cell, top); pen.lineTo(left, top + cell); }
    else for (let d = 0.25; d < (mark === BEYOND ? 2 : 1); d += 0.25) { pen.moveTo(left + cell * Math.max(0, d - 1), top + cell * Math.min(1, d)); pen.lineTo(left + cell * Math.min(1, d), top + cell * Math.max(0, d - 1)); }
    pen.stroke();
  },
  // -- painting on the first grid: its pixels, row by row, are a text control
  brush(cell, down = false) {
    const grid = this.picture.grids[0];
    if (!this.picture.paints || cell?.[0] !== 0 || (grid.marks[cell[1]] || DROPPED) !== DROPPED) return;
    if (down) Object.assign(this, { stroke: grid.values[cell[1]] > 0 ? 0 : 9, inked: new Set(), dragging: true });
    else if (this.stroke === undefined || grid.values[cell[1]] === this.stroke) return;
    this.inked.add(cell[1]);
    this.hover = null; // what is lit is the chosen output: its sum follows
    this.ink(grid);
    this.drawGrids(this.picture);
    this.write(this.picture.paints, this.asLines(grid));
  },
  ink({ values, texts }) { // what is painted stays while the answer to an earlier move comes in
    for (const i of this.inked ?? []) [values[i], texts[i]] = [this.stroke, asText(this.stroke)];
  },
  asLines({ values, marks, columns, rows }) {
    const pixel = (i) => (marks[i] || DROPPED) === DROPPED, row = (r) => Array.from({ length: columns }, (_, c) => r * columns + c);
    return Array.from({ length: rows }, (_, r) => row(r).filter(pixel).map((i) => values[i]).join("")).filter(Boolean).join(".");
  },
  endStroke() {
    if (this.stroke === undefined) return;
    Object.assign(this, { stroke: undefined, inked: null });
    this.letGo();
  },
});
