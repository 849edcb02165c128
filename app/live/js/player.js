// Tools of a figure, and playback.
function showPlaying(button, on, { play, pause }) {
  const title = on ? pause : play;
  Object.assign(button, { textContent: on ? "❚❚" : "▶", title: `${title} (K)`, ariaLabel: title });
}
document.addEventListener("keydown", (e) => { // K plays and pauses; so do B and ., the black screen of a presenter's remote
  const bare = e.target === document.body && larger() > 1.1 && !document.querySelector("[data-testid=stPopoverBody]"); // presenter mode, nothing in the hand:
  const free = bare ? { " ": "k", "Escape": "P" }[e.key] : undefined; // the space bar plays, Escape leads back
  const letter = free ?? (/^[a-z.]$/i.test(e.key) ? e.key.toLowerCase() : { KeyK: "k", KeyB: "b", KeyP: "P" }[e.code]); // on a Russian keyboard: where it lies
  if (!["k", "b", ".", "P"].includes(letter) || e.repeat || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
  if (e.key === " ") e.preventDefault(); // nothing scrolls
  if (e.target.closest?.("textarea, select, [contenteditable=true], input:not([type=range], [type=radio], [type=checkbox])")) return; // typing
  if (letter === "P") return void document.querySelector(".st-key-frame-present button")?.click(); // Streamlit hears the Latin one alone
  const buttons = [...figures.values()].flatMap((f) => f.runs?.play ?? (f.player && f.toggle) ?? []);
  buttons.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1))[0]?.click();
});
Object.assign(Figure.prototype, {
  buildTools() {
    const { words, kind, name } = this.head, filename = name.replace(/\W+/g, "-");
    [this.tools.textContent, this.mark.textContent] = ["", words.off];
    const tool = (text, title, act) => (make(this.tools, "button", "lb-button", { title, "aria-label": title }, text).onclick = act);
    const plot = (format) => window.Plotly.downloadImage(this.plot, { format, filename, width: 1280, height: 800, scale: format === "png" ? 2 : 1 });
    const canvas = () => Object.assign(document.createElement("a"), { href: this.together().toDataURL(), download: `${filename}.png` }).click();
    if (kind === "table") return;
    tool("PNG", words.png, () => (kind === "plot" ? plot("png") : canvas()));
    if (kind === "plot") tool("SVG", words.svg, () => plot("svg"));
    tool("⤢", words.full, () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()));
  },
  buildPlayer(steps) { // the bar of a figure made of steps: of marked traces, in the browser alone; or of a control's stops
    const { played } = this.head, [low, high, stride] = played?.bounds[0] ?? [];
    this.steps = steps = played ? Math.round((high - low) / stride) + 1 : steps;
    if (played && !this.clock) this.step = Math.round((({ ...this.head.values, ...this.positions() })[played.x] - low) / stride);
    if (steps < 2) { this.play(false); this.player?.remove(); Object.assign(this, { player: null, step: null }); return; }
    if (!this.player) {
      const { words } = this.head, bar = (this.player = make(this.root, "div", "lb-player"));
      const part = (tag, title, text, act) => Object.assign(make(bar, tag, "lb-button", { title, "aria-label": title }, text), act);
      const jump = (to) => { this.play(false); this.show(to); this.rest(); };
      this.toggle = part("button", words.play, "▶", { ariaKeyShortcuts: "K", onclick: () => { this.play(!this.clock); if (!this.clock) this.rest(); } });
      showPlaying(this.toggle, false, words);
      part("button", words.step, "+1", { onclick: () => jump(((this.step ?? -1) + 1) % this.steps) });
      this.scrub = part("input", words.scrub, "", { type: "range", min: 0, oninput: () => jump(+this.scrub.value) });
      this.speed = part("select", words.speed, "", {});
      for (const times of [0.25, 0.5, 1, 2, 4]) this.speed.append(new Option(`×${times}`, times, times === 1, times === 1));
    }
    Object.assign(this.scrub, { max: steps - 1, value: this.step ?? steps - 1 });
  },
  play(on) {
    this.clock = clearInterval(this.clock);
    if (this.toggle) showPlaying(this.toggle, on, this.head.words);
    if (!on) return;
    this.dragging = Boolean(this.head.played);
    let place = this.step === null || this.step >= this.steps - 1 ? 0 : this.step;
    const rate = media("(prefers-reduced-motion: reduce)") ? 2 : (this.picture.rate ?? Math.max(8, this.steps / 6)); // steps a second
    this.clock = setInterval(() => {
      place = Math.min(this.steps - 1, place + 0.05 * rate * +this.speed.value);
      if (Math.floor(place) !== this.step) this.show(Math.floor(place));
      if (place >= this.steps - 1) { this.play(false); this.rest(); }
    }, 50);
  },
  show(step) {
    const { played } = this.head;
    this.root.dataset.step = this.step = step;
    if (played) this.hold(played, played.bounds[0][0] + step * played.bounds[0][2]);
    else this.paint(this.picture, 0);
  },
  rest() { // the link follows when a played control rests, and the output that a playback of grids stands at
    const { kind, grids, plays } = this.picture, [handle] = this.head.handles;
    clearTimeout(this.resting);
    if (kind === "grids" && handle) this.hold(handle, this.step % grids[plays].columns, Math.floor(this.step / grids[plays].columns));
    if (this.head.played || kind === "grids") this.resting = setTimeout(() => this.letGo(), 400);
  },
});
