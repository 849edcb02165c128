"""Back up: six ways from a small map (H, W) to one r times as large, and where each of their numbers comes from.

All of them are linear in the map. Transposed convolution lays a kernel, times the value, onto every r-th place and adds
up what overlaps; where r does not divide the kernel's size some places get more than others, and a checkerboard
appears. Pixel shuffle makes r² maps by ordinary convolutions and interleaves them: with the same weights it is the same
operation. W. Shi et al., "Real-time single image super-resolution", 2016; A. Odena et al., "Deconvolution and
checkerboard artifacts", 2016; M. Zeiler et al., "Adaptive deconvolutional networks", 2011.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Means:
    """What the ways need beside the map: the factor r, the kernel of a convolution, the winners' places."""

    r: int
    kernel: Tensor  # (k, k)
    places: Tensor  # (H, W), whole numbers: row · rW + column of each winner, as max_pool2d returns them


def down(x: Tensor, r: int, largest: bool = True) -> Tensor:
    """(rH, rW) -> (H, W): the small map."""
    return (F.max_pool2d if largest else F.avg_pool2d)(x[None], r)[0]


def means(x: Tensor, r: int = 2, k: int = 4, weights: str = "tent", seed: int = 0) -> Means:
    """x is the large picture (rH, rW) that the map was pooled from."""
    if x.shape[-2] % r or x.shape[-1] % r:
        raise ValueError(f"The sides of the picture must be multiples of {r}.")
    _small, places = F.max_pool2d(x[None], r, return_indices=True)
    return Means(r, kernel(r, k, weights, seed), places[0])


