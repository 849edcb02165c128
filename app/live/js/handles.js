// Handles: points in the picture, bound to parameters. The corner of a box `about` a point: bound to its width and height.
const aside = ({ about }, now, v, k) => (about ? [now[about[k]] + v / 2, 2 * (v - now[about[k]])] : [v, v]); // number -> place, place -> number
Object.assign(Figure.prototype, {
  buildHandles() {
    this.handles.forEach((node) => node.remove());
    this.handles = this.head.handles.map((spec, i) => {
      const node = make(this.root, "div", `lb-handle${spec.y ? "" : " lb-line"}`, { role: "slider", tabindex: 0, "aria-label": spec.label });
      const take = (e) => { e.preventDefault(); node.setPointerCapture(e.pointerId); node.focus(); Object.assign(this, { dragging: true, seen: null }); };
      const drop = () => this.dragging && this.letGo();
      return Object.assign(node, { onpointerdown: take, onpointerup: drop, onpointercancel: drop,
        onpointermove: (e) => this.follows(i, e), onpointerrawupdate: (e) => this.early(i, e), onkeydown: (e) => this.nudge(i, e) });
    });
    this.root.onpointerdown = (down) => document.addEventListener("pointerup", (e) => { // a click puts its handle there
      const i = this.head.handles.findIndex((h) => h.click), g = i >= 0 && this.geometry(this.head.handles[i]);
      const [x, y] = [e.clientX - g?.x0, e.clientY - g?.y0], still = Math.hypot(e.clientX - down.clientX, e.clientY - down.clientY) < 4;
      if (g && still && this.stage.contains(down.target) && x >= 0 && x <= g.width && y >= 0 && y <= g.height) { this.moveTo(i, e); this.letGo(); }
    }, { once: true, capture: true });
  },
  geometry(spec) { // where the axes of a handle or pen lie on the screen, and how numbers become pixels on them and back
    const canvas = this.cells?.[spec.panel ?? 0]?.canvas, box = (this.plot ?? canvas)?.getBoundingClientRect(), layout = this.plot?._fullLayout;
    const whole = (length, n) => ({ _offset: 0, _length: length, d2p: (v) => (v / n) * length, p2d: (p) => (p / length) * n }); // of a picture
    const [xa, ya] = this.plot ? [layout?.[spec.xaxis], layout?.[spec.yaxis]]
      : box ? [whole(box.width, canvas.width), whole(box.height, canvas.height)] : [];
    return xa && ya && { x0: box.left + xa._offset, y0: box.top + ya._offset, width: xa._length, height: ya._length, xa, ya };
  },
  placeHandles() {
    this.placePen();
    if (!this.handles.length) return;
    const edge = this.root.getBoundingClientRect(), now = this.standing();
    this.handles.forEach((node, i) => {
      const { x, y, bounds } = this.head.handles[i], g = this.geometry(this.head.handles[i]), left = g?.xa.d2p(aside(this.head.handles[i], now, now[x], 0)[0]);
      if ((node.hidden = !(left >= -1 && left <= g?.width + 1))) return; // outside of what is seen
      const top = g.y0 - edge.top + (y ? g.ya.d2p(aside(this.head.handles[i], now, now[y], 1)[0]) : 0), text = [x, y].filter(Boolean).map((n) => Number(now[n].toPrecision(4)));
      Object.assign(node.style, { transform: `translate(${g.x0 - edge.left + left}px, ${top}px)`, height: y ? "" : `${g.height}px` });
      Object.assign(node, { ariaValueNow: text[0], ariaValueMin: bounds[0][0], ariaValueMax: bounds[0][1], ariaValueText: text.join("; ") });
    });
  },
  moveTo(i, { clientX, clientY }, spec = this.head.handles[i], g = this.geometry(spec)) {
    const now = this.standing();
    if (g) this.hold(spec, aside(spec, now, g.xa.p2d(clientX - g.x0), 0)[1], aside(spec, now, g.ya.p2d(clientY - g.y0), 1)[1]);
  },
  follows(i, e) {
    if (!this.dragging || (e.clientX === this.seen?.clientX && e.clientY === this.seen.clientY)) return;
    this.seen = e;
    this.moveTo(i, e);
  },
  early(i, e) { // the first move since the last frame, as it comes: its picture may be there in time for the next one
    if (!this.dragging || this.soon) return;
    this.soon = requestAnimationFrame(() => (this.soon = null));
    lastInput = e.timeStamp;
    this.follows(i, e);
  },
  hold({ x, y, bounds }, toX, toY) { // on the steps of its control, within its bounds
    const legal = (v, [low, high, step]) => clamp(step ? Number((low + Math.round((v - low) / step) * step).toFixed(9)) : Number(v.toPrecision(4)), low, high);
    const moved = { [x]: legal(toX, bounds[0]), ...(y && { [y]: legal(toY, bounds[1]) }) };
    figures.forEach((f) => { for (const n in moved) if (n in f.head.values || n in f.head.carried) f.held[n] = moved[n]; f.compare(); }); // of all figures
  },
  nudge(i, e) { // arrow keys: a hundredth of the range, with Shift a twentieth
    const spec = this.head.handles[i], now = this.standing(), upright = ([from, to]) => to > from, up = this.plot && upright(this.geometry(spec).ya.range) ? 1 : -1;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, up], ArrowDown: [0, -up] }[e.key];
    const stride = (b) => b && Math.max(b[2], (b[1] - b[0]) / (e.shiftKey ? 20 : 100));
    if (!way) return;
    e.preventDefault();
    this.hold(spec, now[spec.x] + way[0] * stride(spec.bounds[0]), spec.y && now[spec.y] + way[1] * stride(spec.bounds[1]));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), 400); // the URL follows when the key rests
  },
  letGo() {
    this.dragging = false;
    figures.forEach((f) => (f.releasedAt = performance.now())); // the others hold it, too
    this.release("release", { ...this.held });
  },
});
