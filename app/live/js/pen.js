// A pen: strokes on a part of the picture. They are sent as text (core/strokes.py), the finished ones as they are and the
// one under the hand behind them, thinned out; what is painted is what the server makes of them.
const THIN = 1.5; // steps of the lattice: a twelfth of a pixel of 28
function thinned(points) { // without those that lie that close to the line between their neighbours (Douglas & Peucker)
  const [[ax, ay], [bx, by]] = [points[0], points.at(-1)], long = Math.hypot(bx - ax, by - ay);
  const away = ([x, y]) => { // from the piece a–b, not from the endless line
    const t = long && clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / long ** 2, 0, 1);
    return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
  };
  let [most, at] = [THIN, 0];
  for (let i = 1; i < points.length - 1; i++) if (away(points[i]) > most) [most, at] = [away(points[i]), i];
  if (at) return [...thinned(points.slice(0, at + 1)), ...thinned(points.slice(at)).slice(1)];
  return points.length > 1 && long ? [points[0], points.at(-1)] : [points[0]];
}
Object.assign(Figure.prototype, {
  buildPen() {
    const { pen, words } = this.head;
    if (!pen || this.paper) this.paper = [this.paper, this.penBar].forEach((node) => node?.remove());
    if (!pen) return;
    const paper = (this.paper = make(this.root, "div", "lb-paper", { role: "application", tabindex: 0, "aria-label": words.draw, "aria-keyshortcuts": "Control+Z Delete", "aria-description": words.pen_keys, "data-hint": words.draw }));
    paper.innerHTML = '<svg preserveAspectRatio="none" aria-hidden="true"><polyline fill="none"/></svg>'; // seen only while not live
    this.nib = { node: make(paper, "i", "lb-nib"), at: [pen.lattice / 2, pen.lattice / 2].map(Math.floor) };
    const drop = (e) => e.pointerId === this.inHand && this.liftPen();
    Object.assign(paper, { onpointerdown: (e) => this.putPen(e), onpointermove: (e) => this.movePen(e), onpointerup: drop, onpointercancel: drop, onlostpointercapture: drop,
      onpointerleave: () => this.readout && (this.readout.textContent = ""),
      onblur: () => this.inHand === "keys" && this.liftPen(),
      onkeydown: (e) => {
        this.steerPen(e);
        const undo = e.key === "Backspace" || (e.key.toLowerCase() === "z" && (e.ctrlKey || e.metaKey));
        if (undo || e.key === "Delete") { e.preventDefault(); undo ? this.undo() : this.draw("", true); }
      } });
    const bar = (this.penBar = make(this.root, "div", "lb-player lb-penbar")), tool = (text, title, act) => (make(bar, "button", "lb-button", { title }, text).onclick = act);
    tool(`↶ ${words.undo}`, "Ctrl+Z", () => this.undo());
    tool(`✕ ${words.clear}`, "Delete", () => this.draw("", true));
  },
  placePen() { // over its axes or panel, or the part of them that is the paper
    if (!this.paper) return;
    const { pen } = this.head, g = this.geometry(pen), edge = this.root.getBoundingClientRect();
    if ((this.paper.hidden = !g)) return;
    const [x0, y0, x1, y1] = pen.paper ? pen.paper.map((v, i) => g[i % 2 ? "ya" : "xa"].d2p(v)) : [0, 0, g.width, g.height];
    const [left, top, width, height] = [g.x0 - edge.left + x0, g.y0 - edge.top + y0, x1 - x0, y1 - y0];
    Object.assign(this.paper.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    const below = top + height, room = this.stage.getBoundingClientRect().bottom - edge.top - below;
    const wide = [...this.penBar.children].reduce((sum, button) => sum + button.offsetWidth, 6);
    const under = this.plot && room > 60 && this.root.clientWidth > 520 && wide < width + 60; // the buttons, under the paper
    this.penBar.classList.toggle("lb-under", Boolean(under));
    Object.assign(this.penBar.style, { left: under ? `${left + width / 2}px` : "", top: under ? `${below + 4}px` : "" });
    this.paper.classList.toggle("lb-empty", !this.drawing());
    for (const button of this.penBar.children) button.disabled = !this.drawing();
  },
  drawing() { return { ...this.head.values, ...this.held }[this.head.pen.name]; },
  putPen(e) {
    if (e.button || this.inHand !== undefined) return; // the hand that rests beside the stylus draws nothing
    e.preventDefault();
    this.paper.setPointerCapture(e.pointerId);
    this.paper.focus({ preventScroll: true });
    this.begin(e.pointerId);
    this.movePen(e);
  },
  begin(hand) { Object.assign(this, { inHand: hand, dragging: true, under: this.drawing(), way: [] }); },
  steerPen(e) { // without a pointer: arrow keys move the nib, a 28th of the paper or with Shift a fifth of that; the space bar puts it down
    const { lattice } = this.head.pen, way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if ((!way && e.key !== " ") || (this.inHand ?? "keys") !== "keys") return;
    e.preventDefault();
    const stride = (lattice - 1) / (e.shiftKey ? 140 : 28);
    if (way) this.nib.at = this.nib.at.map((v, k) => clamp(Math.round(v + way[k] * stride), 0, lattice - 1));
    Object.assign(this.nib.node.style, { left: `${(100 * this.nib.at[0]) / (lattice - 1)}%`, top: `${(100 * this.nib.at[1]) / (lattice - 1)}%` });
    if (!way && this.inHand) return this.liftPen();
    if (!way) this.begin("keys");
    if (this.inHand) this.extend([this.nib.at]);
  },
  movePen(e) {
    const { lattice, panel } = this.head.pen;
    if (e.pointerId !== this.inHand) return void (this.cells && this.read(panel, e));
    const box = this.paper.getBoundingClientRect(), step = (v, n) => clamp(Math.round((v / n) * (lattice - 1)), 0, lattice - 1);
    const between = e.getCoalescedEvents?.() ?? [], seen = between.length ? between : [e];
    this.extend(seen.map(({ clientX, clientY }) => [step(clientX - box.left, box.width), step(clientY - box.top, box.height)]));
  },
  extend(points) { // the stroke under the hand
    const { lattice, letters, longest } = this.head.pen, way = [...this.way, ...points];
    const word = (n) => letters[n >> 12] + letters[(n >> 6) & 63] + letters[n & 63];
    const text = `${this.under}.${thinned(way).map(([x, y]) => word(x * lattice + y)).join("")}`;
    if (text.length > longest) return void (this.note.textContent = this.head.words.paper_full); // the stroke ends where it is
    this.way = way;
    const svg = this.paper.firstChild;
    svg.setAttribute("viewBox", `0 0 ${lattice - 1} ${lattice - 1}`);
    svg.firstChild.setAttribute("points", way.join(" "));
    this.draw(text);
  },
  liftPen() {
    this.inHand = undefined;
    this.paper.firstChild.firstChild.setAttribute("points", "");
    this.letGo();
  },
  undo() { const text = this.drawing(); this.draw(text.slice(0, Math.max(0, text.lastIndexOf("."))), true); },
  draw(text, done = false) {
    this.write(this.head.pen.name, text);
    if (done) this.letGo();
  },
  write(name, text) { // into the hand of every figure that follows it
    figures.forEach((f) => { if (name in f.head.values) f.held[name] = text; f.compare(); });
  },
});
