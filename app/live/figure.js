// The live figure. Streamlit gives it a first picture; while a slider or a handle moves it asks /live for the next
// ones. It knows nothing of what a page is about: it compares where the controls stand with what the picture shows,
// and asks for a picture where the two differ.
//
// What it leans on in Streamlit's page (tests/browser/test_platform.py fails when an upgrade changes it):
//   1. a widget with key="a.b" lies in an element with the class st-key-a-b;
//   2. a slider holds one <input type="range"> per thumb, whose `value` attribute changes while the thumb moves;
//      for st.select_slider it is the index of the option.

const figures = new Map(); // root element -> Figure
let lastInput = 0; // when the hand last moved
for (const type of ["pointerdown", "pointermove", "keydown", "touchmove"])
  document.addEventListener(type, (e) => (lastInput = e.timeStamp), { capture: true, passive: true });
new MutationObserver((changes) => { // any slider that moves makes every figure compare again
  if (changes.some((c) => c.target.type === "range")) figures.forEach((f) => f.compare());
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });

const same = (a, b) => typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a))
  : Array.isArray(a) && Array.isArray(b) ? a.every((v, i) => same(v, b[i])) : a === b;
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const phone = () => window.innerWidth < 641;

function make(parent, tag, className, attributes = {}, text = "") {
  const node = parent.appendChild(document.createElement(tag));
  node.className = className;
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function decode(bytes) { // a frame: length of the header, header, payload (pack() in app/live/desk.py)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return Object.assign(head, { payload: bytes.slice(4 + length) });
}

function unpack({ dtype, bdata }) { // a tensor (encode() in app/figures/plot.py)
  const kind = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array }[dtype];
  return new kind(Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer);
}

