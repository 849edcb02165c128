// Numbers over a plane as a picture, painted here: Plotly takes ten times as long for a contour plot or a heat map, and
// redraws its outlines whenever a line moves over them. A trace of the type contour or heatmap asks for it with
// meta.paint = "bands" (filled contours), "smooth" (colours that run into each other) or "cells" (squares).
const FINE = 4; // pixels between two numbers
function tones(colorscale) { // 256 colours from the lowest number to the highest
  const pen = Object.assign(document.createElement("canvas"), { width: 256, height: 1 }).getContext("2d"), ramp = pen.createLinearGradient(0, 0, 256, 0);
  colorscale.forEach(([at, color]) => ramp.addColorStop(at, color));
  pen.fillStyle = ramp;
  pen.fillRect(0, 0, 256, 1);
  return new Uint32Array(pen.getImageData(0, 0, 256, 1).data.buffer);
}
function paintCells(out, z, cols, rows, fine, tone) {
  for (let j = 0, k = 0; j < rows * fine; j++) {
    const row = (rows - 1 - Math.floor(j / fine)) * cols;
    for (let i = 0; i < cols * fine; i++) out[k++] = tone(z[row + Math.floor(i / fine)]);
  }
}
function paintSurface(out, z, cols, rows, tone, levels, ink) { // between the numbers linearly; with levels also the lines between the bands
  const width = (cols - 1) * FINE, height = (rows - 1) * FINE, bytes = new Uint8ClampedArray(out.buffer);
  for (let j = 0, k = 0; j < height; j++) {
    const v = (height - 0.5 - j) / FINE, r = Math.floor(v), up = v - r;
    for (let i = 0; i < width; i++, k++) {
      const u = (i + 0.5) / FINE, c = Math.floor(u), on = u - c, at = r * cols + c;
      const left = z[at] + (z[at + cols] - z[at]) * up, right = z[at + 1] + (z[at + cols + 1] - z[at + 1]) * up, height = left + (right - left) * on;
      if (!levels) { out[k] = tone(height); continue; }
      const level = (height - levels.start) / levels.size, band = Math.floor(level);
      out[k] = tone(levels.start + Math.max(-0.5, band + 0.5) * levels.size, height);
      const low = z[at] + (z[at + 1] - z[at]) * on, high = z[at + cols] + (z[at + cols + 1] - z[at + cols]) * on;
      const slope = Math.hypot(right - left, high - low) / (levels.size * FINE); // levels a pixel
      const dark = level < -0.5 ? 0 : ink[3] * clamp(1 - Math.abs(level - Math.round(level)) / slope, 0, 1);
      for (let p = 0; dark && p < 3; p++) bytes[4 * k + p] += (ink[p] - bytes[4 * k + p]) * dark;
    }
  }
}
function rgba(color, width) { // "#rrggbbaa" -> three bytes and how much of them is seen
  const [r, g, b, a = 255] = color.match(/[\da-f]{2}/gi).map((pair) => parseInt(pair, 16));
  return [r, g, b, (a / 255) * width];
}
function pictureOf({ meta, x, y, z, zmin, zmax, colorscale, contours, line, xaxis = "x", yaxis = "y" }, known) { // as one of Plotly's layout.images
  const sign = JSON.stringify([meta.paint, z, zmin, zmax, colorscale]), [xs, ys] = [unpack(x), unpack(y)];
  const [cols, rows] = [xs.length, ys.length], cells = meta.paint === "cells", more = cells ? 1 : 0; // squares reach half a step further
  const [dx, dy] = [xs, ys].map((a) => (a.at(-1) - a[0]) / (a.length - 1));
  const place = { x: xs[0] - (more * dx) / 2, y: ys.at(-1) + (more * dy) / 2, sizex: dx * (cols - 1 + more), sizey: dy * (rows - 1 + more) };
  if (known.sign !== sign) { // a surface rests while paths move over it
    const fine = cells ? Math.max(1, Math.round(400 / cols)) : FINE, [width, height] = [cols, rows].map((n) => fine * (n - 1 + more));
    const canvas = Object.assign(document.createElement("canvas"), { width, height }), image = new ImageData(width, height);
    const scale = tones(colorscale), out = new Uint32Array(image.data.buffer), steps = 256 / (zmax - zmin);
    const tone = (v, real = v) => (Number.isNaN(real) ? 0 : scale[clamp(Math.floor((v - zmin) * steps), 0, 255)]); // nothing where nothing is known
    if (cells) paintCells(out, unpack(z), cols, rows, fine, tone);
    else paintSurface(out, unpack(z), cols, rows, tone, meta.paint === "bands" && contours, meta.paint === "bands" && rgba(line.color, line.width));
    canvas.getContext("2d").putImageData(image, 0, 0);
    Object.assign(known, { sign, source: canvas.toDataURL() });
  }
  return { ...place, source: known.source, xref: xaxis, yref: yaxis, sizing: "stretch", layer: "below" };
}
