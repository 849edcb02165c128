// Plots under the hand: lines, dots, heat maps and texts are moved here, at a tenth of the price of Plotly.react.
// What a trace may change without the price of Plotly.react; at rest Plotly gets all of it.
const resting = (t) => (t.type === "scatter" ? { ...t, x: 0, y: 0, ...(t.mode === "text" && { text: 0 }) } : t.type === "heatmap" ? { ...t, z: 0 } : t);
const still = (a, b) => a === b || (a?.bdata ? a.bdata === b?.bdata : JSON.stringify(a) === JSON.stringify(b));
const write = (node, d) => node.getAttribute("d") !== d && node.setAttribute("d", d);
function moveMarks(plot, traces, before) { // moves lines and dots, repaints heat maps and texts; false where that is not enough
  return traces.every((trace, i) => {
    const { uid, xaxis, yaxis, fill, visible } = plot._fullData[i], { type, mode = "" } = trace;
    if (visible !== true || mode === "none" || !["scatter", "heatmap"].includes(type)) return true; // switched off in the legend; or it is as it was
    if (["x", "y", "z", "text"].every((name) => still(trace[name], before[i]?.[name]))) return true;
    const xa = plot._fullLayout[xaxis.replace("x", "xaxis")], ya = plot._fullLayout[yaxis.replace("y", "yaxis")];
    if (type === "heatmap") return paintHeat(plot.calcdata[i][0].node3?.node()?.querySelector("image"), trace, xa, ya);
    const group = plot.querySelector(`.trace${uid}`);
    const x = unpack(trace.x), marks = Array.from(unpack(trace.y), (v, k) => [xa.d2p(x[k]), ya.d2p(v)].map((p) => Math.round(p * 10) / 10));
    const real = marks.map((p) => p.every(Number.isFinite)), [lines, dots, areas] = ["js-line", "point", "js-fill"].map((c) => group?.querySelectorAll(`path.${c}`) ?? []);
    if (mode === "text") return !real.includes(false) && writeTexts([...(group?.querySelectorAll(".textpoint text") ?? [])], trace.text, before[i].text, marks);
    dots.forEach((dot, k) => real[k] && dot.setAttribute("transform", `translate(${marks[k]})`));
    const path = marks.map((p, k) => (real[k] ? `${real[k - 1] ? "L" : "M"}${p}` : "")).join("");
    const pieces = path.split(/(?=M)/), last = lines.length - 1; // Plotly has a path for each piece; only those that have moved are painted anew
    lines.forEach((line, k) => write(line, k < last ? (pieces[k] ?? "") : pieces.slice(last).join("")));
    if (fill === "toself" && areas[0]) write(areas[0], `${path.replaceAll("M", "ZM").slice(1)}Z`);
    const [stroked, dotted] = ["lines", "markers"].map((part) => mode.split("+").includes(part)), drawn = lines.length + areas.length;
    return (stroked || dotted) && (!dotted || dots.length === marks.length)
      && (!stroked || (drawn ? areas.length === +(fill === "toself") : !real.includes(true))); // where nothing can be seen Plotly has drawn nothing
  });
}
function paintHeat(image, { z, x = [0, 1], y = [0, 1], zmin, zmax, zsmooth, colorscale }, xa, ya) { // one pixel for each number, stretched by the browser
  const [rows, columns] = (z.shape ?? "").split(", ").map(Number), stretched = zsmooth === "fast" || image?.getAttribute("style")?.includes("pixelated");
  const stops = colorscale.map(([at, color]) => [at, /^#(..)(..)(..)(..)?$/.exec(color)?.slice(1).map((h) => parseInt(h ?? "ff", 16))]);
  if (!image || !stretched || !columns || !(zmax > zmin) || !stops.every(([, color]) => color)) return false;
  const inks = Array.from({ length: 256 }, (_, k) => {
    const next = Math.max(1, stops.findIndex(([at]) => at >= k / 255)), [[low, from], [high, to]] = stops.slice(next - 1, next + 1);
    return from.map((c, part) => Math.round(c + (to[part] - c) * clamp((k / 255 - low) / (high - low || 1), 0, 1)));
  });
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows }), board = canvas.getContext("2d"), pixels = board.createImageData(columns, rows);
  const out = new Uint32Array(pixels.data.buffer), tones = new Uint32Array(new Uint8ClampedArray(inks.flat()).buffer);
  const [rightwards, downwards] = [[xa, unpack(x)], [ya, unpack(y)]].map(([axis, v]) => axis.d2p(v[0]) < axis.d2p(v[1]));
  unpack(z).forEach((v, k) => {
    const row = Math.floor(k / columns), column = k % columns, at = (downwards ? row : rows - 1 - row) * columns + (rightwards ? column : columns - 1 - column);
    if (v === v) out[at] = tones[Math.round(clamp((v - zmin) / (zmax - zmin), 0, 1) * 255)]; // NaN stays blank
  });
  board.putImageData(pixels, 0, 0);
  image.setAttributeNS("http://www.w3.org/1999/xlink", "href", canvas.toDataURL());
  return true;
}
function writeTexts(nodes, texts, before, places) { // as many texts, each of as many lines as before, in other words or places
  return Array.isArray(texts) && nodes.length === texts.length && texts.every((text, k) => {
    const words = text.split("<br>"), lines = nodes[k].querySelectorAll("tspan.line"), slots = lines.length ? [...lines] : [nodes[k]];
    if (text !== before?.[k] && (slots.length !== words.length || /[<&]/.test(words.join()))) return false;
    if (text !== before?.[k]) slots.forEach((slot, n) => (slot.textContent = words[n]));
    for (const node of [nodes[k], ...lines]) ["x", "y"].forEach((name, n) => node.getAttribute(name) === `${places[k][n]}` || node.setAttribute(name, places[k][n]));
    return true;
  });
}