// ---- the road: one WebSocket for all figures of the page ------------------------------------------------------
const road = {
  socket: null, desk: null, pause: 500, number: 0,
  open(base, desk) {
    if (this.socket && this.desk === desk) return;
    const old = this.socket, scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}${base}/live`));
    this.desk = desk;
    old?.close();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.pause = 500; figures.forEach((f) => { f.setLive(true); f.compare(); }); };
    socket.onmessage = (e) => {
      const answer = decode(new Uint8Array(e.data));
      figures.forEach((f) => f.head.token === answer.view && f.answered(answer));
      this.pump();
    };
    socket.onclose = () => {
      if (this.socket !== socket) return; // another one has taken over
      this.socket = null;
      figures.forEach((f) => { f.flying = null; f.setLive(false); });
      if (figures.size) setTimeout(() => this.open(base, this.desk), this.pause);
      this.pause = Math.min(this.pause * 2, 8000);
    };
  },
  pump() { // sends what is wished for: one request in flight per figure, the one under the hand first
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const all = [...figures.values()], held = all.find((f) => f.dragging && (f.flying || f.wish));
    for (const f of all.sort((a, b) => b.dragging - a.dragging)) {
      if (!f.wish || f.flying || f.gone) continue;
      if (held && f !== held && performance.now() - f.sentAt < 150) continue; // the others make room
      f.flying = { id: ++this.number, at: lastInput, set: f.wish };
      f.sentAt = performance.now();
      f.wish = null;
      this.socket.send(JSON.stringify({ view: f.head.token, id: f.flying.id, set: f.flying.set }));
    }
  },
};

function plotly({ base, plotly: path }) { // loads plotly.min.js once, from our own server
  return (window.__lightboardPlotly ??= new Promise((resolve, reject) => {
    const script = make(document.head, "script", "", { src: base + path });
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
  }));
}

function recolour(node, partner) { // every colour of the light palette -> its partner in the dark one
  if (typeof node === "string") return node[0] === "#" ? (partner[node.slice(0, 7)] ?? node.slice(0, 7)) + node.slice(7) : node;
  if (!node || typeof node !== "object" || node.bdata || typeof node[0] === "number") return node;
  if (Array.isArray(node)) return node.map((n) => recolour(n, partner));
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, recolour(value, partner)]));
}

function upTo(trace, step) { // playback: a "trail" up to the present step, the "head" at it
  const how = trace.meta?.play, cut = { ...trace };
  for (const axis of how ? ["x", "y", "z"] : []) {
    const all = trace[axis]?.bdata ? unpack(trace[axis]) : trace[axis];
    if (all) cut[axis] = all.slice(how === "head" ? Math.min(step, all.length - 1) : 0, step + 1);
  }
  return cut;
}

const AT_ONCE = { mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: false } };

// ---- one figure -------------------------------------------------------------------------------------------------
class Figure {
  constructor(root) {
    Object.assign(this, { root, held: {}, dragging: false, releasedAt: 0, sentAt: 0, frames: 0, step: null, handles: [] });
    this.stage = make(root, "div", "lb-stage", { role: "img" });
    this.tools = make(root, "div", "lb-tools");
    this.note = make(root, "div", "lb-note", { role: "status" });
    this.mark = make(root, "div", "lb-mark");
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(root);
    setTimeout(() => root.classList.add("lb-settled"), 1500); // "not live" is said only once the road had its chance
  }

  // -- what to show

  record(head, release) { // the road of record: a picture that came with the page
    const first = !this.head;
    Object.assign(this, { head, release, gone: false, shown: null });
    this.root.dataset.view = head.name;
    this.mark.textContent = head.words.off;
    if (first) { this.root.dataset.frames = 0; this.fit(); this.buildTools(); }
    if (this.handles.length !== head.handles.length) this.buildHandles();
    const arrived = Object.entries(this.held).every(([name, value]) => same(value, head.values[name]));
    if (!this.dragging && (arrived || performance.now() - this.releasedAt > 3000)) this.held = {};
    road.open(head.base, head.desk);
    this.setLive(road.socket?.readyState === WebSocket.OPEN);
    this.compare(first);
  }

  positions() { // where the controls stand: the sliders of the page, over them the handle in the hand
    const found = {};
    for (const [name, { key, options, pair }] of Object.entries(this.head.watch)) {
      const thumbs = document.querySelectorAll(`.st-key-${key.replace(/[^\w-]/g, "-")} input[type=range]`);
      const values = [...thumbs].map(({ value }) => (options ? options[+value] : +value));
      if (values.length) found[name] = pair ? values : values[0];
    }
    return { ...found, ...this.held };
  }

  compare(force = false) {
    if (!this.head) return;
    const now = this.positions(), ahead = Object.keys(now).some((n) => !same(now[n], this.head.values[n]));
    const sign = ahead ? JSON.stringify(now) : "record";
    this.placeHandles();
    this.wish = null;
    if (sign === this.shown) return;
    if (force || !ahead) { this.flying = null; this.shown = "record"; this.paint(this.head, ahead ? 0 : lastInput); }
    if (ahead && JSON.stringify(this.flying?.set) !== sign) this.wish = now;
    if (ahead) road.pump();
  }

  answered(answer) {
    if (answer.id !== this.flying?.id) return; // the road of record was quicker
    const { at, set } = this.flying;
    Object.assign(this, { flying: null, shown: JSON.stringify(set), gone: Boolean(answer.gone) });
    this.setLive(true);
    if (!this.gone) this.paint(answer, at);
    this.compare();
  }

  setLive(on) { this.root.dataset.live = on && !this.gone ? "on" : "off"; }

  // -- painting

  async paint(picture, at) {
    this.note.textContent = picture.kind === "error" ? picture.error : "";
    if (picture.kind === "error") return;
    this.picture = picture;
    this.stage.setAttribute("aria-label", picture.alt);
    this.buildPlayer(picture.steps ?? 0);
    await { plot: this.paintPlot, picture: this.paintPicture, table: this.paintTable }[picture.kind].call(this, picture);
    this.placeHandles();
    requestAnimationFrame(() => {
      this.root.dataset.frames = ++this.frames;
      if (at) this.root.dataset.latency = (performance.now() - at).toFixed(1);
    });
  }

  height() { // on a phone the stage leaves room for its controls
    if (document.fullscreenElement === this.root) return window.innerHeight - 60;
    return phone() ? Math.min(this.head.height, Math.round(window.innerHeight * 0.42)) : this.head.height;
  }

  async paintPlot(picture) {
    const Plotly = await plotly(this.head), css = getComputedStyle(this.root);
    if (this.picture !== picture) return; // a newer one has come while the library loaded
    const dark = parseInt(css.getPropertyValue("--st-background-color").trim().slice(1, 3), 16) < 128;
    const { data, layout } = dark ? recolour(picture.figure, this.head.dark) : picture.figure;
    const clear = "rgba(0,0,0,0)", mouse = matchMedia("(pointer: fine)").matches;
    const font = { ...layout.font, family: css.getPropertyValue("--st-font"), ...(phone() && { size: 13 }) };
    const frame = { height: this.height(), width: this.root.clientWidth, paper_bgcolor: clear, plot_bgcolor: clear, font };
    const traces = this.step === null ? data.map((t) => ({ ...t })) : data.map((t) => upTo(t, this.step));
    const whole = { dragmode: mouse ? "zoom" : false, ...layout, ...frame };
    const look = JSON.stringify([traces.map((t) => (t.type === "scatter" ? { ...t, x: 0, y: 0 } : Math.random())), whole]);
    this.plot = this.stage;
    if (look === this.look) { // only lines have moved: half the price of Plotly.react
      const moved = traces.map(({ x, y }) => ({ x: x.bdata ? unpack(x) : x, y: y.bdata ? unpack(y) : y }));
      await Plotly.animate(this.plot, [{ data: moved, traces: [...traces.keys()] }], AT_ONCE);
    } else await Plotly.react(this.plot, traces, whole, { displayModeBar: false });
    this.look = look;
  }

  async paintPicture(picture) {
    const bitmap = await createImageBitmap(new Blob([picture.payload], { type: picture.mime }));
    const { width, height, crisp } = picture;
    this.canvas ??= make(this.stage, "canvas", "lb-canvas");
    this.readout ??= make(this.root, "div", "lb-readout");
    Object.assign(this.canvas, { width, height, onpointermove: (e) => this.read(e), onpointerleave: () => (this.readout.textContent = "") });
    this.canvas.classList.toggle("lb-crisp", crisp);
    const scale = Math.min(this.root.clientWidth / width, (this.height() - 24) / height);
    this.canvas.style.width = `${Math.round(width * (crisp && scale > 1 ? Math.floor(scale) : scale))}px`; // whole squares
    this.canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0);
  }

  read(e) { // the numbers under the pointer: the real ones where they came along, else the painted ones
    const { width, height, values } = this.picture;
    const column = clamp(Math.floor((e.offsetX / this.canvas.clientWidth) * width), 0, width - 1);
    const row = clamp(Math.floor((e.offsetY / this.canvas.clientHeight) * height), 0, height - 1);
    const painted = () => [...this.canvas.getContext("2d").getImageData(column, row, 1, 1).data.slice(0, 3)].join(" ");
    this.readout.textContent = `(${column}, ${row})  ${values ? unpack(values)[row * width + column].toPrecision(4) : painted()}`;
  }

  paintTable({ columns, rows }) {
    this.stage.replaceChildren();
    this.stage.setAttribute("role", "group"); // a table speaks for itself
    const table = make(this.stage, "table", "lb-table"), head = make(make(table, "thead", ""), "tr", ""), body = make(table, "tbody", "");
    for (const text of columns) make(head, "th", "", { scope: "col" }, text);
    for (const row of rows) {
      const line = make(body, "tr", "");
      row.forEach((text, i) => make(line, i ? "td" : "th", "", i ? {} : { scope: "row" }, text));
    }
  }

  fit() { // a new width, a turned phone, fullscreen
    const size = `${this.root.clientWidth} ${this.head && this.height()}`;
    if (!this.head || size === this.size) return;
    this.size = size;
    this.root.style.setProperty("--lb-height", `${this.height()}px`);
    if (this.picture) this.paint(this.picture, 0);
  }

  // -- handles: points in the picture, bound to parameters

  buildHandles() {
    this.handles.forEach((node) => node.remove());
    this.handles = this.head.handles.map((spec, i) => {
      const look = spec.y ? "lb-handle" : "lb-handle lb-line";
      const node = make(this.root, "div", look, { role: "slider", tabindex: 0, "aria-label": spec.label });
      node.onpointerdown = (e) => { e.preventDefault(); node.setPointerCapture(e.pointerId); node.focus(); this.dragging = true; };
      node.onpointermove = (e) => this.dragging && this.moveTo(i, e);
      node.onpointerup = node.onpointercancel = () => this.dragging && this.letGo();
      node.onkeydown = (e) => this.nudge(i, e);
      return node;
    });
    let down = [0, 0]; // a click into the figure puts its clickable handle there
    this.stage.onpointerdown = (e) => (down = [e.clientX, e.clientY]);
    this.root.onclick = (e) => {
      const i = this.head.handles.findIndex((h) => h.click), g = i >= 0 && this.geometry(this.head.handles[i]);
      const [x, y] = [e.clientX - g.x0, e.clientY - g.y0], still = Math.hypot(e.clientX - down[0], e.clientY - down[1]) < 4;
      if (g && still && x >= 0 && x <= g.width && y >= 0 && y <= g.height) { this.moveTo(i, e); this.letGo(); }
    };
  }

  geometry(spec) { // where the axes of a handle lie on the screen, and how numbers become pixels on them
    const box = (this.plot ?? this.canvas)?.getBoundingClientRect(), layout = this.plot?._fullLayout;
    if (layout?.[spec.xaxis]) {
      const xa = layout[spec.xaxis], ya = layout[spec.yaxis];
      return { x0: box.left + xa._offset, y0: box.top + ya._offset, width: xa._length, height: ya._length,
        x: (v) => xa.l2p(v), y: (v) => ya.l2p(v), fromX: (p) => xa.p2l(p), fromY: (p) => ya.p2l(p) };
    }
    if (this.plot || !box) return null;
    const sx = box.width / this.picture.width, sy = box.height / this.picture.height;
    return { x0: box.left, y0: box.top, width: box.width, height: box.height, x: (v) => v * sx, y: (v) => v * sy, fromX: (p) => p / sx, fromY: (p) => p / sy };
  }

  placeHandles() {
    const edge = this.root.getBoundingClientRect(), now = this.handles.length && { ...this.head.values, ...this.positions() };
    this.handles.forEach((node, i) => {
      const spec = this.head.handles[i], g = this.geometry(spec), x = g?.x(now[spec.x]);
      node.hidden = !(x >= -1 && x <= g?.width + 1);
      if (node.hidden) return;
      Object.assign(node.style, { left: `${g.x0 - edge.left + x}px`, top: `${g.y0 - edge.top + (spec.y ? g.y(now[spec.y]) : 0)}px`, height: spec.y ? "" : `${g.height}px` });
      const text = [spec.x, spec.y].filter(Boolean).map((n) => Number(now[n].toPrecision(4)));
      for (const [name, value] of Object.entries({ now: text[0], min: spec.bounds[0][0], max: spec.bounds[0][1], text: text.join("; ") }))
        node.setAttribute(`aria-value${name}`, value);
    });
  }

  moveTo(i, e) {
    const g = this.geometry(this.head.handles[i]);
    if (g) this.hold(this.head.handles[i], g.fromX(e.clientX - g.x0), g.fromY(e.clientY - g.y0));
  }

  hold({ x, y, bounds }, toX, toY) { // on the steps of its control, within its bounds
    const legal = (v, [low, high, step]) => clamp(Number((low + Math.round((v - low) / step) * step).toFixed(9)), low, high);
    this.held[x] = legal(toX, bounds[0]);
    if (y) this.held[y] = legal(toY, bounds[1]);
    this.compare();
  }

  nudge(i, e) { // arrow keys: a hundredth of the range, with Shift a twentieth
    const spec = this.head.handles[i], now = { ...this.head.values, ...this.positions() };
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, this.plot ? 1 : -1], ArrowDown: [0, this.plot ? -1 : 1] }[e.key];
    if (!way) return;
    e.preventDefault();
    const stride = (bounds) => bounds && Math.max(bounds[2], (bounds[1] - bounds[0]) / (e.shiftKey ? 20 : 100));
    this.hold(spec, now[spec.x] + way[0] * stride(spec.bounds[0]), spec.y && now[spec.y] + way[1] * stride(spec.bounds[1]));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), 400); // the URL follows when the key rests
  }

  letGo() {
    Object.assign(this, { dragging: false, releasedAt: performance.now() });
    this.release("release", { ...this.held });
  }

  // -- tools and playback

  buildTools() {
    const { words, kind } = this.head, filename = this.head.name.replace(/\W+/g, "-");
    const tool = (text, label, act) => (make(this.tools, "button", "lb-button", { type: "button", title: label, "aria-label": label }, text).onclick = act);
    const save = (format) => window.Plotly.downloadImage(this.plot, { format, filename, width: 1280, height: 800, scale: format === "png" ? 2 : 1 });
    const canvas = () => Object.assign(document.createElement("a"), { href: this.canvas.toDataURL(), download: `${filename}.png` }).click();
    if (kind !== "table") tool("PNG", words.png, () => (kind === "plot" ? save("png") : canvas()));
    if (kind === "plot") tool("SVG", words.svg, () => save("svg"));
    if (kind !== "table") tool("⛶", words.full, () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
  }

  buildPlayer(steps) { // the bar of a figure made of steps; it works in the browser alone
    this.steps = steps;
    if (steps < 2) { this.player?.remove(); Object.assign(this, { player: null, step: null, playing: false }); return; }
    if (!this.player) {
      const { words } = this.head, bar = (this.player = make(this.root, "div", "lb-player"));
      const part = (tag, label, more, text) => make(bar, tag, "lb-button", { "aria-label": label, title: label, ...more }, text);
      this.toggle = part("button", words.play, { type: "button" }, "▶");
      part("button", words.step, { type: "button" }, "⏭").onclick = () => { this.play(false); this.show(((this.step ?? -1) + 1) % this.steps); };
      this.scrub = part("input", words.scrub, { type: "range", min: 0 });
      this.speed = part("select", words.speed, {});
      for (const times of [0.25, 0.5, 1, 2, 4]) this.speed.append(new Option(`×${times}`, times, times === 1, times === 1));
      this.toggle.onclick = () => this.play(!this.playing);
      this.scrub.oninput = () => { this.play(false); this.show(+this.scrub.value); };
    }
    this.scrub.max = steps - 1;
    this.scrub.value = this.step ?? steps - 1;
  }

  play(on) {
    this.playing = on;
    this.toggle.textContent = on ? "⏸" : "▶";
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches; // then two still pictures a second
    let place = this.step === null || this.step >= this.steps - 1 ? 0 : this.step, last = performance.now();
    const tick = (now) => {
      if (!this.playing || !this.player) return;
      place += ((now - last) / 1000) * (calm ? 2 : Math.max(8, this.steps / 6)) * +this.speed.value;
      last = now;
      const step = Math.min(this.steps - 1, Math.floor(place));
      if (step !== this.step) this.show(step);
      if (step < this.steps - 1) requestAnimationFrame(tick);
      else this.play(false);
    };
    if (on) requestAnimationFrame(tick);
  }

  show(step) { this.step = step; this.root.dataset.step = step; this.paint(this.picture, 0); }

  remove() { // Streamlit has taken the figure off the page
    Object.assign(this, { playing: false, player: null });
    this.resize.disconnect();
    if (this.plot) window.Plotly?.purge(this.plot);
    figures.delete(this.root);
    if (figures.size) return;
    road.socket?.close();
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".lb-figure");
  if (!figures.has(root)) figures.set(root, new Figure(root));
  figures.get(root).record(decode(data), setTriggerValue);
  return () => figures.get(root)?.remove();
}
