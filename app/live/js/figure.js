// The live figure. Streamlit gives it a first picture. It compares where the controls stand with what the picture
// shows, and asks /live for a picture while the two differ. It knows nothing of what a page is about.
// What it leans on in Streamlit's page (tests/browser/test_platform.py fails when an upgrade changes it):
//   1. a widget with key="a.b" lies in an element with the class st-key-a-b;
//   2. a slider holds one <input type="range"> per thumb, whose `value` attribute changes while the thumb moves;
//      for st.select_slider it is the index of the option.
const figures = new Map(); // root element -> Figure
const painters = {}; // kind of a picture -> async (picture) => whether only marks have moved; `this` is the figure
let lastInput = 0, pressed = false; // when the hand last moved; whether it holds something
const press = (e) => { // a button that was let go outside of the window is seen at the next move
  const now = e.type === "pointerdown" || (e.type === "pointermove" && pressed && e.buttons > 0);
  if (now === pressed) return;
  [pressed, road.leader] = [now, null];
  road.pump();
};
for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) document.addEventListener(type, press, { capture: true, passive: true });
for (const type of ["pointerdown", "pointermove", "keydown", "touchmove"])
  document.addEventListener(type, (e) => (lastInput = e.timeStamp), { capture: true, passive: true });
new MutationObserver((changes) => { // any slider that moves makes every figure compare again
  if (changes.some((c) => c.target.type === "range")) figures.forEach((f) => f.compare());
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });

class Figure {
  constructor(root) {
    Object.assign(this, { root, held: {}, dragging: false, releasedAt: 0, sentAt: 0, took: 0, frames: 0, step: null, handles: [], maps: [], turn: 0 });
    for (const part of ["tools", "stage", "note", "mark"]) this[part] = make(root, "div", `lb-${part}`, { role: part === "note" ? "status" : "group" });
    (this.resize = new ResizeObserver(() => this.fit())).observe(root);
    setTimeout(() => root.classList.add("lb-settled"), 1500); // "not live" is said only once the road had its chance
  }
  record(head, release) { // the road of record: a picture that came with the page
    const first = !this.head, said = JSON.stringify([head.words, head.handles.map((h) => h.label), head.pen]);
    Object.assign(this, { head, release, gone: false, shown: first ? "record" : null }), Object.assign(this.root.dataset, { view: head.name, frames: this.frames });
    if (said !== this.said) { this.said = said; this.player = this.player?.remove(); this.buildTools(); this.buildHandles(); this.buildPen(); }
    if (first) { figures.forEach((f) => f.fit()); this.paint(head, 0); }
    if (head.job) Object.assign(this, { flying: null, wish: null, version: head.job.version }); // what was asked was asked of the old record
    const arrived = Object.entries(this.held).every(([name, value]) => same(value, { ...head.carried, ...head.values }[name]));
    if (![...figures.values()].some((f) => f.dragging) && (arrived || performance.now() - this.releasedAt > 3000)) this.held = {};
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
  standing() { return { ...this.head.carried, ...this.head.values, ...this.positions() }; } // of all that it knows
  drawn() { return Object.fromEntries(Object.entries(this.positions()).filter(([name]) => name in this.head.values)); } // what its picture depends on
  compare() {
    if (!this.head) return;
    const now = this.drawn(), ahead = Object.keys(now).some((n) => !same(now[n], this.head.values[n]));
    const sign = ahead ? JSON.stringify(now) : "record";
    this.placeHandles();
    this.wish = null;
    if (sign === this.shown) return void this.follow(ahead ? now : {});
    if (!ahead && this.head.job && this.shown !== null) { if (this.flying?.sign !== sign) { this.wish = { set: {}, sign }; road.pump(); } return; }
    if (!ahead) { this.flying = null; this.shown = "record"; this.paint(this.head, lastInput); this.follow({}); }
    if (ahead && this.flying?.sign !== sign) { this.wish = { set: now, sign }; road.pump(); }
  }
  answered(answer) {
    if (answer.id !== this.flying?.id) return; // for another figure, or the road of record was quicker
    const { sign, after } = this.flying;
    Object.assign(this, { took: performance.now() - this.sentAt, shown: sign, flying: null, gone: Boolean(answer.gone), version: answer.job?.version ?? this.version });
    if (after !== undefined) this.rested = false;
    if (this.gone) this.wake(); // the server was started anew: a run of the page makes new tokens
    else this.painting = this.paint(answer, after === undefined ? this.askedAt : 0);
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
    const { kind, alt, error = "", steps = 0, job } = picture;
    this.showRun(job);
    this.note.textContent = error || job?.told || "";
    if (error) return; // the last good picture stays
    this.picture = picture;
    this.buildPlayer(steps);
    const moment = this.player && !this.head.played && this.step !== null ? ` ${this.head.words.scrub} ${this.step + 1} / ${this.steps}.` : "";
    Object.assign(this.stage, { role: kind === "table" ? "group" : "img", ariaLabel: alt + moment });
    const moved = await painters[kind].call(this, picture);
    if (!moved) this.placeHandles(); // the axes may have changed
    requestAnimationFrame(() => Object.assign(this.root.dataset, { frames: ++this.frames }, at && { latency: (performance.now() - at).toFixed(1) }));
  }
  height() { // on a phone the stage leaves room for its controls
    const { stage_height: tall } = this.head, { innerHeight: screen } = window;
    if (document.fullscreenElement === this.root) return screen - 60;
    const { narrow = {}, low = Infinity, high = 0 } = this.picture?.figure?.layout?.meta ?? {};
    const panels = Object.keys(narrow).length > 2; // one above the other there
    const free = this.picture?.kind === "picture" && !this.root.closest(".st-key-lab-stage"); // it scrolls by: as large as can be seen
    if (media("(max-width: 640px)")) return Math.min(free ? 1.6 * tall : Math.max(tall, high), low, Math.round(screen * (panels ? 0.48 : 0.42)));
    if (larger() <= 1.1 || !tall || !this.root.closest(".st-key-lab-stage")) return tall;
    const hall = Math.max(320, screen - 230), pile = (f) => f.root.closest("[data-testid=stVerticalBlock]"); // in presenter mode all of the screen:
    const below = [...figures.values()].filter((f) => f !== this && f.head && pile(f) === pile(this)); // the first of a pile has what the others leave
    if (below.some((f) => f.root.compareDocumentPosition(this.root) & Node.DOCUMENT_POSITION_FOLLOWING)) return tall;
    return Math.round(Math.max(hall / 2, hall - below.reduce((sum, f) => sum + f.head.stage_height, 0)));
  }
  fit() { // a new width, a turned phone, fullscreen
    const size = this.head && `${this.root.clientWidth} ${this.height()}`;
    if (size) this.root.style.setProperty("--lb-height", `${this.height()}px`);
    if (this.picture && size !== this.size) this.paint(this.picture, 0);
    this.size = size;
  }
  remove() { // Streamlit has taken the figure off the page
    this.resize.disconnect(this.play(false));
    if (this.plot) window.Plotly?.purge(this.plot);
    if (figures.delete(this.root) && !figures.size) road.socket?.close();
  }
}
