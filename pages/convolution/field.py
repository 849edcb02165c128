"""The receptive field: how much of the picture one unit sees, in theory and in effect."""

from typing import Any

import torch

from app import images, stacks
from app.code import Call
from app.figures import maps, palette
from app.figures.picture import Table
from app.figures.plot import Plot, columns, dots, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.stacks import rows_of
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
lab.choice("weights", _("Weights"), {"random": _("Random"), "ones": _("All alike")})
lab.toggle("relu", _("ReLU after each convolution"), True)
lab.seed()


def stage(photo: images.Photo, **now: Any) -> Plot:
    """The square that can reach the centre unit, on the photograph; beside it how much each pixel does."""
    _layers, seen, found = stacks.measured(now, photo)
    low, high = receptive.span(seen[-1], found.unit)
    middle, wide, size = torch.tensor([(low + high) / 2]), found.width / 2, now["size"]
    field = maps.box(low - 0.5, low - 0.5, high + 0.5, high + 0.5)
    inner = maps.box(*(float(middle) + end for end in (-wide, -wide, wide, wide)))
    titles = {"field": _("theory: {n} × {n}"), "effect": _("in effect, 95 %: {n} × {n}")}
    titles = {
        "field": titles["field"].format(n=seen[-1].field),
        "effect": titles["effect"].format(n=int(2 * wide)),
    }
    data = [maps.shown(found.weight.sqrt(), "2", maps.GLOW, 0, found.weight.max().sqrt().item() or 1.0)]
    for axes in ("xy", "x2y2"):
        first = axes == "xy"
        data += [line(*field, titles["field"], THEORY, width=4, axes=axes, legend=first),
                 line(*inner, titles["effect"], EFFECT, width=3, axes=axes, legend=first),
                 dots(middle, middle, "", palette.RED, 8, axes=axes, legend=False)]  # fmt: skip
    grid = maps.frame("", "", (size, size), (0, 0.49)) | maps.frame("2", "", (size, size), (0.51, 1))
    alt = _("{n} layers: the centre unit sees {field} pixels; 95 % of the influence come from {width}.")
    alt = alt.format(n=now["layers"], field=seen[-1].field, width=int(2 * wide))
    return Plot(data, layout(**grid, images=[maps.backed(stacks.middle(photo, size))]), alt)


def cone(photo: images.Photo, **now: Any) -> Plot:
    """One row of the picture: the ways that lead to the centre unit; and how much each pixel of it matters."""
    layers, seen, found = stacks.measured(now, photo)
    level, below, above = receptive.ways(layers, now["size"], now["padded"]).T
    gap, size = torch.full_like(level, torch.nan), now["size"]
    x, y = (torch.stack(parts, 1).flatten() for parts in ((below, above, gap), (level - 1, level, gap)))
    joints = torch.cat([torch.stack([below, level - 1], 1), torch.stack([above, level], 1)]).unique(dim=0).T
    profile, (low, high) = found.weight.sum(0), receptive.span(seen[-1], found.unit)
    flat = torch.tensor([low - 0.5, low - 0.5, high + 0.5, high + 0.5])
    data = [line(x, y, "", palette.MUTED + "70", width=1, legend=False, hoverinfo="skip"),
            dots(*joints, "", palette.PINK, 6, legend=False),
            line(flat, torch.tensor([0.0, 1, 1, 0]), _("in theory"), THEORY, axes="x2y2"),
            line(torch.arange(size), profile / profile.max(), _("in effect"), EFFECT, axes="x2y2")]  # fmt: skip
    spans = [(-0.3, now["layers"] + 0.3), (-0.05, 1.1)]
    grid = columns([_("layer"), _("influence")], (-1, size), spans, below=_("pixel of the row"))
    alt = _("{n} pixels of a row lead to the centre unit.").format(n=int((joints[1] == 0).sum()))
    return Plot(data, layout(**grid), alt)


def numbers(**now: Any) -> Table:
    """Layer by layer."""
    layers, seen = stacks.chain(now)
    kinds = {"conv": _("convolution"), "max": _("max pooling"), "average": _("average pooling")}
    cells = [[_("picture"), "", "", "", str(seen[0].size), "1", "1", "0"]]
    for i, (one, s) in enumerate(zip(layers, seen[1:], strict=True), 1):
        cells.append([f"{i}. {kinds[one.kind]}", *map(str, (one.k, one.s, one.d, s.size, s.jump, s.field)),
                      f"{s.centre:g}"])  # fmt: skip
    titles = [_("layer"), "k", "s", "d", _("output size"), _("total stride"), _("field"), _("first centre")]
    return Table(titles, cells, _("Size, stride and field of each layer"))


lab.live(stage, photo=photo)
lab.live(cone, height=300, photo=photo)
lab.live(numbers, height=0)
lab.look(_("Any pixel inside the blue square can change the centre unit, but most of what it feels comes from the "
           "orange one: few ways lead out to the rim, many through the middle. Stride and pooling multiply all that "
           "follows; dilation reaches far, and alone it leaves holes."))  # fmt: skip
lab.theory()
now = {name: control.value for name, control in lab.controls.items()}
stacked = Call(receptive.stack, stacks.lists(now))
lab.code(receptive.fields, stacked, layers=stacked, size=now["size"], padded=now["padded"])
