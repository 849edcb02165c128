// Plots: Plotly draws them, and where only what moving.js knows has changed, we move it ourselves.
const plotly = ({ base, plotly: path }) => (window.__lightboardPlotly ??= new Promise((resolve) => // once, from our server
  Object.assign(make(document.head, "script", "", { src: base + path }), { onload: () => resolve(window.Plotly), onerror: () => resolve((window.__lightboardPlotly = null)) })));
function upTo(trace, step) { // playback: a "trail" up to the present step, the "head" at it
  const how = step === null ? null : trace.meta?.play, from = (all) => (how === "head" ? Math.min(step, all.length - 1) : 0);
  const cut = (name) => [name, unpack(trace[name]).slice(from(unpack(trace[name])), step + 1)];
  return { ...trace, ...Object.fromEntries(["x", "y", "z"].filter((name) => how && trace[name]).map(cut)) };
}
function moveMaps(plot, images) { // a map that has changed gets its new picture
  return images.every(({ xref, yref, source }) => {
    const node = plot.querySelector(`.subplot.${xref}${yref} .imagelayer image`);
    if (node && node._imgSrc !== source) node.setAttributeNS("http://www.w3.org/1999/xlink", "href", (node._imgSrc = source)); // Plotly's own note of it
    return node;
  });
}
function enlarge(node, times) { // its letters, and the margins that they stand in
  for (const [name, value] of Object.entries(node)) {
    if (!value || typeof value !== "object" || value.bdata || ArrayBuffer.isView(value) || name === "meta") continue; // numbers are none
    if (name === "margin") node[name] = Object.fromEntries(Object.entries(value).map(([side, v]) => [side, v * times]));
    else if (name.endsWith("font")) node[name] = { ...value, ...(value.size && { size: value.size * times }) };
    else if (!Array.isArray(value) || typeof value[0] === "object") enlarge((node[name] = Array.isArray(value) ? [...value] : { ...value }), times);
  }
}
function tighten(plot) { // words that would be cut off, or lie on their neighbours, are made smaller
  const edge = plot.getBoundingClientRect(), { l, r } = plot._fullLayout._size, groups = new Map();
  for (const node of plot.querySelectorAll("[class^=g-x] > text, [class^=g-y] > text, .xaxislayer-above text, .yaxislayer-above text, .annotation-text, .textpoint text")) {
    const { left, right, top, bottom, width, height } = node.getBoundingClientRect(), within = (...names) => names.map((name) => node.closest(name)).find(Boolean);
    if (!width || /rotate\((?!0[,)])/.test(node.getAttribute("transform")) && within(".xaxislayer-above")) continue; // Plotly has turned them itself
    const middle = (left + right) / 2, word = within(".trace"), [low, high] = [edge.left + (word ? l : 0), edge.right - (word ? r : 0)]; // those on the axes are cut off with them
    const room = { start: high - left, end: right - low }[getComputedStyle(node).textAnchor] ?? 2 * Math.min(middle - low, high - middle);
    const upright = within("[class^=g-y]") && height > width, share = upright ? (2 * Math.min((top + bottom) / 2 - edge.top, edge.bottom - (top + bottom) / 2)) / height : room / width;
    const row = within("[class^=g-x]") ? node.getAttribute("y") : within(".xaxislayer-above"), key = row ?? within(".yaxislayer-above") ?? word ?? node;
    groups.set(key, [...(groups.get(key) ?? []), { node, middle, width, row, share }]);
  }
  for (const group of groups.values()) {
    group.sort((a, b) => a.middle - b.middle);
    const free = ({ row, middle, width }, next) => (row && next && next.middle > middle + 1 ? (next.middle - middle - 6) / ((width + next.width) / 2) : 1);
    const share = Math.min(...group.map((one, i) => Math.min(one.share, free(one, group[i + 1]))));
    if (share < 0.99) for (const { node } of group) node.style.fontSize = `${Math.max(11, parseFloat(getComputedStyle(node).fontSize) * share)}px`;
  }
}
function lift(whole, height) { // on a phone: a title longer than its axis is tall lies above it, where it can be read
  const { margin = {}, legend } = whole, inner = height - (margin.t ?? 0) - (margin.b ?? 0) - 24, high = (axis) => axis.domain ?? [0, 1];
  const long = Object.entries(whole).filter(([name, axis]) => name.startsWith("yaxis") && axis.visible !== false && axis.side !== "right"
    && 7 * (axis.title?.text?.length ?? 0) > inner * (high(axis)[1] - high(axis)[0]));
  const words = long.map(([name, axis]) => ({ text: axis.title.text, showarrow: false, xref: "paper", xanchor: "left", x: high(whole[name.replace("y", "x")] ?? {})[0], yref: "paper", yanchor: "bottom", y: high(axis)[1] }));
  for (const [name, axis] of long) whole[name] = { ...axis, title: { text: "" } };
  if (words.length) whole.annotations = [...(whole.annotations ?? []), ...words];
  if (words.some(({ y }) => y > 0.97)) Object.assign(whole, { margin: { ...margin, t: Math.max(24, margin.t ?? 0) }, legend: { ...legend, y: Math.max(1, legend?.y ?? 1) + 20 / inner } });
}
painters.plot = async function (picture) {
  const Plotly = await plotly(this.head), css = getComputedStyle(this.root);
  if (!Plotly) return Boolean((this.note.textContent = this.head.words.lost)); // the next picture tries again
  if (this.picture !== picture) return; // a newer one has come while the library loaded
  const dark = parseInt(css.getPropertyValue("--st-background-color").trim().slice(1, 3), 16) < 128;
  const { images: backdrops = [], ...rest } = picture.figure.layout, known = this.head.figure?.layout.images ?? []; // found again by name
  const under = backdrops.map((i) => (i.source ? i : { ...i, source: known.find((k) => k.name === i.name)?.source }));
  const { data, layout } = dark ? recolour({ ...picture.figure, layout: rest }, this.head.dark) : { ...picture.figure, layout: rest };
  const maps = data.filter((t) => t.meta?.paint), images = maps.map((t, i) => pictureOf(t, (this.maps[i] ??= {}))), turn = ++this.turn;
  const fresh = images.filter(({ source }, i) => source !== this.maps[i].seen);
  await Promise.all(fresh.map(({ source }) => Object.assign(new Image(), { src: source }).decode())); // no frame goes without it
  if (turn < this.painted) return; // a newer one was quicker
  images.forEach(({ source }, i) => (this.maps[i].seen = source));
  const bare = ({ xaxis, yaxis }) => ({ type: "scatter", mode: "none", x: [0], y: [0], xaxis, yaxis, hoverinfo: "skip", showlegend: false });
  const clear = "rgba(0,0,0,0)", font = { ...layout.font, family: css.getPropertyValue("--st-font"), ...(media("(max-width: 640px)") && { size: 13 }) }, times = larger();
  const lean = this.root.clientWidth < 520, { narrow = {}, small } = (lean && layout.meta) || {}; // panels side by side: one above the other, words no larger than that
  const across = Object.keys(narrow).filter((name) => name.startsWith("xaxis")), titles = new Set(across.map((name) => layout[name]?.title?.text));
  const once = titles.size === 1 && across.every((name) => narrow[name].domain?.[0] === 0) ? across.slice(0, -1) : []; // a title that they share stands under the last
  const stacked = Object.fromEntries(Object.entries(narrow).map(([name, more]) => [name, Array.isArray(more) ? more : { ...layout[name], ...more, ...(once.includes(name) && { title: { text: "" } }) }]));
  const words = small && (({ textfont: font }) => font && { textfont: { ...font, size: Math.min(font.size, small) } });
  const shrunk = (t) => ({ ...t, ...(words && words(t)), ...(lean && t.meta?.narrow) }); // a trace may say of itself what is else there
  const traces = data.map((t) => (t.meta?.paint ? bare(t) : shrunk(upTo(t, this.step))));
  const whole = { dragmode: media("(pointer: fine)") ? "zoom" : false, ...layout, ...stacked, ...(media("(max-width: 640px)") && { legend: { ...layout.legend, ...stacked.legend, font: { size: Math.min(12, stacked.legend?.font?.size ?? 12) } } }), font, width: this.root.clientWidth,
    height: this.height(), paper_bgcolor: clear, plot_bgcolor: clear }, drawn = [...under, ...images];
  if (lean) lift(whole, this.height());
  if (times > 1.1) for (const part of [whole, ...traces]) enlarge(part, times);
  const look = JSON.stringify([traces.map(resting), whole, under.map((i) => ({ ...i, source: i.name ? 0 : i.source })), images.map((i) => ({ ...i, source: 0 }))]);
  Object.assign(this, { plot: this.stage, painted: turn });
  const moved = !clearTimeout(this.settling) && look === this.look && moveMarks(this.plot, traces, this.traces) && moveMaps(this.plot, images);
  const react = async () => { await Plotly.react(this.plot, traces, { ...whole, ...(drawn.length && { images: drawn }) }, { displayModeBar: false }); if (times > 1.1 || lean) tighten(this.plot); };
  const settle = () => (this.settling = pressed ? setTimeout(settle, 200) : void react());
  if (moved) this.settling = setTimeout(settle, 200); // once the hand has let go Plotly gets the numbers: hover and zoom need them
  else await react();
  Object.assign(this, { look, traces });
  return moved;
};
