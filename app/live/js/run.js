// A figure that watches a run. It asks for what is newer than what it shows, and asks again when that is painted:
// so there is one picture on its way at a time, as many a second as this browser can paint. And the bar of the run.
document.addEventListener("visibilitychange", () => figures.forEach((f) => f.compare()));
Object.assign(Figure.prototype, {
  follow(set) {
    if (!this.head.job || this.gone || this.flying || document.hidden || road.socket?.readyState !== WebSocket.OPEN) return;
    if (this.rested === false) { // painted first, and the calmer figures leave room for the stage
      const pause = new Promise((go) => setTimeout(go, this.head.run.every));
      this.due ??= Promise.all([this.painting, pause]).then(() => { this.due = null; this.rested = true; this.compare(); });
      return;
    }
    const { opens } = this.head.run;
    if (opens > this.head.job.step && !this.head.job.touched && this.opened !== this.head.job) { // a run that begins before one's eyes
      this.opened = this.head.job;
      this.tell("open", opens);
    }
    this.wish = { set, sign: this.shown, after: this.version };
    road.pump();
  },
  tell(command, value = null) {
    if (road.socket?.readyState === WebSocket.OPEN) road.socket.send(JSON.stringify({ view: this.head.token, id: null, set: {}, do: [command, value] }));
  },
  showRun(job) {
    if (!job) return;
    this.root.dataset.step = job.step;
    if (!this.head.run.bar) return;
    const { words, speeds } = this.head.run, going = job.phase === "running" || job.phase === "asleep";
    if (this.bar?.dataset.words !== JSON.stringify(words)) {
      this.bar?.remove();
      const bar = (this.bar = make(this.root, "div", "lb-player lb-run", { "data-words": JSON.stringify(words) })), nodes = (this.runs = {});
      const part = (name, tag, text, act) => (nodes[name] = Object.assign(make(bar, tag, "lb-button", { title: words[name], "aria-label": words[name] }, text), act));
      part("play", "button", "▶", { ariaKeyShortcuts: "K", onclick: () => this.tell(nodes.play.textContent === "▶" ? "play" : "pause") });
      part("step", "button", "+1", { onclick: () => this.tell("step") });
      part("restart", "button", "↺", { onclick: () => this.tell("restart") });
      part("scrub", "input", "", { type: "range", min: 0, oninput: () => this.tell("scrub", +nodes.scrub.value) });
      part("speed", "select", "", { onchange: () => this.tell("speed", +nodes.speed.value) });
      for (const n of speeds) nodes.speed.append(new Option(n ? words.rate.replace("{n}", n) : words.fast, n));
      part("branch", "button", "A/B", { onclick: () => this.tell(nodes.branch.ariaPressed === "true" ? "join" : "branch") });
      nodes.said = make(bar, "span", "lb-said");
    }
    const { play, scrub, speed, branch, said } = this.runs, count = (n) => n.toLocaleString(document.documentElement.lang || undefined);
    showPlaying(play, going, words);
    if (!scrub.matches(":active")) Object.assign(scrub, { max: Math.max(1, job.moments - 1), value: job.at });
    if (!speed.matches(":focus")) speed.value = job.speed;
    const joined = job.branched ? words.join : words.branch;
    Object.assign(branch, { ariaPressed: String(job.branched), title: joined, ariaLabel: joined });
    said.textContent = words.at.replace("{n}", count(job.step)) + (job.pace ? ` · ${words.rate.replace("{n}", count(job.pace))}` : "");
  },
});
