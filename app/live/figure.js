// The live figure. Streamlit gives it a first picture; while a slider or a handle moves it asks /live for the next
// ones. Nothing here knows what a page is about: it compares where the controls stand with what the picture shows,
// and asks for a picture where the two differ.
//
// What it leans on in Streamlit's page, and tests/browser/test_platform.py watches:
//   1. a widget with key="a.b" lies in an element with the class st-key-a-b;
//   2. a slider holds one <input type="range"> per thumb, whose `value` attribute changes while the thumb moves;
//      for st.select_slider it is the index of the option.

const figures = new Map(); // root element -> Figure
let lastInput = 0; // when the hand last moved
for (const type of ["pointerdown", "pointermove", "keydown", "touchmove"])
  document.addEventListener(type, (e) => (lastInput = e.timeStamp), { capture: true, passive: true });

// Any slider that moves makes every figure compare again.
new MutationObserver((changes) => {
  if (changes.some((c) => c.target.type === "range")) figures.forEach((f) => f.compare());
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });

const same = (a, b) =>
  Array.isArray(a) ? Array.isArray(b) && a.every((v, i) => same(v, b[i]))
  : typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)) : a === b;

function decode(bytes) { // a frame: length of the header, header, payload (app/live/desk.py: pack)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return Object.assign(head, { payload: bytes.slice(4 + length) });
}

