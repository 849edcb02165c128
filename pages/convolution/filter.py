"""Filtering a photograph: a few numbers slide over it, and the picture becomes edges, a blur, a relief."""

from typing import Any

import torch

from app import images
from app.convolution import filters
from app.figures.picture import Picture, Table, glow, panel, signed
from app.figures.plot import short
from app.i18n import gettext as _
from app.images import Photo
from app.lab import Lab, Preset
from core import convolution, kernels

PRESETS = {
    "edges": Preset(_("Sobel finds upright edges"), {}),
    "gaussian": Preset(_("Gaussian: one column times one row"),
                       {"kernel": "gaussian", "size": 11, "sigma": 3.0, "padding": 5, "shown": "clipped"}),
    "sharper": Preset(_("Sharper than it was"),
                      {"kernel": "unsharp", "amount": 2.5, "padding": 3, "shown": "clipped", "picture": "cat"}),
    "stripes": Preset(_("Gabor sees one direction"),
                      {"kernel": "gabor", "picture": "bricks", "size": 11, "frequency": 0.1, "angle": 90}),
    "shaken": Preset(_("A shaken camera"),
                     {"kernel": "motion", "size": 11, "angle": 30, "padding": 5, "shown": "clipped"}),
    "border": Preset(_("Zeros darken the border"),
                     {"kernel": "box", "size": 11, "padding": 12, "shown": "clipped", "picture": "coffee"}),
    "gaps": Preset(_("Dilated: the same nine, far apart"), {"dilation": 6, "padding": 6}),
    "flipped": Preset(_("True convolution turns the sign"), {"flip": True}),
}  # fmt: skip

lab = Lab("convolution", PRESETS)
photo = images.choose(lab, "photographer")
filters.choose(lab)
scales = {
    "auto": _("as suits it"),
    "raw": _("with its sign"),
    "absolute": _("its size"),
    "clipped": _("as a picture"),
}
lab.choice("shown", _("Show the answer"), scales)
lab.slider("padding", _("Padding"), 0, 12, 1)
modes = {
    "zeros": _("zeros"),
    "reflect": _("mirror"),
    "replicate": _("edge repeated"),
    "circular": _("wrapped round"),
}
lab.choice("mode", _("What the padding holds"), modes)
with lab.fold(_("More")):
    lab.slider("stride", _("Stride"), 1, 8, 1)
    lab.slider("dilation", _("Dilation"), 1, 8, 1)
    lab.slider("bias", _("Bias"), -1.0, 1.0, 0.0, 0.05)
    lab.toggle("colour", _("Each colour by itself"), help=_("Otherwise the brightness is filtered."))
    lab.toggle("normalise", _("Sizes of the weights sum to 1"))
    lab.toggle("relu", _("ReLU: negative answers become 0"))
    lab.toggle("flip", _("Flip the kernel: true convolution"))
ZOOM = 24  # pixels of the corner


def stage(photo: Photo, **now: Any) -> Picture:
    """The picture, and what the kernel answers at each of its places."""
    pixels, before = filters.source(photo, now["colour"])
    found = filters.answer(pixels, now)
    words = _("{kernel} → {w} × {h}, from {low} to {high}")
    title = words.format(kernel=filters.title(now["kernel"]), w=found.shape[2], h=found.shape[1],
                         low=short(found.min().item()), high=short(found.max().item()))  # fmt: skip
    return Picture([before, panel(title, filters.visible(found, filters.looks(now)))], title)


def inside(**now: Any) -> Picture:
    """The weights themselves; which waves they let pass; the columns and rows that they are made of."""
    w = filters.weights(now)
    parts = kernels.separate(w)
    panels = [
        panel(filters.rows(w), signed(w), w),
        panel(_("waves that pass"), glow(kernels.response(w))),
    ]
    for i, (column, row) in enumerate(zip(parts.columns[:3], parts.rows[:3], strict=True)):
        outer = column[:, None] * row
        title = _("column × row {n}").format(n=i + 1)
        panels.append(panel(title, signed(outer, float(w.abs().max())), outer))
    alt = _("A kernel of {k} × {m} weights and of rank {r}.")
    return Picture(panels, alt.format(k=len(w), m=w.shape[1], r=parts.rank))


def corner(photo: Photo, **now: Any) -> Picture:
    """The lower left corner under each padding."""
    pixels, _panel = filters.source(photo, now["colour"])
    part = pixels[:, -96:, :96]
    found = [filters.answer(part, now, mode=m)[:, -ZOOM:, :ZOOM] for m in modes]
    titles = [("● " if m == now["mode"] else "") + title for m, title in modes.items()]
    both = torch.stack(found)
    seen = [filters.visible(f, filters.looks(now), float(both.abs().max())) for f in found]
    spread = float((both.amax(0) - both.amin(0)).max())
    return Picture([panel(*pair) for pair in zip(titles, seen, strict=True)],
                   _("The corner under four paddings; they differ by up to {d:.3g}.").format(d=spread))  # fmt: skip


def numbers(**now: Any) -> Table:
    """What the kernel costs, whole and in columns and rows; and whether the sum written out gives the same."""
    apart = convolution.largest_difference(w := filters.weights(now), **filters.settings(now))
    parts = kernels.separate(w)
    row = [short(parts.total, 3), *map(str, (parts.rank, parts.full, parts.split)), f"{apart:.1e}"]
    titles = ["", _("sum of the weights"), _("rank"), _("products per pixel"), _("as columns and rows"),
              _("F.conv2d against the sum written out")]  # fmt: skip
    return Table(titles, [[filters.title(now["kernel"]), *row]], _("What the kernel costs"))


if why := filters.trouble(lab.values):
    lab.say(why)
else:
    lab.live(stage, height=430, photo=photo)
    lab.live(inside, height=210, follows=filters.SHAPE)
    lab.live(corner, height=210, photo=photo)
    lab.live(numbers, height=0)
lab.look(_("Blue is positive, orange negative, white says: nothing here. Weights that sum to 0 ignore even areas; "
           "with a sum of 1 the brightness stays. Turn a Gabor kernel and see which edges light up."))  # fmt: skip
lab.theory()
lab.code(lambda: filters.script(lab.values, photo))
