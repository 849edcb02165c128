// Plots: Plotly draws them, and where only lines and dots have moved, we move them ourselves.
const plotly = ({ base, plotly: path }) => (window.__lightboardPlotly ??= new Promise((resolve) => // once, from our server
  Object.assign(make(document.head, "script", "", { src: base + path }), { onload: () => resolve(window.Plotly), onerror: () => resolve((window.__lightboardPlotly = null)) })));
function upTo(trace, step) { // playback: a "trail" up to the present step, the "head" at it
  const how = step === null ? null : trace.meta?.play, from = (all) => (how === "head" ? Math.min(step, all.length - 1) : 0);
  const cut = (name) => [name, unpack(trace[name]).slice(from(unpack(trace[name])), step + 1)];
  return { ...trace, ...Object.fromEntries(["x", "y", "z"].filter((name) => how && trace[name]).map(cut)) };
}
function moveMarks(plot, traces) { // moves lines and dots, at a tenth of the price of Plotly.react; false where more has changed
  return traces.every((trace, i) => {
    const { uid, xaxis, yaxis, fill, visible } = plot._fullData[i], group = plot.querySelector(`.trace${uid}`);
    if (visible !== true || trace.type !== "scatter") return true; // switched off in the legend; or it is as it was
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
painters.plot = async function (picture) {
  const Plotly = await plotly(this.head), css = getComputedStyle(this.root);
  if (!Plotly) return Boolean((this.note.textContent = this.head.words.lost)); // the next picture tries again
  if (this.picture !== picture) return; // a newer one has come while the library loaded
  const dark = parseInt(css.getPropertyValue("--st-background-color").trim().slice(1, 3), 16) < 128;
  const { data, layout } = dark ? recolour(picture.figure, this.head.dark) : picture.figure;
  const traces = data.map((t) => upTo(t, this.step)), clear = "rgba(0,0,0,0)", font = { ...layout.font, family: css.getPropertyValue("--st-font"), ...(media("(max-width: 640px)") && { size: 13 }) };
  const narrow = this.root.clientWidth < 520 ? layout.meta?.narrow : {}, stacked = (axes) => // panels side by side: one above the other
    Object.fromEntries(Object.entries(axes ?? {}).map(([name, more]) => [name, { ...layout[name], ...more }]));
  const whole = { dragmode: media("(pointer: fine)") ? "zoom" : false, ...layout, ...stacked(narrow), font, width: this.root.clientWidth,
    height: this.height(), paper_bgcolor: clear, plot_bgcolor: clear };
  const look = JSON.stringify([traces.map((t) => (t.type === "scatter" ? { ...t, x: 0, y: 0 } : t)), whole]);
  this.plot = this.stage;
  const moved = !clearTimeout(this.settling) && look === this.look && moveMarks(this.plot, traces), settle = () => Plotly.react(this.plot, traces, whole, { displayModeBar: false });
  if (moved) this.settling = setTimeout(settle, 200); // at rest Plotly gets the numbers: hover and zoom need them
  else await settle();
  this.look = look;
  return moved;
};
