// The live figure. Streamlit gives it a first picture. It compares where the controls stand with what the picture
// shows, and asks /live for a picture while the two differ. It knows nothing of what a page is about.
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

const clamp = (v, low, high) => Math.min(high, Math.max(low, v)), media = (query) => matchMedia(query).matches;
const same = (a, b) => (typeof a === "number" ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a))
  : Array.isArray(a) ? a.every((v, i) => same(v, b[i])) : a === b);
function make(parent, tag, className, attributes = {}, text = "") {
  const node = document.createElement(tag);
  Object.entries({ class: className, ...attributes }).forEach(([name, value]) => node.setAttribute(name, value));
  return parent.appendChild(Object.assign(node, { textContent: text }));
}
const known = new Map(), thumbsOf = (key) => known.get(key)?.[0]?.isConnected ? known.get(key) // the thumbs of a slider
  : known.set(key, [...document.querySelectorAll(`.st-key-${key.replace(/[^\w-]/g, "-")} input[type=range]`)]).get(key);
function decode(bytes) { // a frame: length of the header, header, payload (pack() in app/live/desk.py)
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return { ...JSON.parse(new TextDecoder().decode(bytes.subarray(4, end))), payload: bytes.slice(end) };
}
function unpack(array) { // a tensor (encode() in app/figures/plot.py) -> a typed array
  const kind = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u1: Uint8Array }[array?.dtype];
  return kind ? new kind((Uint8Array.fromBase64?.(array.bdata) ?? Uint8Array.from(atob(array.bdata), (c) => c.charCodeAt(0))).buffer) : array;
}
const plotly = ({ base, plotly: path }) => (window.__lightboardPlotly ??= new Promise((resolve) => // once, from our server
  Object.assign(make(document.head, "script", "", { src: base + path }), { onload: () => resolve(window.Plotly), onerror: () => resolve((window.__lightboardPlotly = null)) })));
