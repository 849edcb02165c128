"""What a shift changes, as curves: of outputs, of the contrast of stripes, of what a network says."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from app.figures import palette
from app.figures.axes import axis, stable_range
from app.figures.plot import Plot, Trace, layout, line
from app.i18n import gettext as _


def changes(data: Sequence[Trace], found: Mapping[str, Tensor], furthest: float, titles: Mapping[str, str]) -> Plot:
    """The change of each output, in units of the contrast of the picture, over the shift to the right."""
    top = max(1.0, stable_range(list(found.values()))[1])
    grid = {"xaxis": axis(_("shift to the right, pixels"), range=[0, furthest], dtick=1),
            "yaxis": axis(_("change, % of contrast"), range=[-2, 100 * top])}  # fmt: skip
    worst = ", ".join(f"{titles[kind]} {100 * v.max():.0f} %" for kind, v in found.items())
    return Plot(data, layout(**grid), _("The largest change over all shifts: {said}.").format(said=worst))


def contrast(data: Sequence[Trace], finest: float) -> Plot:
    """What is left of the contrast of stripes; right of the dashed line it comes back as stripes that are not there."""
    edge, name = torch.full((2,), finest), _("finest that the output can hold")
    limit = line(edge, torch.tensor([0.0, 160.0]), name, palette.INK, dash="dash")
    grid = {"xaxis": axis(_("stripes, cycles per pixel"), range=[0, 0.5]),
            "yaxis": axis(_("contrast left, %"), range=[-2, 160])}  # fmt: skip
    alt = _("Beyond {f:.3g} cycles per pixel stripes fold over.")
    return Plot([*data, limit], layout(**grid), alt.format(f=finest))


def confidence(at: Tensor, sure: Tensor, right: Tensor, furthest: float, label: int) -> Plot:
    """How sure a network is of one digit, and how many of many it gets right, over the shift."""
    many = torch.linspace(0, furthest, len(right))
    data = [line(at, 100 * sure, _("this digit, a {n}: probability").format(n=label), palette.RED, width=4),
            line(many, 100 * right, _("200 digits, moved right: share it knows"), palette.BLUE)]  # fmt: skip
    grid = {"xaxis": axis(_("shift to the right, pixels"), range=[0, furthest], dtick=1),
            "yaxis": axis("%", range=[-3, 103])}  # fmt: skip
    alt = _("The network gives the {n} a probability of {a:.0%} unmoved, of {b:.0%} at worst.")
    return Plot(data, layout(**grid), alt.format(n=label, a=float(sure[0]), b=float(sure.min())))
