"""Overlap: one number for how well a box fits, and what that number cannot see."""

from typing import Any

import torch

from app import images
from app.code import Call
from app.detection.overlaps import names, numbers, special, written
from app.figures import frames, palette
from app.figures.axes import axis, columns
from app.figures.picture import backdrop
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import boxes


def places(ax: int, ay: int, aw: int, ah: int, **more: Any) -> dict[str, Any]:
    """Where box A stands."""
    return {"a_x": ax, "a_y": ay, "a_w": aw, "a_h": ah, **more}


PRESETS = {
    "good": Preset(_("It looks good and is only 0.7"), places(309, 178, 220, 250)),
    "touch": Preset(_("Touching is nothing yet"), places(484, 154, 160, 200)),
    "far": Preset(_("Far apart: IoU is blind"), places(540, 330, 90, 80)),
    "nested": Preset(_("Nested: GIoU sees no place"), places(230, 100, 90, 100)),
    "centred": Preset(_("Nested in the middle: only CIoU minds"), places(288, 154, 200, 70)),
    "pixel": Preset(_("Eight pixels are too much for a small box"),
                    {"b_x": 366, "b_y": 284, "b_w": 22, "b_h": 22, **places(374, 284, 22, 22)}),
    "empty": Preset(_("An empty box shares nothing"), places(288, 154, 0, 120)),
}  # fmt: skip
NAMES = names()
SIDES = (8.0, 16.0, 32.0, 64.0, 128.0)

lab = Lab("detection", PRESETS)
photo = images.choose(lab, "coffee")
threshold = lab.slider("threshold", _("A hit from IoU"), 0.05, 0.95, 0.5, 0.05)
with lab.fold(_("The boxes in numbers")):
    a = frames.ask(lab, "a", _("A, found"), (355, 205, 230, 240))
    b = frames.ask(lab, "b", _("B, true"), (288, 154, 232, 272))
height, width = photo.pixels.shape[1:]


def stage(threshold: float, under: dict[str, Any], **now: Any) -> Plot:
    """Left, the two boxes, what they share and the hull; right, the four measures."""
    a, b = (torch.tensor(frames.box(name, now), dtype=torch.float64) for name in "ab")
    n = boxes.numbers(a.tolist(), b.tolist())
    both = torch.cat([torch.maximum(a, b)[:2], torch.minimum(a, b)[2:]])
    hull = torch.cat([torch.minimum(a, b)[:2], torch.maximum(a, b)[2:]])
    centres = torch.stack([a[:2] + a[2:], b[:2] + b[2:]]) / 2
    data = [frames.filled(a, _("union"), palette.SKY + "45"), frames.filled(b, "", palette.SKY + "45", legend=False),
            frames.filled(both if n["intersection"] > 0 else both * 0, _("shared"), palette.ORANGE + "90"),
            frames.frames(hull[None], _("hull C"), "waiting", dash="dashdot", width=1.5),
            frames.frames(a[None], _("A, found"), "kept"), frames.frames(b[None], _("B, true"), "truth", width=3.5),
            line(centres[:, 0], centres[:, 1], _("distance d"), palette.INK, width=2, legend=False)]  # fmt: skip
    values, rows = torch.tensor([n[m] for m in NAMES], dtype=torch.float64), torch.arange(4.0)
    right, verdict = (
        {"axes": "x2y2", "legend": False},
        _("✓ a hit") if n["iou"] >= threshold else _("✗ a miss"),
    )
    said = [
        *(f"{name}  {short(v, 3)}" for name, v in zip(NAMES.values(), values.tolist(), strict=True)),
        verdict,
    ]
    slim = {"narrow": {"line": {"color": palette.ORANGE, "width": 8, "simplify": False}}}
    above = {"narrow": {"y": torch.arange(5.0) - 0.49}}  # on a phone the rows are closer
    data += [frames.strip(values * 0, values, rows, "", palette.ORANGE, width=12, meta=slim, **right),
             frames.strip(rows * 0 - 0.01, rows * 0 + 0.01, rows, "", palette.MUTED, width=26, **right),
             line(torch.tensor([threshold] * 2), torch.tensor([-0.18, 0.18]), "", palette.ACCENT, width=5, **right),
             line(torch.full((5,), -1.2), torch.arange(5.0) - 0.42, "", palette.INK, mode="text", text=said,
                  textposition="middle right", textfont={"size": 24}, meta=above, **right)]  # fmt: skip
    plain: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False}
    grid = {**under, "xaxis": under["xaxis"] | {"domain": [0, 0.7]}}
    grid |= {"xaxis2": axis(range=[-1.25, 1.1], domain=[0.73, 1], anchor="y2", tickvals=[-1, 0, 1],
                        zeroline=False, showgrid=False),
             "yaxis2": axis(range=[4.2, -0.8], domain=[0.05, 1], anchor="x2", **plain)}  # fmt: skip
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.42, 1]}, "xaxis2": {"domain": [0.1, 0.9]},
              "yaxis2": {"domain": [0, 0.39]}, "legend": {"font": {"size": 12}}}  # fmt: skip
    alt = _("IoU {iou}, GIoU {giou}, DIoU {diou}, CIoU {ciou}.").format(**{m: short(n[m], 3) for m in NAMES})
    margin = {"l": 12, "r": 8, "t": 12, "b": 28}
    return Plot(data, layout(**grid, margin=margin, meta={"narrow": narrow, "small": 15}), alt)


def sensitivity(threshold: float, **now: Any) -> Plot:
    """IoU of a square with itself, moved sideways pixel by pixel."""
    n = torch.linspace(0, 24, 49, dtype=torch.float64)
    data = [line(n, boxes.shifted(side, n), _("{n} px").format(n=int(side)), *palette.style(i)[:1])
            for i, side in enumerate(SIDES)]  # fmt: skip
    limit = torch.tensor([min(boxes.tolerance(side, threshold), 99.0) for side in SIDES])
    data += [line(n[[0, -1]], torch.full((2,), threshold), "", palette.ACCENT, dash="dash", legend=False),
             dots(limit, torch.full((5,), threshold), _("a miss from here on"), palette.ACCENT, 11)]  # fmt: skip
    grid = columns([_("IoU")], (0, 24), [(0, 1.04)], below=_("shift to the side, px"))
    said = ", ".join(f"{side:g} px: {short(v, 1)} px" for side, v in zip(SIDES, limit.tolist(), strict=True))
    return Plot(data, layout(**grid), _("The shift that a square stands: {said}").format(said=said))


lab.live(stage, handles=[*a, *b], under=backdrop(photo.pixels, fade=0.45))
lab.live(numbers, height=0)
lab.live(sensitivity, height=280, follows=["threshold"])
lab.live(written, height=0, width=width, height_px=height)
lab.live(special, height=0)
lab.look(_("Drag a box by its centre, resize it by its corner. Apart, IoU is 0 however far; the others go on falling, "
           "and that is the slope a detector learns from. Few pixels cost a small box all its overlap."))  # fmt: skip
lab.theory()
now = lab.values
pair = [frames.box(name, now) for name in "ab"]
lab.code(boxes.numbers, *(Call(boxes.written, {"box": p, "width": width, "height": height}) for p in pair),
         Call(boxes.tolerances, {"sides": SIDES, "threshold": threshold}),
         Call(boxes.special_cases, {}), a=pair[0], b=pair[1])  # fmt: skip
