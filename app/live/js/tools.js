// Small things that every part uses.
const clamp = (v, low, high) => Math.min(high, Math.max(low, v)), media = (query) => matchMedia(query).matches;
const larger = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; // than usual: letters in presenter mode
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
function recolour(node, partner) { // every colour of the light palette -> its partner in the dark one
  if (typeof node === "string" && node[0] === "#") return (partner[node.slice(0, 7)] ?? node.slice(0, 7)) + node.slice(7);
  if (Array.isArray(node)) return typeof node[0] === "number" && typeof node.at(-1) === "number" ? node : node.map((n) => recolour(n, partner));
  if (!node || typeof node !== "object" || node.bdata) return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, recolour(value, partner)]));
}
