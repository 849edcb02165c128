"""Regions: a box of any size becomes a fixed number of values. RoI pooling rounds the box, RoI align does not."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from app import images, pools
from app.code import Call
from app.domains import Refused
from app.figures import regions as drawn
from app.figures.picture import Picture, Table, panel
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import patterns, regions

SIDE = 256
PRESETS = {
    "round": Preset(_("RoI pooling rounds the box"), {}),
    "small": Preset(_("A small box: cells are read again and again"), {
        "a_x": 100.0, "a_y": 60.0, "b_x": 140.0, "b_y": 100.0, "stride": "16"}),
    "fine": Preset(_("Fine features: hardly any rounding"), {"stride": "4"}),
    "coarse": Preset(_("Stride 32: off by half the face"), {"stride": "32"}),
    "mean": Preset(_("Both by the mean: only the place differs"), {"how": "mean"}),
    "whole": Preset(_("The whole picture: a pyramid of 21 values"), {
        "a_x": 0.0, "a_y": 0.0, "b_x": 256.0, "b_y": 256.0, "out": 4}),
}  # fmt: skip

lab = Lab("pooling-regions", PRESETS)
photo = images.choose(lab, "astronaut")
stride = lab.choice(
    "stride", _("Pixels per cell of the features"), {n: n for n in ("4", "8", "16", "32")}, "16"
)
lab.slider("out", _("Output, n × n"), 1, 14, 7)
lab.slider("sampling", _("Readings per side of a bin (RoI align)"), 1, 4, 2)
lab.choice("how", _("A bin is"), {"max": _("its maximum"), "mean": _("its mean")},
           help=_("RoI align always takes the mean of its readings."))  # fmt: skip
with lab.fold(_("Corners of the box")):
    lab.point("a", _("Left, top"), (73.0, 22.0), (0.0, float(SIDE)), (0.0, float(SIDE)))
    lab.point("b", _("Right, bottom"), (166.0, 117.0), (0.0, float(SIDE)), (0.0, float(SIDE)))


def box_of(now: dict[str, Any]) -> regions.Box:
    x0, y0, x1, y1 = (now[name] for name in ("a_x", "a_y", "b_x", "b_y"))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise Refused(_("The second corner must lie to the right of the first one and below it."))
    return x0, y0, x1, y1


def features(photo: images.Photo, now: dict[str, Any]) -> tuple[Tensor, Tensor, float]:
    """The picture, its features (here: the mean colour of each cell), and the scale from one to the other."""
    x = pools.shrunk(photo, SIDE, True)
    if x.shape[-1] != SIDE:  # a small picture, made as large as the others
        x = F.interpolate(x[None], size=(SIDE, SIDE))[0]
    cell = int(now["stride"])
    return x, F.avg_pool2d(x, cell), 1 / cell


def stage(photo: images.Photo, **now: Any) -> Plot:
    """The features; the box as it was drawn and where RoI align reads; the cells that RoI pooling takes."""
    x, cells, _scale = features(photo, now)
    return drawn.on_features(x, cells, box_of(now), now["out"], now["sampling"])


def outputs(photo: images.Photo, **now: Any) -> Picture:
    """What is cut out, and what the two make of it."""
    x, cells, scale = features(photo, now)
    box, out, largest = box_of(now), now["out"], now["how"] == "max"
    x0, y0, x1, y1 = (round(v) for v in box)
    cut = x[:, y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    pooled, aligned = (regions.roi_pool(cells, box, scale, out, largest),
                       regions.roi_align(cells, box, scale, out, now["sampling"]))  # fmt: skip
    panels = [panel(_("as drawn, {width} × {height}").format(width=cut.shape[-1], height=cut.shape[-2]), even(cut)),
              panel(_("RoI pooling"), pools.shown(pooled)), panel(_("RoI align"), pools.shown(aligned))]  # fmt: skip
    return Picture(panels, _("The box, and two outputs of {n} × {n} values per channel.").format(n=out))


def even(x: Tensor) -> Tensor:
    """Stretched to a square, as the outputs are."""
    return pools.shown(F.interpolate(x[None], size=(128, 128), mode="bilinear")[0])


def inside(photo: images.Photo, now: dict[str, Any]) -> Tensor:
    """Every cell that the box touches."""
    _x, cells, scale = features(photo, now)
    x0, y0, x1, y1 = (v * scale for v in box_of(now))
    return cells[:, int(y0) : max(int(y0) + 1, round(y1)), int(x0) : max(int(x0) + 1, round(x1))]


def levels(photo: images.Photo, **now: Any) -> Picture:
    """The same cells by global pooling, by adaptive pooling, and by the three levels of a pyramid."""
    x, n = inside(photo, now), now["out"]
    made = {_("{height} × {width} cells").format(height=x.shape[-2], width=x.shape[-1]): x,
            _("global average"): regions.adaptive(x, 1, False), _("global max = 1 × 1"): regions.adaptive(x, 1),
            "2 × 2": regions.adaptive(x, 2), "4 × 4": regions.adaptive(x, 4),
            _("adaptive average, {n} × {n}").format(n=n): regions.adaptive(x, n, False)}  # fmt: skip
    panels = [panel(title, pools.shown(y)) for title, y in made.items()]
    alt = _(
        "1 + 4 + 16 = 21 values per channel, whatever the size of the box: here {height} × {width} cells."
    )
    return Picture(panels, alt.format(height=x.shape[-2], width=x.shape[-1]))


def vector(photo: images.Photo, **now: Any) -> Plot:
    """The pyramid of the brightness."""
    return drawn.pyramid(regions.pyramid(inside(photo, now).mean(0, keepdim=True)))


def travel(photo: images.Photo, **now: Any) -> Plot:
    """The box moves to the right, pixel by pixel: how far is the output from the first one?"""
    _x, cells, scale = features(photo, now)
    steps = [float(i) for i in range(33)]
    found = regions.travels(
        cells, box_of(now), scale, now["out"], steps, now["how"] == "max", now["sampling"]
    )
    return drawn.travels(found, steps)


def numbers(**now: Any) -> Table:
    """How far RoI pooling moves each side."""
    names = {"left": _("left"), "top": _("top"), "right": _("right"), "bottom": _("bottom")}
    cells = [[names[r.side], f"{r.pixel:.4g}", f"{r.exact:.4f}", f"{r.taken:.0f}", f"{r.off_by:.2f}"]
             for r in regions.roundings(box_of(now), 1 / int(now["stride"]))]  # fmt: skip
    titles = [_("side"), _("pixel"), _("in cells"), _("rounded"), _("off by, pixels")]
    return Table(titles, cells, _("What RoI pooling makes of the corners"))


left, right = lab.stage.columns([0.62, 0.38])
corners = [Handle("a_x", "a_y", label=_("Left, top")), Handle("b_x", "b_y", label=_("Right, bottom"))]
lab.live(stage, place=left, handles=corners, photo=photo)
lab.live(outputs, place=right, photo=photo)
lab.live(levels, height=200, photo=photo)
first, second = lab.below.columns(2)
lab.live(vector, height=250, place=first, photo=photo)
lab.live(travel, height=250, place=second, photo=photo)
lab.live(numbers, height=0)
lab.look(_("Drag a corner slowly: the red box jumps from cell to cell, the green one follows. The output has the same "
           "size for every box; that is what a layer of fixed size behind it needs."))  # fmt: skip
lab.theory()
now = {name: control.value for name, control in lab.controls.items()}
box = tuple(now[name] for name in ("a_x", "a_y", "b_x", "b_y"))
scale, noise = 1 / int(stride), Call(patterns.noise, {"n": SIDE // int(stride)})
given = {"x": noise, "box": box, "scale": scale, "out": now["out"]}
lab.code(regions.roundings, Call(regions.roi_pool, given), Call(regions.roi_align, given),
         Call(regions.pyramid, {"x": noise}), box=box, scale=scale)  # fmt: skip
