"""Anchors: a detector judges a fixed list of boxes. Who learns what, and why nearly all is nothing."""

from functools import partial
from typing import Any

import torch

from app import images
from app.detection import anchored
from app.figures import frames, palette
from app.figures.axes import axis
from app.figures.picture import backdrop
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import anchors

PRESETS = {
    "tall": Preset(_("No anchor fits: only the best one learns"),
                   {"scales": ["64", "128"], "ratios": ["0.5", "1"], "b_w": 70, "b_h": 285}),
    "orphan": Preset(_("… and without that rule nobody learns it"),
                     {"scales": ["64", "128"], "ratios": ["0.5", "1"], "b_w": 70, "b_h": 285, "best": False}),
    "fine": Preset(_("A finer grid: four times the background"), {"stride": "16"}),
    "easy": Preset(_("Cross-entropy drowns in easy background"), {"gamma": 0.0, "alpha": 0.5}),
    "small": Preset(_("A small object has hardly an anchor"),
                    {"a_x": 330, "a_y": 358, "a_w": 50, "a_h": 36, "c_x": 330, "c_y": 358}),
    "decoded": Preset(_("Four numbers take the anchor to the head"),
                      {"tx": -0.1, "ty": 0.18, "tw": 0.13, "th": 0.33}),
}  # fmt: skip
EVERY = {"scales": ("32", "64", "128", "256"), "ratios": ("0.5", "1", "2", "3")}

lab = Lab("detection-anchors", PRESETS)
photo = images.choose(lab, "astronaut")
lab.choice("stride", _("A cell is so many pixels wide"), {n: n for n in ("16", "32", "64")}, "32")
lab.choices("scales", _("Scales, px"), {n: n for n in EVERY["scales"]}, ["64", "128", "256"])
lab.choices("ratios", _("Ratios, height : width"), {n: n for n in EVERY["ratios"]}, ["0.5", "1", "2"])
lab.slider("between", _("IoU: negative below, positive from"), 0.0, 1.0, (0.4, 0.5), 0.01)
lab.toggle("best", _("The best anchor of each object is positive"), True)
lab.slider("gamma", _("γ of the focal loss"), 0.0, 5.0, 2.0, 0.1, help=_("γ = 0 with α = 0.5 is cross-entropy."))
with lab.fold(_("α, and how sure the network is")):
    lab.slider("alpha", _("α, the weight of objects"), 0.05, 0.95, 0.25, 0.05)
    lab.slider("p_object", _("Probability given to an object"), 0.01, 0.99, 0.3, 0.01)
    lab.slider("p_background", _("Probability of an object given to background"), 0.01, 0.99, 0.05, 0.01)
with lab.fold(_("Offsets of the best anchor of A")):
    for name, label in (("tx", _("tx: to the right, in widths")), ("ty", _("ty: down, in heights")),
                        ("tw", _("tw: log of the width")), ("th", _("th: log of the height"))):  # fmt: skip
        lab.slider(name, label, -1.0, 1.0, 0.0, 0.01)
with lab.fold(_("The boxes in numbers")):
    a = frames.ask(lab, "a", _("A, an object"), (227, 103, 146, 178))
    b = frames.ask(lab, "b", _("B, an object"), (413, 147, 116, 284))
    lab.point("c", _("Cell that shows its anchors"), (336, 304), (0, 640), (0, 640), 1)
size_hw = (int(photo.pixels.shape[1]), int(photo.pixels.shape[2]))


def stage(size_hw: tuple[int, int], under: dict[str, Any], **now: Any) -> Plot:
    """Left, the anchors of one cell and all positive ones; right, how many are what, and what they cost."""
    s = anchored.standing(now, size_hw)
    stride = int(now["stride"])
    cell = anchored.cell(s.places, size_hw, stride, now["c_x"], now["c_y"])
    kind, forced = s.found.kind, s.found.forced
    best = anchors.fitting(s.places, s.table)
    made = anchors.decode(torch.tensor(anchored.given(now)), best)
    blank = anchored.middles(kind == anchors.IGNORED, size_hw, stride)
    data = [frames.frames(cell, _("anchors of one cell"), "now", width=1.5),
            frames.strip(blank[:, 0] - 3, blank[:, 0] + 3, blank[:, 1], _("ignored"), palette.PINK, width=6),
            frames.frames(s.places[(kind == anchors.POSITIVE) & ~forced], _("positive"), "kept", width=1),
            frames.frames(s.places[forced], _("positive as the best"), "kept", width=4, dash="dot"),
            frames.frames(s.truth, _("true"), "truth", width=4),
            line(*frames.outlines(made[None]), _("after the offsets"), palette.ORANGE, width=3),
            line(s.truth[:, 0] + 4, s.truth[:, 3] - 16, "", palette.GREEN, mode="text", text=["<b>A</b>", "<b>B</b>"],
                 textposition="middle right", textfont={"size": 22}, legend=False)]  # fmt: skip
    more, words = anchored.ledger(s, now)
    data += more
    plain: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "linecolor": "rgba(0,0,0,0)",
    }
    grid = {**under, "xaxis": under["xaxis"] | {"domain": [0, 0.6]},
            "xaxis2": axis(range=[-0.4, 4.6], domain=[0.62, 1], anchor="y2", **plain),
            "yaxis2": axis(range=[4.9, -0.8], anchor="x2", **plain)}  # fmt: skip
    # On a phone the picture takes it all: the bars slip out of their axes, their numbers stand in the tables.
    narrow = {
        "xaxis": {"domain": [0, 1]},
        "xaxis2": {"range": [90, 91]},
        "legend": {"entrywidth": 0.47, "entrywidthmode": "fraction", "font": {"size": 11}},
    }
    frame = {"margin": {"l": 8, "r": 8, "t": 12, "b": 8}, "meta": {"narrow": narrow}}
    return Plot(data, layout(**grid, **frame), ". ".join(words))


if lab.values["scales"] and lab.values["ratios"]:
    lab.live(stage, handles=[*a, *b, Handle("c_x", "c_y", label=_("Cell"), click=True)], size_hw=size_hw,
             under=backdrop(photo.pixels, fade=0.45))  # fmt: skip
    for table in (anchored.kinds, anchored.losses, anchored.journey):
        lab.live(table, height=0, size_hw=size_hw)
    lab.live(anchored.curves, height=280)
else:
    lab.say(_("Choose at least one scale and one ratio."))
lab.look(_("Drag the shuttle's box narrower: soon no anchor fits, and the best one has to learn it. Of all "
           "anchors hardly one in a hundred is an object; with cross-entropy the rest makes the loss, γ turns it "
           "down."))  # fmt: skip
lab.theory()
lab.code(partial(anchored.script, lab.values, size_hw))
