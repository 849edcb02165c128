// Pictures: panels side by side, each on a canvas of its own with its title above; and tables, which come as HTML.
painters.table = async function ({ html }) {
  if (html === this.html) return;
  this.stage.innerHTML = this.html = html;
  const table = this.stage.firstChild;
  if (media("(max-width: 640px)")) table.classList.toggle("lb-turned", table.rows.length <= 5 && table.offsetWidth > this.root.clientWidth + 1); // a few rows that are too wide: turned
};
function rastered(bytes, { width, height }) { // raw rows of grey, RGB or RGBA: painted at once
  const picture = new ImageData(width, height), { data } = picture, n = bytes.length / (width * height);
  for (let i = 0, at = 0; at < data.length; i += n, at += 4)
    for (let c = 0; c < 4; c++) data[at + c] = c < 3 ? bytes[i + (n > 1 ? c : 0)] : n > 3 ? bytes[i + 3] : 255;
  return picture;
}
painters.picture = async function (picture) {
  const { panels, payload } = picture, gap = 14, title = panels.some((p) => p.title) ? 24 : 0;
  // Panels that came with the page are kept: the live road does not send them again.
  const blobs = new Map([this.head, picture].flatMap(({ panels = [], payload }) => {
    let at = 0;
    return panels.filter((p) => p.length).map(({ id, length }) => [id, payload.subarray(at, (at += length))]);
  }));
  if (panels.some(({ id }) => !this.bitmaps?.has(id) && !blobs.has(id))) return true; // its bytes come with the page, in a moment
  const bitmapOf = (p) => this.bitmaps?.get(p.id) ?? (p.mime === "raw" ? rastered(blobs.get(p.id), p) : createImageBitmap(new Blob([blobs.get(p.id)], { type: p.mime })));
  let bitmaps = panels.map(bitmapOf);
  if (bitmaps.some((b) => b instanceof Promise)) bitmaps = await Promise.all(bitmaps); // files are decoded elsewhere
  if (this.picture !== picture) return true; // a newer one has come meanwhile
  const all = new Map([...(this.bitmaps ?? []), ...panels.map((p, i) => [p.id, bitmaps[i]])]);
  this.bitmaps = new Map([...all].filter(([id]) => [...panels, ...(this.head.panels ?? [])].some((p) => p.id === id)));
  if (this.cells?.length !== panels.length) this.buildCells(panels.length);
  // As many in a row as make them largest, and leave room for a word of a title.
  const [wide, tall] = [Math.max(...panels.map((p) => p.width / p.height)), this.root.clientWidth], rows = (n) => Math.ceil(panels.length / n), column = (n) => (tall - gap * (n - 1)) / n;
  const size = (n) => Math.min(column(n), wide * ((this.height() - 24) / rows(n) - title - gap * (rows(n) > 1)));
  const least = Math.max(48, ...panels.flatMap((p) => p.title.split(/\s+/)).map((word) => 7.5 * word.length)); // room for the longest word of a title
  const inRow = panels.map((_, i) => i + 1).filter((n) => n === 1 || column(n) >= least).reduce((best, n) => (size(n) > size(best) + 1 ? n : best), 1), room = Math.max(48, size(inRow));
  this.stage.style.gridTemplateColumns = `repeat(${inRow}, minmax(${Math.floor(room)}px, ${media("(max-width: 640px)") ? "1fr" : "auto"}))`; // a long title takes no room from the others
  panels.forEach(({ id, title: text, width, height, crisp }, i) => {
    const cell = this.cells[i], { name, canvas } = cell, scale = Math.min(room / width, room / wide / height);
    if (name.textContent !== text) name.textContent = text;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.classList.toggle("lb-crisp", crisp);
    canvas.style.width = `${Math.round(width * (crisp && scale > 1 && panels.length === 1 ? Math.floor(scale) : scale))}px`; // one alone: whole squares
    if (cell.id === id) return;
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    if (bitmaps[i] instanceof ImageData) ink.putImageData(bitmaps[i], 0, 0); // takes the place of what was there
    else { ink.clearRect(0, 0, width, height); ink.drawImage(bitmaps[i], 0, 0); }
    cell.id = id;
  });
};
Object.assign(Figure.prototype, {
  buildCells(n) {
    this.stage.textContent = "";
    this.stage.classList.add("lb-panels");
    this.root.classList.add("lb-pictures");
    this.readout ??= make(this.root, "div", "lb-readout");
    this.cells = Array.from({ length: n }, (_, i) => {
      const cell = make(this.stage, "figure", "lb-panel"), name = make(cell, "figcaption", "lb-title"), canvas = make(cell, "canvas", "lb-canvas");
      return { name, canvas: Object.assign(canvas, { onpointermove: (e) => this.read(i, e), onpointerleave: () => (this.readout.textContent = "") }) };
    });
  },
  together() { // all panels and their titles on one canvas, as they stand on the page, at twice the size
    const edge = this.stage.getBoundingClientRect(), css = getComputedStyle(this.root), whole = document.createElement("canvas"), ink = whole.getContext("2d");
    Object.assign(whole, { width: 2 * edge.width, height: 2 * edge.height });
    ink.scale(2, 2);
    Object.assign(ink, { font: `15px ${css.fontFamily}`, textAlign: "center", fillStyle: css.getPropertyValue("--st-background-color") });
    ink.fillRect(0, 0, edge.width, edge.height);
    Object.assign(ink, { fillStyle: css.color });
    for (const { name, canvas } of this.cells) {
      const { x, y, width, height } = canvas.getBoundingClientRect();
      ink.imageSmoothingEnabled = !canvas.classList.contains("lb-crisp");
      ink.drawImage(canvas, x - edge.x, y - edge.y, width, height);
      ink.fillText(name.textContent, x - edge.x + width / 2, y - edge.y - 8);
    }
    return whole;
  },
  read(i, e) { // the numbers under the pointer: the real ones where they came along, else the painted ones
    const { width, height, pixels } = this.picture.panels[i], { canvas } = this.cells[i], place = (at, of, n) => clamp(Math.floor((at / of) * n), 0, n - 1);
    const [column, row] = [place(e.offsetX, canvas.clientWidth, width), place(e.offsetY, canvas.clientHeight, height)];
    const painted = () => [...canvas.getContext("2d").getImageData(column, row, 1, 1).data.slice(0, 3)].join(" ");
    this.readout.textContent = `(${column}, ${row})  ${pixels ? unpack(pixels)[row * width + column].toPrecision(4) : painted()}`;
  },
});
