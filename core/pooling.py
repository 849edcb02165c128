"""Pooling: a window slides over the picture, and one number comes out of each place.

Output size: ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1 for n pixels, kernel k, stride s, padding p, dilation d. In ceil mode it
is ⌈…⌉ + 1, less a last window that would start behind the picture and the padding before it; a window may then be
larger than all there is. Padding never wins and never counts: every
kind looks only at the pixels of the picture that lie in its window, as torch's max-pooling does (its average-pooling
does so with count_include_pad=False). M. Zeiler, R. Fergus, "Stochastic pooling", 2013; R. Zhang, "Making
convolutional networks shift-invariant again", 2019.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A square window and how it walks. All in pixels."""

    kernel: int = 2
    stride: int = 2
    padding: int = 0
    dilation: int = 1
    ceil: bool = False

    def __post_init__(self) -> None:
        if min(self.kernel, self.stride, self.dilation) < 1 or self.padding < 0:
            raise ValueError("Kernel, stride and dilation must be at least 1, padding at least 0.")
        if self.padding > self.kernel // 2:
            limit = self.kernel // 2
            raise ValueError(f"The padding must be at most half the kernel: {limit} here, not {self.padding}.")

    @property
    def reach(self) -> int:
        """From its first pixel to its last: d(k − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def size(self, n: int) -> int:
        """How many windows there are along n pixels."""
        room = n + 2 * self.padding - self.reach
        count = (-(-room // self.stride) if self.ceil else room // self.stride) + 1
        if self.ceil and (count - 1) * self.stride >= n + self.padding:
            count -= 1  # the last window would see nothing but padding
        if count < 1:
            raise ValueError(f"A window of {self.reach} pixels does not fit into {n + 2 * self.padding}.")
        return count

    def places(self, n: int) -> Tensor:
        """(windows, k): the pixel under each tap; below 0 or from n on it is padding."""
        starts = torch.arange(self.size(n)) * self.stride - self.padding
        found = starts[:, None] + torch.arange(self.kernel) * self.dilation
        if not ((found >= 0) & (found < n)).any(1).all():
            raise ValueError("One of the windows would hold nothing but padding.")
        return found

    def unread(self, n: int) -> int:
        """How many of n pixels no window reads."""
        read = self.places(n).flatten()
        return n - len(read[(read >= 0) & (read < n)].unique())


# --- The kinds ----------------------------------------------------------------------------------------------


def pool(x: Tensor, kind: str, window: Window, p: float = 2.0, seed: int = 0) -> Tensor:
    """(..., H, W) -> (..., H', W'). `p` is that of Lp, `seed` that of stochastic pooling."""
    if kind not in KINDS:
        raise ValueError(f"There is no pooling {kind!r}; choose one of {', '.join(KINDS)}.")
    if x.dim() < 2 or not x.is_floating_point():
        raise ValueError("Pooling takes floating-point pictures of shape (..., H, W).")
    window.places(x.shape[-2]), window.places(x.shape[-1])
    flat = x.reshape(-1, 1, *x.shape[-2:])
    y = KINDS[kind].pool(flat, window, p, seed)
    return y.reshape(*x.shape[:-2], *y.shape[-2:])


def pooler(kind: str, window: Window, p: float = 2.0, seed: int = 0) -> Callable[[Tensor], Tensor]:
    """pool() with its settings, as a function of the picture alone."""
    return lambda x: pool(x, kind, window, p, seed)


def maximum(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """The gradient goes to one winner; at a tie to the first in reading order."""
    return F.max_pool2d(x, w.kernel, w.stride, w.padding, w.dilation, w.ceil)


def shared_maximum(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """The same values as `maximum`; all who tie share the gradient."""
    return windows(x, w, -math.inf).amax(-1)


def minimum(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    return -maximum(-x, w)


def average(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    return weighted(x, w, torch.ones(w.kernel))


def power_mean(x: Tensor, w: Window, p: float = 2.0, seed: int = 0) -> Tensor:
    """(mean of |x|^p)^(1/p): the average of |x| at p = 1, its maximum at p = ∞."""
    if not p >= 1:
        raise ValueError(f"p must be at least 1, not {p}.")
    a = windows(x, w, math.nan).abs()
    real = ~a.isnan()
    top = torch.where(real, a, 0).amax(-1, keepdim=True)
    if p == math.inf:
        return top.squeeze(-1)
    # In units of the largest, so that no power over- or underflows; a window of zeros stays 0 and gets no gradient.
    unit = torch.where(top > 0, top, 1).detach()
    share = torch.where(real, a / unit, 0)
    positive = share > 0
    powers = torch.where(positive, torch.where(positive, share, 1) ** p, 0)
    mean = powers.sum(-1, keepdim=True) / real.sum(-1, keepdim=True)
    return torch.where(top > 0, unit * torch.where(top > 0, mean, 1) ** (1 / p), 0).squeeze(-1)


def stochastic(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """One pixel of each window, drawn with a probability in proportion to its value."""
    if (x < 0).any():
        raise ValueError("Stochastic pooling takes values from 0 on: they are its odds.")
    a = windows(x, w, math.nan)
    # A window of zeros draws evenly; padding is never drawn.
    dark = a.nansum(-1, keepdim=True) == 0
    odds = torch.where(a.isnan(), 0, torch.where(dark, 1, a)).detach().cumsum(-1)
    u = torch.rand(odds.shape[:-1], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    at = torch.searchsorted(odds.double(), u.unsqueeze(-1).to(x.device) * odds[..., -1:].double(), right=True)
    return a.gather(-1, at.clamp(max=a.shape[-1] - 1)).squeeze(-1)


def median(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """The value in the middle, of two the lower one, as torch.median has it."""
    return windows(x, w, math.nan).nanmedian(-1).values


def blur(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """A smooth window, then every s-th pixel: BlurPool."""
    return weighted(x, w, spline(w.kernel))


def max_blur(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """The maximum around every pixel, then BlurPool: what Zhang puts in the place of max-pooling."""
    before = w.dilation * (w.kernel - 1) // 2
    after = w.reach - 1 - before
    around = F.pad(x, (before, after, before, after), value=-math.inf)
    rows = F.max_pool2d(around, (1, w.kernel), 1, 0, w.dilation)  # of rows, then of columns: 2k looks, not k²
    highest = F.max_pool2d(rows, (w.kernel, 1), 1, 0, w.dilation)
    if highest.isneginf().any():
        raise ValueError("The dilation is too large for a picture of this size.")
    return blur(highest, w)


def strided(x: Tensor, w: Window, p: float = 0.0, seed: int = 0) -> Tensor:
    """A convolution that sharpens a little: 3/2 of the pixel in the middle less half the mean; zeros as padding."""
    kernel = torch.full((w.kernel, w.kernel), -0.5 / w.kernel**2, dtype=x.dtype, device=x.device)
    kernel[w.kernel // 2, w.kernel // 2] += 1.5
    x = F.pad(x, (*_margins(x.shape[-1], w), *_margins(x.shape[-2], w)))
    return F.conv2d(x, kernel[None, None], stride=w.stride, dilation=w.dilation)


@dataclass(frozen=True)
class Kind:
    title: str
    note: str
    pool: Callable[[Tensor, Window, float, int], Tensor]


KINDS: dict[str, Kind] = {
    "max": Kind("Max", "The largest value of each window. Bright specks survive, dark ones vanish.", maximum),
    "average": Kind("Average", "The mean of each window.", average),
    "min": Kind("Min", "The smallest value: max-pooling of the negative.", minimum),
    "lp": Kind("Lp", "The power mean (mean |x|^p)^(1/p): the average at p = 1, the maximum at p = ∞. "
               "torch.nn.LPPool2d sums instead of averaging, so its values grow with the window.", power_mean),
    "stochastic": Kind("Stochastic", "One pixel of each window by chance, bright ones more often.", stochastic),
    "median": Kind("Median", "The value in the middle: single specks vanish, edges stay.", median),
    "blur": Kind("BlurPool", "Blurs with a smooth window that reaches into its neighbours, then subsamples.", blur),
    "max_blur": Kind("MaxBlurPool", "The maximum around every pixel, then BlurPool.", max_blur),
    "strided": Kind("Convolution", "With stride s and a kernel that sharpens a little.", strided),
    "max_shared": Kind("Max, ties share", "The values of max-pooling; those who tie share the gradient.",
                       shared_maximum),
}  # fmt: skip


# --- Windows ------------------------------------------------------------------------------------------------


def windows(x: Tensor, w: Window, outside: float) -> Tensor:
    """(..., H, W) -> (..., H', W', k²), row by row within a window; `outside` where it is padding."""
    margins = (*_margins(x.shape[-1], w), *_margins(x.shape[-2], w))
    x = F.pad(x, margins, value=outside).unfold(-2, w.reach, w.stride).unfold(-2, w.reach, w.stride)
    return x[..., :: w.dilation, :: w.dilation].flatten(-2)


def weighted(x: Tensor, w: Window, taps: Tensor) -> Tensor:
    """The mean of each window under weights, of taps ⊗ taps; they may reach evenly beyond the kernel."""
    for dim in (-2, -1):
        x = _weighted_along(x, w, taps.to(x), dim)
    return x


def _weighted_along(x: Tensor, w: Window, taps: Tensor, dim: int) -> Tensor:
    """One axis: Σ w x / Σ w over the pixels that are there."""
    before, after = _margins(x.shape[dim], w, (len(taps) - w.kernel) // 2 * w.dilation)
    real = F.pad(torch.ones(1, 1, x.shape[dim]).to(x), (before, after))
    total = F.conv1d(real, taps[None, None], stride=w.stride, dilation=w.dilation)
    upright = dim == -2
    x = F.pad(x, (0, 0, before, after) if upright else (before, after, 0, 0))
    shape, step, spread = (
        ((-1, 1), (w.stride, 1), (w.dilation, 1)) if upright else ((1, -1), (1, w.stride), (1, w.dilation))
    )
    return F.conv2d(x, taps.reshape(1, 1, *shape), stride=step, dilation=spread) / total.reshape(shape)


def _margins(n: int, w: Window, more: int = 0) -> tuple[int, int]:
    """What to add before and behind n pixels so that exactly the windows of `w` fit, widened by `more` each way."""
    behind = (w.size(n) - 1) * w.stride + w.reach - w.padding - n
    return w.padding + more, behind + more


def spline(kernel: int) -> Tensor:
    """A box of k taps blurred twice by itself (3k − 2 taps): 1 3 3 1 for k = 2, the filter of Zhang's own code."""
    box = torch.ones(1, 1, kernel, dtype=torch.float64)
    taps = F.conv1d(F.conv1d(box, box, padding=kernel - 1), box, padding=kernel - 1).flatten()
    return taps / taps.sum()