def kernel(r: int, k: int, weights: str = "tent", seed: int = 0) -> Tensor:
    """(k, k) with sum r², so that a flat map keeps its value on average."""
    if not 2 <= r <= k:
        raise ValueError(f"The factor must be at least 2, and the kernel at least as large; not {r} and {k}.")
    if weights == "ones":
        taps = torch.ones(k, k, dtype=torch.float64)
    elif weights == "tent":  # the weights of a linear blend, where k = 2r
        side = 1 - (torch.arange(k, dtype=torch.float64) - (k - 1) / 2).abs() / ((k + 1) // 2)
        taps = side[:, None] * side
    elif weights == "random":
        drawn = torch.randn(k, k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        taps = 1 + 0.7 * (drawn - drawn.mean())
    else:
        raise ValueError(f"There are no weights {weights!r}; choose ones, tent or random.")
    return taps * r**2 / taps.sum()


# --- The ways -----------------------------------------------------------------------------------------------


def nearest(y: Tensor, m: Means) -> Tensor:
    return y.repeat_interleave(m.r, -2).repeat_interleave(m.r, -1)


def bilinear(y: Tensor, m: Means) -> Tensor:
    return F.interpolate(y[None, None], scale_factor=m.r, mode="bilinear", align_corners=False)[0, 0]


def bed_of_nails(y: Tensor, m: Means) -> Tensor:
    up = y.new_zeros(y.shape[-2] * m.r, y.shape[-1] * m.r)
    up[:: m.r, :: m.r] = y
    return up


def max_unpool(y: Tensor, m: Means) -> Tensor:
    return F.max_unpool2d(y[None], m.places[None], [m.r, m.r])[0]


def transposed(y: Tensor, m: Means) -> Tensor:
    """Cut so that the output is exactly r times as large."""
    before, more = _cut(m)
    return F.conv_transpose2d(y[None, None], m.kernel.to(y)[None, None], stride=m.r, padding=before,
                              output_padding=more)[0, 0]  # fmt: skip


def shuffled(y: Tensor, m: Means) -> Tensor:
    return F.pixel_shuffle(sub_pixels(y, m)[None], m.r)[0, 0]


def sub_pixels(y: Tensor, m: Means) -> Tensor:
    """(r², H, W): one small map for each place in a block of r × r, by one convolution; the kernel dealt out."""
    before, _more = _cut(m)
    k, far = len(m.kernel), -(-len(m.kernel) // m.r)
    filters = y.new_zeros(m.r**2, 1, 2 * far + 1, 2 * far + 1)
    for a in range(-far, far + 1):
        for b in range(-far, far + 1):
            # Output row·r + i reads the map at row + a through tap i + before − a·r.
            for place in range(m.r**2):
                i, j = place // m.r + before - a * m.r, place % m.r + before - b * m.r
                if 0 <= i < k and 0 <= j < k:
                    filters[place, 0, a + far, b + far] = m.kernel[i, j]
    return F.conv2d(y[None, None], filters, padding=far)[0]


def _cut(m: Means) -> tuple[int, int]:
    """Padding and output padding of the transposed convolution."""
    before = (len(m.kernel) - m.r + 1) // 2
    return before, 2 * before - (len(m.kernel) - m.r)


@dataclass(frozen=True)
class Way:
    title: str
    note: str
    up: Callable[[Tensor, Means], Tensor]


WAYS: dict[str, Way] = {
    "nearest": Way("Nearest", "Every value becomes a block. Hard edges, nothing invented.", nearest),
    "bilinear": Way("Bilinear", "Blends the four nearest values by distance. Smooth, a little blurred.", bilinear),
    "nails": Way("Bed of nails", "The value in the corner of its block, zeros elsewhere.", bed_of_nails),
    "unpool": Way("Max-unpooling", "The value goes back to where it was the largest, if that was remembered; "
                  "zeros elsewhere.", max_unpool),
    "transposed": Way("Transposed conv.", "Lays a kernel onto every r-th place and adds up. A kernel that r "
                      "does not divide leaves a checkerboard.", transposed),
    "shuffle": Way("Pixel shuffle", "r² small maps, each by its own convolution, interleaved.", shuffled),
}  # fmt: skip


# --- One product after the other ----------------------------------------------------------------------------


def footprint(way: str, m: Means) -> tuple[Tensor, int]:
    """What a 1 in the map becomes, (K, K), and how many pixels above and left of its block that begins."""
    if way == "bilinear":
        at = torch.arange(2 * m.r - m.r % 2, dtype=torch.float64) - m.r // 2
        side = 1 - ((at + 0.5) / m.r - 0.5).abs()
        return side[:, None] * side, m.r // 2
    if way in ("transposed", "shuffle"):
        return m.kernel, _cut(m)[0]
    k = m.r if way == "nearest" else 1
    return torch.ones(k, k, dtype=torch.float64), 0


def products(way: str, m: Means, rows: int, columns: int) -> Tensor:
    """(n, 3): cell of the map, cell of its footprint, pixel. A pixel is the sum of its products."""
    made, before = footprint(way, m)
    if way == "unpool":
        cells = torch.arange(rows * columns)
        return torch.stack([cells, torch.zeros_like(cells), m.places.flatten()], 1)
    parts = []
    for n in (rows, columns):
        pixel, tap = torch.arange(n * m.r)[:, None], torch.arange(len(made))
        cell, real = (pixel + before - tap) // m.r, (pixel + before - tap) % m.r == 0
        if way == "bilinear":
            cell = cell.clamp(0, n - 1)  # beyond the edge the outermost value goes on
        p, t = (real & (cell >= 0) & (cell < n)).nonzero().T
        parts.append(torch.stack([cell[p, t], t, p], 1))
    widths = torch.tensor([columns, len(made), columns * m.r])
    return (parts[0][:, None] * widths + parts[1][None]).flatten(0, 1)


@dataclass(frozen=True)
class Pixel:
    """One number of the large map: value = Σ weight · value of the small one, for each (weight, value) of `terms`."""

    way: str
    value: float
    terms: tuple[tuple[float, float], ...]


def arithmetic(y: Tensor, m: Means, row: int, column: int) -> list[Pixel]:
    """The same pixel by every way. Each is linear, so its gradient is its weights."""
    found = []
    for name, way in WAYS.items():
        small = y.detach().double().requires_grad_()
        value = way.up(small, m)[row, column]
        (weights,) = torch.autograd.grad(value, small) if value.requires_grad else (torch.zeros_like(y),)
        used = weights.abs() > 1e-12
        pairs = zip(weights[used].tolist(), y[used].tolist(), strict=True)
        terms = tuple((round(w, 6), round(v, 6)) for w, v in pairs)
        found.append(Pixel(name, round(value.item(), 6), terms))
    return found
