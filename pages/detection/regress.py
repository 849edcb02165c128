"""Box regression: one box is pulled onto another by gradient descent, under the losses that detectors learn with."""

from typing import Any

import torch

from app.code import Call
from app.figures import frames, palette
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.memory import recalled
from core import boxes, regress

PRESETS = {
    "zero": Preset(_("IoU has no gradient here"), {"losses": ["iou"], "step": 30}),
    "grow": Preset(_("GIoU grows the box until it touches"), {"losses": ["giou"], "step": 12}),
    "centre": Preset(_("DIoU goes straight, CIoU minds the shape"),
                     {"losses": ["diou", "ciou"], "a_x": 110, "a_w": 180, "a_h": 20, "step": 8}),
    "touching": Preset(_("Once they overlap, IoU learns, too"), {"a_x": 190, "a_y": 140}),
    "coordinates": Preset(_("L1 counts coordinates, not overlap"), {"losses": ["l1", "smooth_l1", "iou"],
                          "a_x": 190, "a_y": 140}),
    "fast": Preset(_("Too fast: the box is torn apart"), {"lr": 3.0}),
}  # fmt: skip
STEPS = 60

lab = Lab("detection-regress", PRESETS)
names = lab.choices("losses", _("Losses"), {id: _(loss.title) for id, loss in regress.LOSSES.items()},
                    ["l1", "iou", "giou", "diou"])  # fmt: skip
lab.slider("step", _("Step t"), 0, STEPS, 20)
lab.slider("lr", _("Learning rate η"), 0.01, 10.0, 0.5, log=True)
with lab.fold(_("The boxes in numbers")):
    a = frames.ask(lab, "a", _("Start"), (80, 75, 80, 70), most=480)
    b = frames.ask(lab, "b", _("B, true"), (250, 190, 100, 140), most=480)
now = lab.values


def call(now: dict[str, Any]) -> Call:
    ends = {"start": frames.box("a", now), "target": frames.box("b", now)}
    more = {"names": now["losses"], "lr": now["lr"], "steps": STEPS}
    return Call(regress.descend, {"measures": boxes.overlap, "slope": boxes.slope, **ends, **more})


def ways(now: dict[str, Any]) -> dict[str, regress.Descent]:
    """The descent under each chosen loss; the step shown does not change it."""
    return recalled(call(now)) if now["losses"] else {}


def stage(**now: Any) -> Plot:
    """Left, each box after so many steps and the way of its centre; right, its IoU."""
    target, found = torch.tensor([frames.box("b", now)]), ways(now)
    start = torch.tensor([frames.box("a", now)])
    data = [
        frames.frames(target, _("B, true"), "truth", width=4),
        frames.frames(start, _("start"), "waiting", width=2),
    ]
    t = torch.arange(STEPS + 1.0)
    for name, way in found.items():
        color, dash = palette.style(3 + list(regress.LOSSES).index(name))
        title, at = _(regress.LOSSES[name].title), now["step"]
        centres = (way.boxes[:, :2] + way.boxes[:, 2:]) / 2
        data += [frames.filled(way.boxes[at], "", color + "25", legend=False),
                 line(*frames.outlines(way.boxes[at : at + 1]), title, color, width=3, dash=dash),
                 line(centres[:, 0], centres[:, 1], "", color, width=1.5, legend=False),
                 line(t, way.iou, "", color, dash=dash, axes="x2y2", legend=False)]  # fmt: skip
    data.append(line(torch.full((2,), float(now["step"])), torch.tensor([0.0, 1.0]), "", palette.ACCENT, width=2,
                     dash="dash", axes="x2y2", legend=False))  # fmt: skip
    plain: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "showline": True,
        "mirror": True,
    }
    grid = {"xaxis": axis(range=[0, 420], domain=[0, 0.63], constrain="domain", **plain),
            "yaxis": axis(range=[300, 0], scaleanchor="x", **plain),
            "xaxis2": axis(_("step"), range=[0, STEPS], domain=[0.72, 1], anchor="y2"),
            "yaxis2": axis(_("IoU"), range=[-0.02, 1.02], anchor="x2")}  # fmt: skip
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.39, 1]}, "margin": {"b": 24},
              "xaxis2": {"domain": [0.12, 1], "title": {"text": ""}}, "yaxis2": {"domain": [0, 0.34]},
              "legend": {"font": {"size": 12}}}  # fmt: skip
    said = ", ".join(f"{_(regress.LOSSES[n].title)} {short(way.iou[now['step']].item())}" for n, way in found.items())
    alt = _("IoU after {n} steps: {said}.").format(n=now["step"], said=said or "–")
    frame = {"margin": {"l": 12, "r": 8, "t": 12, "b": 44}, "meta": {"narrow": narrow}}
    return Plot(data, layout(**grid, **frame), alt)


def numbers(**now: Any) -> Table:
    """How steep each loss is at the start, and how far it has come."""
    cells = [[_(regress.LOSSES[name].title), short(slope, 4), short(iou, 4), f"{reached:.0f}" if reached >= 0 else "–"]
             for name, iou, slope, reached in regress.arrivals(ways(now), now["step"])]  # fmt: skip
    titles = [
        _("loss"),
        _("length of the gradient at the start"),
        _("IoU at this step"),
        _("IoU 0.9 after steps"),
    ]
    return Table(titles, cells, _("How far each loss has come"))


if names:
    lab.live(stage, handles=[*a, *b], plays="step")
    lab.live(numbers, height=0)
else:
    lab.say(_("Choose at least one loss."))
lab.look(_("Apart, 1 − IoU is flat: no gradient, no step. GIoU first stretches the box towards its goal, DIoU moves "
           "it. Drag the start until the boxes touch, and IoU begins to learn."))  # fmt: skip
lab.theory()
if names:
    lab.code(regress.arrivals, ways=call(now), at=now["step"])
