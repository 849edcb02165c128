"""From a region of any size to a fixed number of values: global, adaptive, pyramid, RoI pooling and RoI align.

Features are (C, H, W); a box is (x0, y0, x1, y1) in pixels of the picture, and `scale` takes it to cells of the
features (1/16 in Fast R-CNN). RoI pooling rounds the corners to whole cells, and the bins again; RoI align rounds
nothing and reads between the cells. K. He et al., "Spatial pyramid pooling", 2014; R. Girshick, "Fast R-CNN", 2015;
K. He et al., "Mask R-CNN", 2017.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Box = tuple[float, float, float, float]
Bins = list[tuple[int, int]]  # first cell, and the one behind the last


def adaptive_bins(n: int, out: int) -> Bins:
    """⌊i n / out⌋ to ⌈(i + 1) n / out⌉: the bins cover all n cells, whatever n is, and may overlap by one."""
    if n < 1 or out < 1:
        raise ValueError("Adaptive pooling needs at least one cell and at least one bin.")
    return [(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]


def binned(x: Tensor, rows: Bins, columns: Bins, largest: bool = True) -> Tensor:
    """(C, H, W) -> (C, rows, columns): the largest or the mean of each bin; 0 where a bin holds no cell."""
    for dim, bins in ((-1, columns), (-2, rows)):
        parts = [x.narrow(dim, low, high - low) for low, high in bins]
        empty = x.new_zeros(x.select(dim, 0).shape)
        x = torch.stack([empty if not part.shape[dim] else part.amax(dim) if largest else part.mean(dim)
                         for part in parts], dim)  # fmt: skip
    return x


def adaptive(x: Tensor, out: int, largest: bool = True) -> Tensor:
    """(C, H, W) -> (C, out, out)."""
    return binned(x, adaptive_bins(x.shape[-2], out), adaptive_bins(x.shape[-1], out), largest)


def pyramid(x: Tensor, levels: Sequence[int] = (1, 2, 4), largest: bool = True) -> Tensor:
    """(C, H, W) -> a vector of C · Σ level² values, however large the region is."""
    return torch.cat([adaptive(x, level, largest).flatten() for level in levels])


# --- A box on a map of features -----------------------------------------------------------------------------


def rounded(box: Box, scale: float) -> tuple[int, int, int, int]:
    """The cells that RoI pooling takes, the last ones included: corners to the nearest cell, at least one cell."""
    x0, y0, x1, y1 = (math.floor(v * scale + 0.5) for v in box)
    return x0, y0, max(x0, x1), max(y0, y1)


def roi_bins(box: Box, scale: float, out: int, size_hw: tuple[int, int]) -> tuple[Bins, Bins]:
    """Rows and columns of cells for each bin; the bins of a small box overlap."""
    x0, y0, x1, y1 = rounded(box, scale)

    def along(first: int, last: int, n: int) -> Bins:
        width = (last - first + 1) / out
        ends = [(first + math.floor(i * width), first + math.ceil((i + 1) * width)) for i in range(out)]
        return [(min(max(a, 0), n), min(max(b, 0), n)) for a, b in ends]

    return along(y0, y1, size_hw[0]), along(x0, x1, size_hw[1])


def roi_pool(x: Tensor, box: Box, scale: float, out: int = 7, largest: bool = True) -> Tensor:
    """(C, H, W) -> (C, out, out): the largest value of each bin of whole cells, or the mean."""
    return binned(x, *roi_bins(box, scale, out, (x.shape[-2], x.shape[-1])), largest)


def roi_samples(box: Box, scale: float, out: int = 7, sampling: int = 2) -> tuple[Tensor, Tensor]:
    """Where RoI align reads: y and x, (out · sampling,) each, in cells; the middle of cell 0 is 0."""
    if sampling < 1 or out < 1:
        raise ValueError("RoI align needs at least one bin and one sample in it.")
    inside = (torch.arange(out * sampling, dtype=torch.float64) + 0.5) / (out * sampling)
    x0, y0, x1, y1 = (v * scale - 0.5 for v in box)
    return y0 + inside * (y1 - y0), x0 + inside * (x1 - x0)


def roi_align(x: Tensor, box: Box, scale: float, out: int = 7, sampling: int = 2) -> Tensor:
    """(C, H, W) -> (C, out, out): the mean of sampling² bilinear readings in each bin; nothing is rounded."""
    ys, xs = roi_samples(box, scale, out, sampling)
    down, across = (_between(at, n).unflatten(0, (out, sampling)).mean(1).to(x)
                    for at, n in ((ys, x.shape[-2]), (xs, x.shape[-1])))  # fmt: skip
    return down @ x @ across.T  # the mean of linear readings is one reading with the mean of their weights


def _between(at: Tensor, n: int) -> Tensor:
    """(samples, n): the weights of a linear reading; up to one cell outside the edge goes on, then there is 0."""
    hats = 1 - (at.clamp(0, n - 1)[:, None] - torch.arange(n)).abs()
    return hats.clamp(min=0) * ((at >= -1) & (at <= n))[:, None]


def travels(
    x: Tensor,
    box: Box,
    scale: float,
    out: int,
    steps: Sequence[float],
    largest: bool = True,
    sampling: int = 2,
) -> dict[str, list[float]]:
    """How far both outputs are from the first ones when the box moves to the right: root of the mean square."""
    x0, y0, x1, y1 = box

    def pooled(box: Box) -> Tensor:
        return roi_pool(x, box, scale, out, largest)

    def aligned(box: Box) -> Tensor:
        return roi_align(x, box, scale, out, sampling)

    found = {}
    for name, way in (("pool", pooled), ("align", aligned)):
        first = way(box)
        found[name] = [(way((x0 + t, y0, x1 + t, y1)) - first).square().mean().sqrt().item() for t in steps]
    return found


def touched(x: Tensor, box: Box, scale: float) -> Tensor:
    """Every cell of the features (C, H, W) that the box touches."""
    x0, y0, x1, y1 = (v * scale for v in box)
    return x[:, int(y0) : math.ceil(y1), int(x0) : math.ceil(x1)]


def outputs(x: Tensor, box: Box, scale: float, out: int = 7, largest: bool = True,
            sampling: int = 2) -> dict[str, Tensor]:  # fmt: skip
    """What both make of a box, and the pyramid of the brightness inside it."""
    inside = touched(x, box, scale).mean(0, keepdim=True)
    return {"RoI pooling": roi_pool(x, box, scale, out, largest),
            "RoI align": roi_align(x, box, scale, out, sampling),
            "pyramid": pyramid(inside)}  # fmt: skip


# --- What a page asks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rounding:
    """One side of a box: where it is on the features, the cell edge it is moved to, and how far in pixels."""

    side: str
    pixel: float
    exact: float
    taken: float
    off_by: float


def roundings(box: Box, scale: float) -> list[Rounding]:
    """The four sides under RoI pooling; the right and lower cells are taken whole."""
    taken = rounded(box, scale)
    found = []
    for i, side in enumerate(("left", "top", "right", "bottom")):
        edge = taken[i] + (i >= 2)
        found.append(Rounding(side, box[i], box[i] * scale, edge, edge / scale - box[i]))
    return found
