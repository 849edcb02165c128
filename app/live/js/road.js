// The road: one WebSocket for all figures of the page.
const road = {
  socket: null, desk: null, leader: null, pause: 500, number: 0,
  open(base, desk) {
    if (this.socket && this.desk === desk) return;
    const old = this.socket, socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}${base}/live`);
    Object.assign(this, { socket, desk });
    socket.binaryType = "arraybuffer";
    old?.close();
    socket.onopen = () => { // after a break each figure asks once: a new server does not know its token
      figures.forEach((f) => { f.setLive(); if (this.pause > 500) f.wish = { set: f.drawn(), sign: JSON.stringify(f.drawn()) }; });
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
  pump() { this.due ??= Promise.resolve().then(() => { this.due = null; this.send(); }); }, // once for all figures that wish for something
  send() { // one request in flight per figure; the one under the hand leads (or, where that rests, the first that follows), then from the top
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const order = (a, b) => b.dragging - a.dragging || (a.root.compareDocumentPosition(b.root) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
    const all = [...figures.values()].sort(order), asked = (f) => f.flying && f.flying.after === undefined;
    const follows = (f) => Object.keys(f.held).some((n) => n in f.head.values);
    const leader = all.some((f) => f.dragging) ? all.find(follows) : pressed ? (this.leader ??= all.find((f) => f.flying || f.wish)) : null;
    let later = Infinity; // while the hand moves the others come one by one, and take a sixth of the time at most
    for (const f of all.filter((f) => f.wish && (!f.flying || f.flying.after >= 0) && !f.gone)) {
      const wait = leader && f !== leader ? f.sentAt + Math.max(150, 6 * f.took) - performance.now() : 0;
      if (wait > 0) { later = Math.min(later, wait); continue; }
      if (leader && f !== leader && all.some((g) => g !== leader && asked(g))) continue; // its answer makes room
      f.flying = { view: f.head.token, id: ++this.number, ...f.wish };
      this.socket.send(JSON.stringify(f.flying));
      Object.assign(f, { wish: null, sentAt: performance.now(), askedAt: lastInput });
    }
    clearTimeout(this.waiting);
    if (later < Infinity) this.waiting = setTimeout(() => this.pump(), later);
  },
};