# --- Where the gradient goes ----------------------------------------------------------------


def landing(x: Tensor, kind: str, window: Window, sent: Tensor, p: float = 2.0, seed: int = 0) -> Tensor:
    """Where a gradient on the output, `sent` (..., H', W'), arrives in the input: the shape of x."""
    x = x.detach().requires_grad_()
    (found,) = torch.autograd.grad(pool(x, kind, window, p, seed), x, sent)
    return found


@dataclass(frozen=True)
class Share:
    """What one window makes of its pixels, and what they get of a gradient of 1."""

    kind: str
    value: float
    pixels: int  # how many get something
    largest: float
    total: float


def shares(values: list[list[float]], kinds: list[str], p: float = 2.0, seed: int = 0) -> list[Share]:
    """The pixels of one window (k, k) under several kinds."""
    x = torch.tensor(values, dtype=torch.float64)
    window, one, found = Window(len(values), len(values)), torch.ones(1, 1, dtype=torch.float64), []
    for kind in kinds:
        got = landing(x, kind, window, one, p, seed)
        value = pool(x, kind, window, p, seed).item()
        some = int((got.abs() > 1e-9).sum())
        found.append(Share(kind, value, some, got.abs().max().item(), got.sum().item()))
    return found


# --- Sizes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """One side of a picture: its pixels, the windows along it, and the pixels that none of them reads."""

    pixels: int
    windows: int
    unread: int


def sides(size_hw: tuple[int, int], window: Window) -> list[Side]:
    return [Side(n, window.size(n), window.unread(n)) for n in size_hw]


@dataclass(frozen=True)
class Left:
    """What is left behind a layer; `percent` of the numbers of the picture."""

    layer: int
    width: int
    height: int
    numbers: int
    percent: float


def left(size_hw: tuple[int, int], window: Window, layers: int) -> list[Left]:
    """Through the same pooling again and again."""
    (height, width), found = size_hw, []
    for layer in range(layers + 1):
        numbers = height * width
        found.append(Left(layer, width, height, numbers, 100 * numbers / (size_hw[0] * size_hw[1])))
        if layer < layers:
            height, width = window.size(height), window.size(width)
    return found


def most_layers(n: int, window: Window, most: int = 12) -> int:
    """How often n pixels can be pooled, until one is left or the window no longer fits."""
    for layer in range(most):
        try:
            smaller = window.size(n)
        except ValueError:
            return layer
        if smaller >= n:
            return layer
        n = smaller
    return most