const make = (parent, tag, className, attributes = {}) => {
  const node = parent.appendChild(document.createElement(tag));
  node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

// ---- the road: one WebSocket for all figures of the page ------------------------------------------------------
const road = {
  socket: null, desk: null, pause: 500, number: 0,
  open(base, desk) {
    if (this.socket && this.desk === desk) return;
    this.socket?.close();
    this.desk = desk;
    const at = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${base ? "/" + base : ""}/live`;
    const socket = (this.socket = new WebSocket(at));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { this.pause = 500; figures.forEach((f) => { f.setLive(true); f.compare(); }); };
    socket.onmessage = (e) => {
      const answer = decode(new Uint8Array(e.data));
      figures.forEach((f) => f.head.token === answer.view && f.answered(answer));
      this.pump();
    };
    socket.onclose = () => {
      if (this.socket !== socket) return; // another desk has taken over
      this.socket = null;
      figures.forEach((f) => { f.flying = null; f.setLive(false); });
      if (figures.size) setTimeout(() => this.open(base, this.desk), this.pause);
      this.pause = Math.min(this.pause * 2, 8000);
    };
  },
  pump() { // sends what is wished for: one request in flight per figure, the one under the hand first
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const ready = [...figures.values()].filter((f) => f.wish && !f.flying && !f.gone);
    ready.sort((a, b) => b.dragging - a.dragging);
    const busy = [...figures.values()].some((f) => f.dragging && (f.flying || f.wish));
    for (const f of ready) {
      if (busy && !f.dragging && performance.now() - f.sentAt < 150) continue; // the others make room
      f.sentAt = performance.now();
      f.flying = { id: ++this.number, at: lastInput, set: f.wish };
      f.wish = null;
      this.socket.send(JSON.stringify({ view: f.head.token, id: f.flying.id, set: f.flying.set }));
    }
  },
};

function plotly(head) { // loads plotly.min.js once, from our own server
  return (window.__lightboardPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    Object.assign(script, { src: `${head.base ? "/" + head.base : ""}${head.plotly}`, onerror: reject });
    script.onload = () => resolve(window.Plotly);
    document.head.append(script);
  }));
}

// ---- one figure -------------------------------------------------------------------------------------------------
class Figure {
  constructor(root) {
    Object.assign(this, { root, flying: null, wish: null, held: {}, dragging: false, releasedAt: 0, sentAt: 0, frames: 0,
      step: null, gone: false, handles: [] });
    this.stage = make(root, "div", "lb-stage", { role: "img" });
    this.tools = make(root, "div", "lb-tools");
    this.note = make(root, "div", "lb-note", { role: "status" });
    this.mark = make(root, "div", "lb-mark");
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(root);
  }

  // -- the road of record: a picture that came with the page
  record(head, release) {
    const first = !this.head;
    Object.assign(this, { head, release, gone: false });
    const { root } = this;
    root.dataset.view = head.name;
    this.mark.textContent = head.words.off;
    if (first) { root.dataset.frames = 0; root.style.setProperty("--lb-height", `${this.height()}px`); this.buildTools(); }
    if (first) setTimeout(() => root.classList.add("lb-settled"), 1500); // the mark waits until the road had its chance
    this.buildHandles();
    if (!this.dragging && Object.entries(this.held).every(([n, v]) => same(v, head.values[n]))) this.held = {};
    if (!this.dragging && performance.now() - this.releasedAt > 3000) this.held = {};
    road.open(head.base, head.desk);
    this.setLive(road.socket?.readyState === WebSocket.OPEN);
    this.shown = null;
    this.compare(first);
  }

  // -- where the controls stand now: the sliders in the page, under them the handle in the hand
  positions() {
    const found = {};
    for (const [name, { key, options, pair, whole }] of Object.entries(this.head.watch)) {
      const thumbs = document.querySelectorAll(`.st-key-${key.replace(/[^\w-]/g, "-")} input[type=range]`);
      if (!thumbs.length) continue;
      const read = [...thumbs].map((t) => (options ? options[+t.value] : whole ? Math.round(+t.value) : +t.value));
      found[name] = pair ? read : read[0];
    }
    return Object.assign(found, this.held);
  }

  compare(force = false) {
    if (!this.head) return;
    const now = this.positions();
    const ahead = Object.keys(now).some((n) => !same(now[n], this.head.values[n]));
    const sign = JSON.stringify(ahead ? now : null);
    this.placeHandles();
    if (sign === this.shown) { this.wish = null; return; }
    if (force || !ahead) { this.wish = this.flying = null; this.shown = sign; this.paint(this.head, 0); }
    if (ahead && !(this.flying && same(Object.values(this.flying.set), Object.values(now)))) this.wish = now;
    if (ahead) road.pump();
  }

  answered(answer) {
    if (answer.id !== this.flying?.id) return; // the road of record was quicker
    const { at, set } = this.flying;
    this.flying = null;
    if (answer.kind === "error") {
      this.gone = Boolean(answer.gone);
      this.setLive(!this.gone);
      if (!this.gone) this.say(answer.error);
    } else {
      this.shown = JSON.stringify(set);
      this.paint(answer, at);
    }
    this.compare();
  }

  say(text) { this.note.textContent = text ?? ""; }
  setLive(on) { this.root.dataset.live = on && !this.gone ? "on" : "off"; }

  // -- painting
  async paint(picture, at) {
    this.say(picture.kind === "error" ? picture.error : "");
    if (picture.kind === "error") return;
    this.picture = picture;
    this.stage.setAttribute("aria-label", picture.alt);
    if (picture.kind === "plot") await this.paintPlot(picture);
    if (picture.kind === "picture") await this.paintPicture(picture);
    if (picture.kind === "table") this.paintTable(picture);
    this.buildPlayer(picture.steps ?? 0);
    this.placeHandles();
    requestAnimationFrame(() => {
      this.root.dataset.frames = ++this.frames;
      if (at) this.root.dataset.latency = (performance.now() - at).toFixed(1);
    });
  }

  height() { // on a narrow screen the stage leaves room for its controls
    const { height } = this.head;
    if (document.fullscreenElement === this.root) return window.innerHeight - 40;
    return window.innerWidth < 641 ? Math.min(height, Math.round(window.innerHeight * 0.42)) : height;
  }

  async paintPlot(picture) {
    const P = await plotly(this.head);
    if (this.picture !== picture) return; // a newer one has come while the library loaded
    const css = getComputedStyle(this.root);
    const dark = this.isDark(css);
    const figure = dark ? recolour(picture.figure, this.head.dark) : picture.figure;
    const layout = { dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false, ...figure.layout,
      autosize: true, height: this.height(), paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { ...figure.layout.font, family: css.getPropertyValue("--st-font") || css.fontFamily } };
    if (layout.dragmode === false && matchMedia("(pointer: fine)").matches) layout.dragmode = "zoom";
    if (window.innerWidth < 641) layout.font.size = Math.min(layout.font.size ?? 14, 13);
    const data = this.step === null ? figure.data : figure.data.map((t) => upTo(t, this.step));
    this.plot = this.stage;
    await P.react(this.plot, data, layout, { displayModeBar: false, responsive: false });
  }

  isDark(css) {
    const colour = css.getPropertyValue("--st-background-color").trim();
    const rgb = /^#/.test(colour) ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : (colour.match(/\d+/g) ?? [255]).map(Number);
    return rgb[0] < 128;
  }

  async paintPicture(picture) {
    const bitmap = await createImageBitmap(new Blob([picture.payload], { type: picture.mime }));
    this.canvas ??= make(this.stage, "canvas", "lb-canvas");
    this.readout ??= make(this.root, "div", "lb-readout");
    Object.assign(this.canvas, { width: picture.width, height: picture.height });
    this.canvas.classList.toggle("lb-crisp", picture.crisp);
    const scale = Math.min(this.root.clientWidth / picture.width, this.height() / picture.height);
    this.canvas.style.width = `${Math.round(picture.width * (scale > 2 ? Math.floor(scale) : scale))}px`;
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.canvas.onpointermove = (e) => this.read(e);
    this.canvas.onpointerleave = () => (this.readout.textContent = "");
  }

  read(e) { // the numbers under the pointer: the real ones where they came along, else the painted ones
    const { width, height, values } = this.picture;
    const column = Math.min(width - 1, Math.floor((e.offsetX / this.canvas.clientWidth) * width));
    const row = Math.min(height - 1, Math.floor((e.offsetY / this.canvas.clientHeight) * height));
    if (column < 0 || row < 0) return;
    const numbers = values ? [unpack(values)[row * width + column].toPrecision(4)]
      : this.canvas.getContext("2d").getImageData(column, row, 1, 1).data.slice(0, 3);
    this.readout.textContent = `(${column}, ${row})  ${[...numbers].join(" ")}`;
  }

  paintTable({ columns, rows }) {
    this.stage.replaceChildren();
    this.stage.removeAttribute("role"); // a table speaks for itself
    const table = make(this.stage, "table", "lb-table");
    const head = make(make(table, "thead", ""), "tr", "");
    for (const text of columns) make(head, "th", "", { scope: "col" }).textContent = text;
    const body = make(table, "tbody", "");
    for (const row of rows) {
      const line = make(body, "tr", "");
      row.forEach((text, i) => (make(line, i ? "td" : "th", "", i ? {} : { scope: "row" }).textContent = text));
    }
  }

  fit() {
    if (!this.head || !this.root.clientWidth || this.width === `${this.root.clientWidth} ${this.height()}`) return;
    this.width = `${this.root.clientWidth} ${this.height()}`;
    this.root.style.setProperty("--lb-height", `${this.height()}px`);
    if (this.plot && window.Plotly) window.Plotly.relayout(this.plot, { width: this.root.clientWidth, height: this.height() }).then(() => this.placeHandles());
    else if (this.picture?.kind === "picture") this.paintPicture(this.picture).then(() => this.placeHandles());
  }

  // -- handles: points in the picture, bound to parameters
  buildHandles() {
    if (this.handles.length === this.head.handles.length) return;
    this.handles.forEach((h) => h.node.remove());
    this.handles = this.head.handles.map((spec, i) => {
      const node = make(this.root, "div", spec.y ? "lb-handle" : "lb-handle lb-line", { role: "slider", tabindex: 0, "aria-label": spec.label });
      const handle = { node, index: i };
      node.onpointerdown = (e) => { node.setPointerCapture(e.pointerId); this.dragging = true; e.preventDefault(); node.focus(); };
      node.onpointermove = (e) => this.dragging && this.moveTo(i, e);
      node.onpointerup = node.onpointercancel = () => { if (this.dragging) this.letGo(); };
      node.onkeydown = (e) => this.nudge(i, e);
      return handle;
    });
    const click = this.head.handles.findIndex((h) => h.click);
    let down = null;
    this.stage.addEventListener("pointerdown", (e) => (down = [e.clientX, e.clientY]), true);
    this.stage.addEventListener("pointerup", (e) => {
      const still = down && Math.hypot(e.clientX - down[0], e.clientY - down[1]) < 4;
      if (click >= 0 && still && this.inside(click, e)) { this.moveTo(click, e); this.letGo(); }
    }, true);
  }

  frame(spec) { // from numbers to pixels of the root and back, along both axes
    const edge = this.root.getBoundingClientRect();
    if (this.picture?.kind === "plot" && this.plot?._fullLayout?.[spec.xaxis]) {
      const layout = this.plot._fullLayout, box = this.plot.getBoundingClientRect();
      const [xa, ya] = [layout[spec.xaxis], layout[spec.yaxis]];
      const [left, top] = [box.left - edge.left + xa._offset, box.top - edge.top + ya._offset];
      return { left, top, width: xa._length, height: ya._length, toX: (v) => left + xa.l2p(v), toY: (v) => top + ya.l2p(v),
        fromX: (p) => xa.p2l(p - left), fromY: (p) => ya.p2l(p - top), all: layout._size, boxTop: box.top - edge.top };
    }
    if (!this.canvas) return null;
    const box = this.canvas.getBoundingClientRect(), { width, height } = this.picture;
    const [left, top] = [box.left - edge.left, box.top - edge.top];
    return { left, top, width: box.width, height: box.height, toX: (v) => left + (v / width) * box.width, toY: (v) => top + (v / height) * box.height,
      fromX: (p) => ((p - left) / box.width) * width, fromY: (p) => ((p - top) / box.height) * height };
  }

  placeHandles() {
    const now = this.handles.length ? { ...this.head.values, ...this.positions() } : null;
    this.handles.forEach(({ node, index }) => {
      const spec = this.head.handles[index], f = this.frame(spec);
      const x = f?.toX(now[spec.x]);
      node.hidden = !f || !(x >= f.left - 1 && x <= f.left + f.width + 1);
      if (node.hidden) return;
      node.style.left = `${x}px`;
      node.style.top = `${spec.y ? f.toY(now[spec.y]) : f.all ? f.boxTop + f.all.t : f.top}px`;
      if (!spec.y) node.style.height = `${f.all ? f.all.h : f.height}px`;
      const number = (n) => Number(now[n].toPrecision(4));
      node.setAttribute("aria-valuenow", number(spec.x));
      node.setAttribute("aria-valuemin", spec.bounds[0][0]);
      node.setAttribute("aria-valuemax", spec.bounds[0][1]);
      node.setAttribute("aria-valuetext", spec.y ? `${number(spec.x)}; ${number(spec.y)}` : number(spec.x));
    });
  }

  inside(index, e) {
    const f = this.frame(this.head.handles[index]), edge = this.root.getBoundingClientRect();
    const [x, y] = [e.clientX - edge.left, e.clientY - edge.top];
    return f && x >= f.left && x <= f.left + f.width && y >= f.top && y <= f.top + f.height;
  }

  moveTo(index, e) {
    const spec = this.head.handles[index], f = this.frame(spec), edge = this.root.getBoundingClientRect();
    if (f) this.hold(spec, f.fromX(e.clientX - edge.left), spec.y && f.fromY(e.clientY - edge.top));
  }

  hold(spec, x, y) {
    const legal = (v, [low, high, step]) => Math.min(high, Math.max(low, Number((low + Math.round((v - low) / step) * step).toFixed(9))));
    this.held[spec.x] = legal(x, spec.bounds[0]);
    if (spec.y) this.held[spec.y] = legal(y, spec.bounds[1]);
    this.compare();
  }

  nudge(index, e) {
    const spec = this.head.handles[index], now = { ...this.head.values, ...this.positions() };
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    if (!way || (way[1] && !spec.y)) return;
    e.preventDefault();
    const down = this.picture.kind === "picture" ? -1 : 1; // rows of a picture count downwards
    const stride = ([low, high, step]) => Math.max(step, (high - low) / (e.shiftKey ? 20 : 100));
    this.hold(spec, now[spec.x] + way[0] * stride(spec.bounds[0]), spec.y && now[spec.y] + way[1] * down * stride(spec.bounds[1]));
    clearTimeout(this.letting);
    this.letting = setTimeout(() => this.letGo(), 400); // the URL follows when the key rests
  }

  letGo() {
    this.dragging = false;
    this.releasedAt = performance.now();
    this.release("release", { ...this.held });
  }

  // -- tools and playback
  buildTools() {
    const { words, kind } = this.head;
    const button = (sign, title, act) => {
      const node = make(this.tools, "button", "lb-button", { type: "button", title, "aria-label": title });
      node.textContent = sign;
      node.onclick = act;
    };
    const name = () => this.head.name.replace(/\W+/g, "-");
    const save = (format) => window.Plotly.downloadImage(this.plot, { format, filename: name(), width: 1280, height: 800, scale: format === "png" ? 2 : 1 });
    if (kind === "plot") { button("PNG", words.png, () => save("png")); button("SVG", words.svg, () => save("svg")); }
    if (kind === "picture") button("PNG", words.png, () => Object.assign(document.createElement("a"), { href: this.canvas.toDataURL(), download: `${name()}.png` }).click());
    if (kind !== "table") button("⛶", words.full, () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
  }

  buildPlayer(steps) {
    if (steps < 2) { this.player?.remove(); this.player = null; this.step = null; return; }
    if (!this.player) {
      const { words } = this.head;
      this.player = make(this.root, "div", "lb-player");
      const part = (tag, label, more = {}) => make(this.player, tag, "lb-button", { "aria-label": label, title: label, ...more });
      const toggle = (this.toggle = part("button", words.play, { type: "button" }));
      part("button", words.step, { type: "button" }).append("⏭");
      this.scrub = part("input", words.scrub, { type: "text", class: "lb-scrub" });
      this.scrub.type = "range"; // set late: a range in the page would else look like a slider of a widget
      this.speed = part("select", words.speed);
      for (const times of [0.25, 0.5, 1, 2, 4]) this.speed.append(new Option(`×${times}`, times, times === 1, times === 1));
      toggle.onclick = () => this.play(!this.playing);
      this.player.children[1].onclick = () => { this.play(false); this.show(((this.step ?? -1) + 1) % this.steps); };
      this.scrub.oninput = () => { this.play(false); this.show(+this.scrub.value); };
      this.play(false);
    }
    Object.assign(this, { steps });
    Object.assign(this.scrub, { max: steps - 1, value: this.step ?? steps - 1 });
  }

  play(on) {
    this.playing = on;
    this.toggle.textContent = on ? "⏸" : "▶";
    cancelAnimationFrame(this.ticking);
    if (!on) return;
    let [last, place] = [performance.now(), this.step === null || this.step >= this.steps - 1 ? 0 : this.step];
    const whole = matchMedia("(prefers-reduced-motion: reduce)").matches; // then three still pictures a second
    const tick = (now) => {
      if (!this.playing || !figures.has(this.root)) return;
      place += ((now - last) / 1000) * (whole ? 3 : Math.max(8, this.steps / 6)) * +this.speed.value;
      last = now;
      if (Math.floor(place) !== this.step) this.show(Math.min(this.steps - 1, Math.floor(place)));
      if (place >= this.steps - 1) return this.play(false);
      this.ticking = requestAnimationFrame(tick);
    };
    this.ticking = requestAnimationFrame(tick);
  }

  show(step) { this.step = step; this.root.dataset.step = step; this.paint(this.picture, 0); }

  remove() { // Streamlit has taken the figure off the page
    this.playing = false;
    this.resize.disconnect();
    if (this.plot && window.Plotly) window.Plotly.purge(this.plot);
    figures.delete(this.root);
    if (!figures.size) { const { socket } = road; road.socket = null; socket?.close(); }
  }
}

function recolour(node, partner) { // every colour of the light palette -> its partner in the dark one
  if (typeof node === "string") return node[0] === "#" ? (partner[node.slice(0, 7)] ?? node.slice(0, 7)) + node.slice(7) : node;
  if (Array.isArray(node)) return typeof node[0] === "number" ? node : node.map((n) => recolour(n, partner));
  if (!node || typeof node !== "object" || node.bdata) return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, recolour(value, partner)]));
}

function unpack({ dtype, bdata }) {
  const kinds = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array };
  return new kinds[dtype](Uint8Array.from(atob(bdata), (c) => c.charCodeAt(0)).buffer);
}

function upTo(trace, step) { // playback: the trace as it stood at a step
  const how = trace.meta?.play;
  if (!how) return trace;
  const cut = (v) => { const all = v?.bdata ? unpack(v) : v; return all?.slice?.(how === "head" ? Math.min(step, all.length - 1) : 0, step + 1); };
  const parts = ["x", "y", "z"].filter((n) => trace[n]).map((n) => [n, cut(trace[n])]);
  return { ...trace, ...Object.fromEntries(parts) };
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".lb-figure");
  if (!figures.has(root)) figures.set(root, new Figure(root));
  figures.get(root).record(decode(data), setTriggerValue);
  return () => figures.get(root)?.remove();
}
