"""A small map, what one value of it becomes, and a part of the large picture as number grids that light each other."""

import torch
from torch import Tensor

from app import sliding
from app.figures.grids import Grid, Grids
from app.i18n import gettext as _
from core import upsample

SIDE = 8  # pixels a side of the part that is shown


def worked_out(y: Tensor, m: upsample.Means, way: str, row: int, column: int) -> Grids:
    """The pixels around (row, column) by one way. Links of the taps: 0 the map, 1 the footprint, 2 the pixels."""
    up, (made, _before) = upsample.WAYS[way].up(y, m), upsample.footprint(way, m)
    top, left = (min(max(at - SIDE // 2, 0), n - SIDE) for at, n in zip((row, column), up.shape, strict=True))
    cell, tap, pixel = upsample.products(way, m, *y.shape).T
    i, j = pixel // up.shape[1] - top, pixel % up.shape[1] - left
    near = (i >= 0) & (i < SIDE) & (j >= 0) & (j < SIDE)
    cell, tap, i, j = cell[near], tap[near], i[near], j[near]
    a, b = cell // y.shape[1], cell % y.shape[1]
    spans = []  # of the map: what lies under the pixels, and whatever else goes into them
    for at, first in ((a, top), (b, left)):
        known = [*at.tolist(), first // m.r, (first + SIDE - 1) // m.r]
        spans.append((min(known), max(known) + 1))
    (above, below), (before, behind) = spans
    small = y[above:below, before:behind]
    taps = torch.stack([(a - above) * small.shape[1] + b - before, tap, i * SIDE + j], 1)
    title = _(upsample.WAYS[way].title)
    grids = [
        Grid(_("map m"), small, 0, _("m{at} = {value} goes into {n} of these pixels: {terms}"), "u{at2}: {1}·{0}",
             ";  ", _("m{at} = {value} goes into none of these pixels"), "∗", origin=(-above, -before)),
        Grid(_("what a 1 becomes, {k} × {k}").format(k=len(made)), made, 1,
             _("w{at} = {value} is multiplied by {n} numbers: {terms}"), "{0}", joined=", ", sign="="),
        Grid(_("pixels u: {way}").format(way=title), up[top : top + SIDE, left : left + SIDE], 2,
             "u{at} = {terms} ≈ {value}", "{0}·{1}", idle=_("u{at} = 0: nothing of the map comes here"),
             origin=(-top, -left)),
    ]  # fmt: skip
    alt = _("{way}: {n} products make {pixels} pixels.").format(way=title, n=len(taps), pixels=SIDE**2)
    return Grids(grids, taps, alt, (2, (row - top) * SIDE + column - left), 2, hint=sliding.hint())