function recolour(node, partner) { // every colour of the light palette -> its partner in the dark one
  if (typeof node === "string" && node[0] === "#") return (partner[node.slice(0, 7)] ?? node.slice(0, 7)) + node.slice(7);
  if (Array.isArray(node)) return typeof node[0] === "number" && typeof node.at(-1) === "number" ? node : node.map((n) => recolour(n, partner));
  if (!node || typeof node !== "object" || node.bdata) return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, recolour(value, partner)]));
}
function upTo(trace, step) { // playback: a "trail" up to the present step, the "head" at it
  const how = step === null ? null : trace.meta?.play, from = (all) => (how === "head" ? Math.min(step, all.length - 1) : 0);
  const cut = (name) => [name, unpack(trace[name]).slice(from(unpack(trace[name])), step + 1)];
  return { ...trace, ...Object.fromEntries(["x", "y", "z"].filter((name) => how && trace[name]).map(cut)) };
}
function moveMarks(plot, traces) { // moves lines and dots, at a tenth of the price of Plotly.react; false where more has changed
  return traces.every((trace, i) => {
    const { uid, xaxis, yaxis, fill, visible } = plot._fullData[i], group = plot.querySelector(`.trace${uid}`);
    if (visible !== true || trace.type !== "scatter" || trace.mode === "none") return true; // switched off in the legend; or it is as it was
    const xa = plot._fullLayout[xaxis.replace("x", "xaxis")], ya = plot._fullLayout[yaxis.replace("y", "yaxis")];
    const x = unpack(trace.x), marks = Array.from(unpack(trace.y), (v, k) => [xa.d2p(x[k]), ya.d2p(v)].map((p) => Math.round(p * 10) / 10));
    const real = marks.map((p) => p.every(Number.isFinite)), [lines, dots, areas] = ["js-line", "point", "js-fill"].map((c) => group?.querySelectorAll(`path.${c}`) ?? []);
    dots.forEach((dot, k) => real[k] && dot.setAttribute("transform", `translate(${marks[k]})`));
    const path = marks.map((p, k) => (real[k] ? `${real[k - 1] ? "L" : "M"}${p}` : "")).join("");
    lines.forEach((line, k) => line.setAttribute("d", k ? "" : path)); // Plotly has a path for each piece
    if (fill === "toself") areas[0]?.setAttribute("d", `${path.replaceAll("M", "ZM").slice(1)}Z`);
    return trace.mode === "markers" ? dots.length === marks.length : trace.mode === "lines" && lines.length + areas.length > 0 && areas.length === +(fill === "toself");
  });
}
function moveMaps(plot, images) { // a map that has changed gets its new picture
  return images.every(({ xref, yref, source }) => {
    const node = plot.querySelector(`.subplot.${xref}${yref} .imagelayer image`);
    if (node && node._imgSrc !== source) node.setAttributeNS("http://www.w3.org/1999/xlink", "href", (node._imgSrc = source)); // Plotly's own note of it
    return node;
  });
}
// ---- the road: one WebSocket for all figures of the page ------------------------------------------------------
const road = {
  socket: null, desk: null, pause: 500, number: 0,
  open(base, desk) {
    if (this.socket && this.desk === desk) return;
    const old = this.socket, socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${base}/live`);
    Object.assign(this, { socket, desk });
    socket.binaryType = "arraybuffer";
    old?.close();
    socket.onopen = () => { // after a break each figure asks once: a new server does not know its token
      figures.forEach((f) => { f.setLive(); if (this.pause > 500) f.wish = f.positions(); });
      this.pump(this.pause = 500);
    };
    socket.onmessage = ({ data }) => { const frame = decode(new Uint8Array(data)); figures.forEach((f) => f.answered(frame)); this.pump(); };
    socket.onclose = () => {
      if (this.socket !== socket) return; // another one has taken over
      this.socket = null;
      figures.forEach((f) => f.setLive());
      if (figures.size) setTimeout(() => this.open(base, this.desk), (this.pause = Math.min(this.pause * 2, 8000)));
    };
  },
  pump() { // sends what is wished for: one request in flight per figure, the one under the hand first
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const all = [...figures.values()], held = all.find((f) => f.dragging && (f.flying || f.wish));
    const patient = (f) => held && f !== held && performance.now() - f.sentAt < 150; // the others make room
    for (const f of all.sort((a, b) => b.dragging - a.dragging).filter((f) => f.wish && !f.flying && !f.gone && !patient(f))) {
      f.flying = { view: f.head.token, id: ++this.number, set: f.wish };
      this.socket.send(JSON.stringify(f.flying));
      Object.assign(f, { wish: null, sentAt: performance.now(), askedAt: lastInput });
    }
  },
};
// ---- one figure -------------------------------------------------------------------------------------------------
class Figure {
  constructor(root) {
    Object.assign(this, { root, held: {}, dragging: false, releasedAt: 0, sentAt: 0, frames: 0, step: null, handles: [], maps: [] });
    for (const part of ["tools", "stage", "note", "mark"]) this[part] = make(root, "div", `lb-${part}`, { role: part === "note" ? "status" : "group" });
    (this.resize = new ResizeObserver(() => this.fit())).observe(root);
    setTimeout(() => root.classList.add("lb-settled"), 1500); // "not live" is said only once the road had its chance
  }
  record(head, release) { // the road of record: a picture that came with the page
    const first = !this.head, said = JSON.stringify([head.words, head.handles.map((h) => h.label)]);
    Object.assign(this, { head, release, gone: false, shown: first ? "record" : null }), Object.assign(this.root.dataset, { view: head.name, frames: this.frames });
    if (said !== this.said) { this.said = said; this.player = this.player?.remove(); this.buildTools(); this.buildHandles(); }
    if (first) { this.fit(); this.paint(head, 0); }
    const arrived = Object.entries(this.held).every(([name, value]) => same(value, head.values[name]));
    if (!this.dragging && (arrived || performance.now() - this.releasedAt > 3000)) this.held = {};
    this.setLive(road.open(head.base, head.desk));
  }
  positions() { // where the controls stand: the sliders of the page, over them the handle in the hand
    const found = {};
    for (const [name, { key, options, pair }] of Object.entries(this.head.watch)) {
      const values = thumbsOf(key).map(({ value }) => (options ? options[+value] : +value));
      if (values.length) found[name] = pair ? values : values[0];
    }
    return { ...found, ...this.held };
  }
  compare() {
    if (!this.head) return;
    const now = this.positions(), ahead = Object.keys(now).some((n) => !same(now[n], this.head.values[n]));
    const sign = ahead ? JSON.stringify(now) : "record";
    this.placeHandles();
    this.wish = null;
    if (sign === this.shown) return;
    if (!ahead) { this.flying = null; this.shown = "record"; this.paint(this.head, lastInput); }
    if (ahead && JSON.stringify(this.flying?.set) !== sign) { this.wish = now; road.pump(); }
  }
  answered(answer) {
    if (answer.id !== this.flying?.id) return; // for another figure, or the road of record was quicker
    Object.assign(this, { shown: JSON.stringify(this.flying.set), flying: null, gone: Boolean(answer.gone) });
    if (this.gone) this.wake(); // the server was started anew: a run of the page makes new tokens
    else this.paint(answer, this.askedAt);
    this.setLive();
  }
  wake() { if (this.gone && figures.has(this.root)) { this.release("release", {}); setTimeout(() => this.wake(), 3000); } }
  setLive() {
    this.root.dataset.live = road.socket?.readyState === WebSocket.OPEN && !this.gone ? "on" : "off";
    if (this.root.dataset.live === "off") this.flying = null; // what was asked of a lost road will not be answered
    this.compare();
  }
  // -- painting
  async paint(picture, at) {
    const { kind, alt, error = "", steps = 0 } = picture;
    this.note.textContent = error;
    if (error) return; // the last good picture stays
    Object.assign((this.picture = picture) && this.stage, { role: kind === "table" ? "group" : "img", ariaLabel: alt });
    this.buildPlayer(steps);
    const moved = await { plot: this.paintPlot, picture: this.paintPicture, table: ({ html }) => void (this.stage.innerHTML = html) }[kind].call(this, picture);
    if (!moved) this.placeHandles(); // the axes may have changed
    requestAnimationFrame(() => Object.assign(this.root.dataset, { frames: ++this.frames }, at && { latency: (performance.now() - at).toFixed(1) }));
  }
  height() { // on a phone the stage leaves room for its controls
    const { stage_height: tall } = this.head, { innerHeight: screen } = window;
    return document.fullscreenElement === this.root ? screen - 60 : media("(max-width: 640px)") ? Math.min(tall, Math.round(screen * 0.42)) : tall;
  }
  async paintPlot(picture) {
    const Plotly = await plotly(this.head), css = getComputedStyle(this.root);
    if (!Plotly) return Boolean((this.note.textContent = this.head.words.lost)); // the next picture tries again
    if (this.picture !== picture) return; // a newer one has come while the library loaded
    const dark = parseInt(css.getPropertyValue("--st-background-color").trim().slice(1, 3), 16) < 128;
    const { data, layout } = dark ? recolour(picture.figure, this.head.dark) : picture.figure;
    const painted = data.filter((t) => t.meta?.paint), images = painted.map((t, i) => pictureOf(t, (this.maps[i] ??= {})));
    await Promise.all(images.filter((image, i) => image.source !== this.maps[i].seen).map((image, i) => Object.assign(new Image(), { src: image.source }).decode())); // no frame goes without it
    images.forEach(({ source }, i) => (this.maps[i].seen = source));
    if (this.picture !== picture) return;
    const bare = ({ xaxis, yaxis }) => ({ type: "scatter", mode: "none", x: [0], y: [0], xaxis, yaxis, hoverinfo: "skip", showlegend: false });
    const traces = data.map((t) => (t.meta?.paint ? bare(t) : upTo(t, this.step))), clear = "rgba(0,0,0,0)", font = { ...layout.font, family: css.getPropertyValue("--st-font"), ...(media("(max-width: 640px)") && { size: 13 }) };
    const narrow = this.root.clientWidth < 520 ? layout.meta?.narrow : {}, stacked = (axes) => // panels side by side: one above the other
      Object.fromEntries(Object.entries(axes ?? {}).map(([name, more]) => [name, { ...layout[name], ...more }]));
    const whole = { dragmode: media("(pointer: fine)") ? "zoom" : false, ...layout, ...stacked(narrow), font, width: this.root.clientWidth,
      height: this.height(), paper_bgcolor: clear, plot_bgcolor: clear, ...(images.length && { images }) };
    const look = JSON.stringify([traces.map((t) => (t.type === "scatter" ? { ...t, x: 0, y: 0 } : t)), whole], (name, value) => (name === "source" ? "" : value));
    this.plot = this.stage;
    const moved = !clearTimeout(this.settling) && look === this.look && moveMarks(this.plot, traces) && moveMaps(this.plot, images), settle = () => Plotly.react(this.plot, traces, whole, { displayModeBar: false });
    if (moved) this.settling = setTimeout(settle, 200); // at rest Plotly gets the numbers: hover and zoom need them
    else await settle();
    this.look = look;
    return moved;
  }
  async paintPicture(picture) {
    const { width, height, crisp, mime, payload } = picture, bitmap = await createImageBitmap(new Blob([payload], { type: mime }));
    this.canvas ??= make(this.stage, "canvas", "lb-canvas");
    this.readout ??= make(this.root, "div", "lb-readout");
    Object.assign(this.canvas, { width, height, onpointermove: (e) => this.read(e), onpointerleave: () => (this.readout.textContent = "") });
    this.canvas.classList.toggle("lb-crisp", crisp);
    const scale = Math.min(this.root.clientWidth / width, (this.height() - 24) / height);
    this.canvas.style.width = `${Math.round(width * (crisp && scale > 1 ? Math.floor(scale) : scale))}px`; // whole squares
    this.canvas.getContext("2d", { willReadFrequently: true }).drawImage(bitmap, 0, 0);
  }
  read(e) { // the numbers under the pointer: the real ones where they came along, else the painted ones
    const { width, height, pixels } = this.picture, place = (at, of, n) => clamp(Math.floor((at / of) * n), 0, n - 1);
    const [column, row] = [place(e.offsetX, this.canvas.clientWidth, width), place(e.offsetY, this.canvas.clientHeight, height)];
    const painted = () => [...this.canvas.getContext("2d").getImageData(column, row, 1, 1).data.slice(0, 3)].join(" ");
    this.readout.textContent = `(${column}, ${row})  ${pixels ? unpack(pixels)[row * width + column].toPrecision(4) : painted()}`;
  }
  fit() { // a new width, a turned phone, fullscreen
    const size = this.head && `${this.root.clientWidth} ${this.height()}`;
    if (size) this.root.style.setProperty("--lb-height", `${this.height()}px`);
    if (this.picture && size !== this.size) this.paint(this.picture, 0);
    this.size = size;
  }
  // -- handles: points in the picture, bound to parameters
  buildHandles() {
    this.handles.forEach((node) => node.remove());
    this.handles = this.head.handles.map((spec, i) => {
      const node = make(this.root, "div", `lb-handle${spec.y ? "" : " lb-line"}`, { role: "slider", tabindex: 0, "aria-label": spec.label });
      const take = (e) => { e.preventDefault(); node.setPointerCapture(e.pointerId); node.focus(); this.dragging = true; };
      const drop = () => this.dragging && this.letGo();
      return Object.assign(node, { onpointerdown: take, onpointerup: drop, onpointercancel: drop,
        onpointermove: (e) => this.dragging && this.moveTo(i, e), onkeydown: (e) => this.nudge(i, e) });
    });
    this.root.onpointerdown = (down) => document.addEventListener("pointerup", (e) => { // a click puts its handle there
      const i = this.head.handles.findIndex((h) => h.click), g = i >= 0 && this.geometry(this.head.handles[i]);
      const [x, y] = [e.clientX - g?.x0, e.clientY - g?.y0], still = Math.hypot(e.clientX - down.clientX, e.clientY - down.clientY) < 4;
      if (g && still && this.stage.contains(down.target) && x >= 0 && x <= g.width && y >= 0 && y <= g.height) { this.moveTo(i, e); this.letGo(); }
    }, { once: true, capture: true });
  }
  geometry(spec) { // where the axes of a handle lie on the screen, and how numbers become pixels on them and back
    const box = (this.plot ?? this.canvas)?.getBoundingClientRect(), layout = this.plot?._fullLayout;
    const whole = (length, n) => ({ _offset: 0, _length: length, d2p: (v) => (v / n) * length, p2d: (p) => (p / length) * n }); // of a picture
    const [xa, ya] = this.plot ? [layout?.[spec.xaxis], layout?.[spec.yaxis]]
      : box ? [whole(box.width, this.picture.width), whole(box.height, this.picture.height)] : [];
    return xa && ya && { x0: box.left + xa._offset, y0: box.top + ya._offset, width: xa._length, height: ya._length, xa, ya };
  }
  placeHandles() {
    if (!this.handles.length) return;
    const edge = this.root.getBoundingClientRect(), now = { ...this.head.values, ...this.positions() };
    this.handles.forEach((node, i) => {
      const { x, y, bounds } = this.head.handles[i], g = this.geometry(this.head.handles[i]), left = g?.xa.d2p(now[x]);
      if ((node.hidden = !(left >= -1 && left <= g?.width + 1))) return; // outside of what is seen
      const top = g.y0 - edge.top + (y ? g.ya.d2p(now[y]) : 0), text = [x, y].filter(Boolean).map((n) => Number(now[n].toPrecision(4)));
      Object.assign(node.style, { left: `${g.x0 - edge.left + left}px`, top: `${top}px`, height: y ? "" : `${g.height}px` });
      Object.assign(node, { ariaValueNow: text[0], ariaValueMin: bounds[0][0], ariaValueMax: bounds[0][1], ariaValueText: text.join("; ") });
    });
  }
  moveTo(i, { clientX, clientY }, spec = this.head.handles[i], g = this.geometry(spec)) {
    if (g) this.hold(spec, g.xa.p2d(clientX - g.x0), g.ya.p2d(clientY - g.y0));
  }
  hold({ x, y, bounds }, toX, toY) { // on the steps of its control, within its bounds
    const legal = (v, [low, high, step]) => clamp(step ? Number((low + Math.round((v - low) / step) * step).toFixed(9)) : Number(v.toPrecision(4)), low, high);
    const moved = { [x]: legal(toX, bounds[0]), ...(y && { [y]: legal(toY, bounds[1]) }) };
    figures.forEach((f) => { for (const n in moved) if (n in f.head.values) f.held[n] = moved[n]; f.compare(); }); // of all figures
  }
  nudge(i, e) { // arrow keys: a hundredth of the range, with Shift a twentieth
    const spec = this.head.handles[i], now = { ...this.head.values, ...this.positions() }, up = this.plot ? 1 : -1;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, up], ArrowDown: [0, -up] }[e.key];
    const stride = (b) => b && Math.max(b[2], (b[1] - b[0]) / (e.shiftKey ? 20 : 100));
    if (!way) return;
    e.preventDefault();
    this.hold(spec, now[spec.x] + way[0] * stride(spec.bounds[0]), spec.y && now[spec.y] + way[1] * stride(spec.bounds[1]));
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), 400); // the URL follows when the key rests
  }
  letGo() { Object.assign(this, { dragging: false, releasedAt: performance.now() }); this.release("release", { ...this.held }); }
  // -- tools and playback
  buildTools() {
    const { words, kind, name } = this.head, filename = name.replace(/\W+/g, "-");
    [this.tools.textContent, this.mark.textContent] = ["", words.off];
    const tool = (text, title, act) => (make(this.tools, "button", "lb-button", { title, "aria-label": title }, text).onclick = act);
    const plot = (format) => window.Plotly.downloadImage(this.plot, { format, filename, width: 1280, height: 800, scale: format === "png" ? 2 : 1 });
    const canvas = () => Object.assign(document.createElement("a"), { href: this.canvas.toDataURL(), download: `${filename}.png` }).click();
    if (kind === "table") return;
    tool("PNG", words.png, () => (kind === "plot" ? plot("png") : canvas()));
    if (kind === "plot") tool("SVG", words.svg, () => plot("svg"));
    tool("⤢", words.full, () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
  }
  buildPlayer(steps) { // the bar of a figure made of steps; it works in the browser alone
    this.steps = steps;
    if (steps < 2) { this.play(false); this.player?.remove(); Object.assign(this, { player: null, step: null }); return; }
    if (!this.player) {
      const { words } = this.head, bar = (this.player = make(this.root, "div", "lb-player"));
      const part = (tag, title, text, act) => Object.assign(make(bar, tag, "lb-button", { title, "aria-label": title }, text), act);
      const jump = (to) => { this.play(false); this.show(to); };
      this.toggle = part("button", words.play, "▶", { onclick: () => this.play(!this.clock) });
      part("button", words.step, "+1", { onclick: () => jump(((this.step ?? -1) + 1) % this.steps) });
      this.scrub = part("input", words.scrub, "", { type: "range", min: 0, oninput: () => jump(+this.scrub.value) });
      this.speed = part("select", words.speed, "", {});
      for (const times of [0.25, 0.5, 1, 2, 4]) this.speed.append(new Option(`×${times}`, times, times === 1, times === 1));
    }
    Object.assign(this.scrub, { max: steps - 1, value: this.step ?? steps - 1 });
  }
  play(on) {
    this.clock = clearInterval(this.clock);
    if (this.toggle) this.toggle.textContent = on ? "⏸" : "▶";
    if (!on) return;
    let place = this.step === null || this.step >= this.steps - 1 ? 0 : this.step;
    const rate = media("(prefers-reduced-motion: reduce)") ? 2 : Math.max(8, this.steps / 6); // steps a second
    this.clock = setInterval(() => {
      place = Math.min(this.steps - 1, place + 0.05 * rate * +this.speed.value);
      if (Math.floor(place) !== this.step) this.show(Math.floor(place));
      if (place >= this.steps - 1) this.play(false);
    }, 50);
  }
  show(step) { this.root.dataset.step = this.step = step; this.paint(this.picture, 0); }
  remove() { // Streamlit has taken the figure off the page
    this.resize.disconnect(this.play(false));
    if (this.plot) window.Plotly?.purge(this.plot);
    if (figures.delete(this.root) && !figures.size) road.socket?.close();
  }
}
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".lb-figure");
  if (!figures.has(root)) figures.set(root, new Figure(root));
  figures.get(root).record(decode(data), setTriggerValue);
  return () => figures.get(root)?.remove();
}
