"""Regions: a box of any size becomes a fixed number of values. RoI pooling rounds the box, RoI align does not."""

from typing import Any

from torch import Tensor

from app import images
from app.code import Call
from app.domains import Refused
from app.figures import regions as drawn
from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.pooling import subjects
from core import regions

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
lab.choice("stride", _("Pixels per cell of the features"), {n: n for n in ("4", "8", "16", "32")}, "16")
lab.slider("out", _("Output, n × n"), 1, 14, 7)
lab.slider("sampling", _("Readings per side of a bin (RoI align)"), 1, 4, 2)
lab.choice("how", _("A bin is"), {"max": _("its maximum"), "mean": _("its mean")},
           help=_("RoI align always takes the mean of its readings."))  # fmt: skip
with lab.fold(_("Corners of the box")):
    subjects.place(lab, "a", _("Left, top"), (73.0, 22.0), (0.0, float(SIDE)))
    subjects.place(lab, "b", _("Right, bottom"), (166.0, 131.0), (0.0, float(SIDE)))


def box_of(now: dict[str, Any]) -> regions.Box:
    x0, y0, x1, y1 = (now[name] for name in ("a_x", "a_y", "b_x", "b_y"))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise Refused(_("The second corner must lie to the right of the first one and below it."))
    return x0, y0, x1, y1


def features(photo: images.Photo, now: dict[str, Any]) -> tuple[Tensor, Tensor, float]:
    """The picture, its features, and the scale from one to the other."""
    return (*subjects.features(photo, SIDE, int(now["stride"])), 1 / int(now["stride"]))


def stage(photo: images.Photo, **now: Any) -> Plot:
    """The features; the box as it was drawn and where RoI align reads; the cells that RoI pooling takes."""
    x, cells, _scale = features(photo, now)
    return drawn.on_features(x, cells, box_of(now), now["out"], now["sampling"])


def outputs(photo: images.Photo, **now: Any) -> Picture:
    """What is cut out, and what the two make of it."""
    x, cells, scale = features(photo, now)
    found = regions.outputs(cells, box_of(now), scale, now["out"], now["how"] == "max", now["sampling"])
    return drawn.outputs(x, box_of(now), found["RoI pooling"], found["RoI align"])


def inside(photo: images.Photo, now: dict[str, Any]) -> Tensor:
    return regions.touched(features(photo, now)[1], box_of(now), 1 / int(now["stride"]))


def levels(photo: images.Photo, **now: Any) -> Picture:
    """Global, adaptive, and a pyramid."""
    return drawn.levels(inside(photo, now), now["out"])


def vector(photo: images.Photo, **now: Any) -> Plot:
    """The pyramid of the brightness."""
    return drawn.pyramid(regions.pyramid(inside(photo, now).mean(0, keepdim=True)))


def travel(photo: images.Photo, **now: Any) -> Plot:
    """The box moves to the right, pixel by pixel: how far is the output from the first one?"""
    _x, cells, scale = features(photo, now)
    steps, largest = list(map(float, range(0, 33, 2))), now["how"] == "max"
    found = regions.travels(cells, box_of(now), scale, now["out"], steps, largest, now["sampling"])
    return drawn.travels(found, steps)


def numbers(**now: Any) -> Table:
    """How far RoI pooling moves each side."""
    names = {"left": _("left side"), "top": _("top side"), "right": _("right side"), "bottom": _("bottom side")}
    cells = [[names[r.side], f"{r.pixel:.4g}", f"{r.exact:.4f}", f"{r.taken:.0f}", f"{r.off_by:.2f}".replace("-", "−")]
             for r in regions.roundings(box_of(now), 1 / int(now["stride"]))]  # fmt: skip
    titles = [_("side"), _("pixel"), _("in cells"), _("rounded"), _("off by, pixels")]
    return Table(titles, cells, _("What RoI pooling makes of the corners"))


def script() -> Any:
    """The corners, and what both ways make of the features of the page, which the script carries along."""
    now = lab.values
    _x, cells, scale = features(photo, now)
    given = {"box": box_of(now), "scale": scale}
    how = {"out": now["out"], "largest": now["how"] == "max", "sampling": now["sampling"]}
    return regions.roundings, (Call(regions.outputs, {"x": subjects.text_call(cells)} | given | how),), given


left, right = lab.stage.columns([0.62, 0.38])
corners = [Handle("a_x", "a_y", label=_("Left, top")), Handle("b_x", "b_y", label=_("Right, bottom"))]
lab.live(stage, place=left, handles=corners, photo=photo)
lab.live(outputs, place=right, photo=photo)
lab.live(levels, height=200, photo=photo)
for place, figure in zip(lab.below.columns(2), (vector, travel), strict=True):
    lab.live(figure, height=250, place=place, photo=photo)
lab.live(numbers, height=0)
lab.look(_("Drag a corner slowly: the orange box jumps from cell to cell, the green one follows. The output has the "
           "same size for every box; that is what a layer of fixed size behind it needs."))  # fmt: skip
lab.theory()
lab.code(script)
