"""A box on a map of features: what RoI pooling takes of it and where RoI align reads; what comes out of it."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Picture, backdrop, panel, shown
from app.figures.plot import Plot, Trace, bars, dots, layout, line
from app.i18n import gettext as _
from core import regions

POOL, ALIGN = palette.RED, palette.GREEN


def on_features(x: Tensor, cells: Tensor, box: regions.Box, out: int, sampling: int) -> Plot:
    """The picture under its cells; the box as drawn with the readings, and the rounded one with its bins."""
    size = x.shape[-1] // cells.shape[-1]
    sides = regions.roundings(box, 1 / size)
    taken = [side.taken * size for side in sides]
    rows, columns = regions.roi_bins(box, 1 / size, out, (cells.shape[-2], cells.shape[-1]))
    ys, xs = ((at + 0.5) * size for at in regions.roi_samples(box, 1 / size, out, sampling))
    grid = torch.cartesian_prod(xs, ys)
    data = [bins([low * size for low, _high in rows[1:]], [low * size for low, _high in columns[1:]], taken),
            outline(taken, _("RoI pooling takes"), POOL), outline(box, _("RoI align, as drawn"), ALIGN),
            dots(grid[:, 0], grid[:, 1], "", ALIGN, 4, legend=False, hoverinfo="skip")]  # fmt: skip
    large = cells.repeat_interleave(size, -1).repeat_interleave(size, -2)
    off = max(abs(side.off_by) for side in sides)
    alt = _("RoI pooling moves a side of the box by up to {n:.1f} pixels.").format(n=off)
    margin = {"l": 8, "r": 8, "t": 34, "b": 8}
    return Plot(data, layout(**backdrop(0.6 * large + 0.4 * x), margin=margin), alt)


def outputs(x: Tensor, box: regions.Box, pooled: Tensor, aligned: Tensor) -> Picture:
    """What is in the box, stretched to a square as the outputs are, and what the two make of it."""
    x0, y0, x1, y1 = (round(v) for v in box)
    cut = x[:, y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    square = F.interpolate(cut[None], size=(128, 128), mode="bilinear")[0]
    title = _("as drawn, {width} × {height}").format(width=cut.shape[-1], height=cut.shape[-2])
    panels = [panel(title, shown(square)), panel(_("RoI pooling"), shown(pooled)),
              panel(_("RoI align"), shown(aligned))]  # fmt: skip
    n = pooled.shape[-1]
    return Picture(panels, _("The box, and two outputs of {n} × {n} values per channel.").format(n=n))


def levels(x: Tensor, n: int) -> Picture:
    """The same cells by global pooling, by the levels of a pyramid, and by adaptive pooling to n × n."""
    made = {_("{height} × {width} cells").format(height=x.shape[-2], width=x.shape[-1]): x,
            _("global average"): regions.adaptive(x, 1, False), _("global max = 1 × 1"): regions.adaptive(x, 1),
            "2 × 2": regions.adaptive(x, 2), "4 × 4": regions.adaptive(x, 4),
            _("adaptive average, {n} × {n}").format(n=n): regions.adaptive(x, n, False)}  # fmt: skip
    alt = _("1 + 4 + 16 = 21 values per channel, whatever the size: here {height} × {width} cells.")
    panels = [panel(title, shown(y)) for title, y in made.items()]
    return Picture(panels, alt.format(height=x.shape[-2], width=x.shape[-1]))


def outline(box: Sequence[float], name: str, color: str) -> Trace:
    return line(*maps.box(*box), name, color, width=4)


def bins(ys: list[float], xs: list[float], frame: Sequence[float]) -> Trace:
    """The lines between the bins, as one line with gaps."""
    x0, y0, x1, y1 = frame
    ends = [[(x, y0), (x, y1)] for x in xs] + [[(x0, y), (x1, y)] for y in ys]
    nowhere = (torch.nan, torch.nan)
    points = [point for pair in ends for point in (*pair, nowhere)] or [nowhere]
    x, y = torch.tensor(points, dtype=torch.float64).T
    return line(x, y, "", POOL, width=1, legend=False, hoverinfo="skip", mode="lines")


def pyramid(values: Tensor) -> Plot:
    """The 21 values of a pyramid as one vector, its levels in three colours."""
    colors = [palette.ORANGE] + 4 * [palette.PINK] + 16 * [palette.BLUE]
    data = [bars(values, torch.arange(1, 22), "", colors, upright=True) | {"text": None}]
    grid = {"xaxis": axis(_("1 × 1, then 2 × 2, then 4 × 4"), range=[0.3, 21.7], showgrid=False),
            "yaxis": axis(_("brightness"), range=[0, 1.15])}  # fmt: skip
    alt = _("A vector of 21 values, from {a:.2f} to {b:.2f}").format(a=values.min(), b=values.max())
    return Plot(data, layout(**grid, showlegend=False), alt)


def travels(found: Mapping[str, list[float]], steps: Sequence[float]) -> Plot:
    """The change of both outputs over the way of the box: stairs and a curve."""
    names = {"pool": (_("RoI pooling"), POOL, "hv"), "align": (_("RoI align"), ALIGN, "linear")}
    data = []
    for way, values in found.items():
        name, color, shape = names[way]
        trace = line(torch.tensor(steps), torch.tensor(values), name, color, width=3)
        data.append(trace | {"line": trace["line"] | {"shape": shape}})
    grid = {"xaxis": axis(_("box moved to the right, pixels"), range=[0, max(steps)], dtick=4),
            "yaxis": axis(_("change of the output"), range=[-0.01, 0.45])}  # fmt: skip
    jumps = sum(a != b for a, b in zip(found["pool"], found["pool"][1:], strict=False))
    alt = _("RoI pooling answers {n} times in {all} pixels, RoI align at each of them.")
    return Plot(data, layout(**grid), alt.format(n=jumps, all=int(max(steps))))
