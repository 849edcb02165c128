"""The receptive field: how much of the picture one unit sees, in theory and in effect."""

from typing import Any

import torch

from app import images
from app.code import Call
from app.convolution import stacks
from app.convolution.stacks import rows_of
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, dots, layout, line
from app.figures.rods import words
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import receptive

PRESETS = {
    "five": Preset(_("Five 3×3 see 11 pixels"), {}),
    "one": Preset(_("One 11×11 sees as far"), {"layers": 1, "k1": 11}),
    "dilated": Preset(_("Dilation 1, 2, 4, 8: far with few weights"), {
        "layers": 4, "weights": "ones", **rows_of(d=[1, 2, 4, 8])}),
    "grid": Preset(_("Dilation 4 alone leaves holes"), {"layers": 3, "weights": "ones", **rows_of(d=[4, 4, 4])}),
    "vgg": Preset(_("How VGG starts"), {"layers": 6, "max": ["3", "6"], **rows_of(
        k=[3, 3, 2, 3, 3, 2], s=[1, 1, 2, 1, 1, 2])}),
    "deep": Preset(_("Deep and wide, yet it looks at the middle"), {"layers": 8, **rows_of(k=[7] * 8)}),
}  # fmt: skip
THEORY, EFFECT = palette.BLUE, palette.ORANGE

lab = Lab("convolution-field", PRESETS)
photo = images.choose(lab)
stacks.choose(lab, 5)


def stage(photo: images.Photo, **now: Any) -> Plot:
    """What can reach the centre unit, on the photograph; enlarged, how much each pixel does, and on which ways."""
    _layers, seen, found = stacks.measured(now, photo)
    low, high = receptive.span(seen[-1], found.unit)
    middle, size, half = (low + high) / 2, now["size"], found.square() / 2
    strength = found.weight.sqrt() / found.weight.max().sqrt().clamp(min=1e-30)
    data = [maps.shown(strength, "2", maps.GLOW)]
    boxes = [(_("in theory"), THEORY, low - 0.5, high + 0.5),
             (_("half of the influence"), EFFECT, middle - half, middle + half)]  # fmt: skip
    for axes in ("xy", "x2y2"):
        for title, color, left, right in boxes:
            corners = maps.box(left, left, right, right)
            data.append(line(*corners, title, color, width=4, axes=axes, legend=axes == "xy"))
    near = min(size, next(n for n in (8, 16, 24, 32, 48, 64, 96, 10**6) if n >= 1.25 * seen[-1].field)) / 2
    window = [middle - near, middle + near]
    for sign, (title, _color, left, right) in zip((-0.89, 0.89), boxes, strict=True):
        x, y = (torch.tensor([middle + share * near]) for share in (-0.96, sign))
        data.append(words(x, y, [f"{title}: {right - left:g} × {right - left:g}"], "x2y2", "middle right", "#ffffff"))
    grid = maps.frame("", "", (size, size), (0, 0.49), (0.36, 1))
    grid |= maps.frame("2", "", (size, size), (0.51, 1), (0.36, 1))
    grid["xaxis2"]["range"], grid["yaxis2"]["range"] = window, window[::-1]
    for n, place, title, top in (
        ("3", (0.08, 0.48), _("layer"), now["layers"]),
        ("4", (0.59, 1), _("influence"), 1.0),
    ):
        grid[f"xaxis{n}"] = axis(_("pixel of the row"), domain=place, range=window, anchor=f"y{n}", nticks=6)
        grid[f"yaxis{n}"] = axis(title, domain=[0, 0.28], range=[-0.06 * top, 1.1 * top], anchor=f"x{n}", nticks=5)
    alt = _("{n} layers: the centre unit sees {field} × {field} pixels; half of the influence is in {half} × {half}.")
    alt = alt.format(n=now["layers"], field=seen[-1].field, half=found.square())
    frame = {
        "images": [maps.backed(images.middle(photo, size))],
        "margin": {"l": 12, "r": 12, "t": 12, "b": 44},
        "meta": {"small": 12, "narrow": {"xaxis3": {"domain": [0.1, 0.46]}, "xaxis4": {"domain": [0.66, 1]}}},
    }
    return Plot([*data, *ways(photo, now)], layout(**grid, **frame), alt)


def ways(photo: images.Photo, now: dict[str, Any]) -> list[Trace]:
    """In one row of the picture, the ways that lead to the centre unit; and how much each pixel of it matters."""
    layers, seen, found = stacks.measured(now, photo)
    level, below, above = receptive.ways(layers, now["size"], now["padded"]).T
    gap = torch.full_like(level, torch.nan)
    x, y = (torch.stack(parts, 1).flatten() for parts in ((below, above, gap), (level - 1, level, gap)))
    joints = torch.cat([torch.stack([below, level - 1], 1), torch.stack([above, level], 1)]).unique(dim=0).T
    profile, (low, high) = found.weight.sum(0), receptive.span(seen[-1], found.unit)
    flat = torch.tensor([low - 0.5, low - 0.5, high + 0.5, high + 0.5])
    return [line(x, y, "", palette.MUTED + "90", width=1, axes="x3y3", legend=False, hoverinfo="skip"),
            dots(joints[0], joints[1], "", palette.PINK, 6, axes="x3y3", legend=False),
            line(flat, torch.tensor([0.0, 1, 1, 0]), "", THEORY, axes="x4y4", legend=False),
            line(torch.arange(now["size"]), profile / profile.max().clamp(min=1e-30), "", EFFECT, axes="x4y4",
                 legend=False)]  # fmt: skip


def numbers(**now: Any) -> Table:
    """Layer by layer."""
    layers, seen = stacks.chain(now)
    kinds = {"conv": _("convolution"), "max": _("max pooling"), "average": _("average pooling")}
    cells = [[_("picture"), "", "", "", str(seen[0].size), "1", "1", "0"]]
    for i, (one, s) in enumerate(zip(layers, seen[1:], strict=True), 1):
        cells.append([f"{i}. {kinds[one.kind]}", *map(str, (one.k, one.s, one.d, s.size, s.jump, s.field)),
                      f"{s.centre:g}".replace("-", "−")])  # fmt: skip
    titles = [_("layer"), "k", "s", "d", _("output size"), _("total stride"), _("field"), _("first centre")]
    return Table(titles, cells, _("Size, stride and field of each layer"))


lab.live(stage, height=560, photo=photo)
lab.live(numbers, height=0)
lab.look(_("Any pixel inside the blue square can change the centre unit, but half of what it feels comes from the "
           "orange one: few ways lead out to the rim, many through the middle. Stride and pooling multiply all that "
           "follows; dilation reaches far, and alone it leaves holes."))  # fmt: skip
lab.theory()
now = lab.values
stacked = Call(receptive.stack, stacks.lists(now))
lab.code(receptive.fields, stacked, layers=stacked, size=now["size"], padded=now["padded"])
