r"""The arithmetic of sliding windows: which pixel times which weight goes into which output.

A convolution of deep learning (a cross-correlation: the kernel is not turned) with kernel k, stride s, padding p and
dilation d makes, on each axis,

    y_o = Σ_j w_j · x_{o·s + j·d − p},        ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1 outputs.

The floor is where pixels are lost: the last window that does not fit is left out, and what it alone would have seen is
dropped. A causal one pads d(k − 1) on the left only: no output looks ahead. A transposed one is the gradient of a
convolution in its input: it puts s − 1 zeros between the pixels, pads d(k − 1) − p, and slides the turned kernel with
stride 1. Pooling slides the same windows, and takes their largest, smallest or mean number.
(Dumoulin, Visin, "A guide to convolution arithmetic for deep learning", 2016; Odena et al., "Deconvolution and
checkerboard artifacts", 2016.)

Both axes of a 2-D input take the same settings. A 1-D input has the shape (1, n): its axis of rows is trivial.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

PADDING, ZERO, DROPPED, BEYOND = 1, 2, 3, 4  # what a cell of the padded input is, if no pixel that is used


@dataclass(frozen=True)
class Kind:
    """A convolution by the name of its operator in torch.nn.functional."""

    title: str
    operator: str
    dims: int = 2
    transposed: bool = False
    causal: bool = False


KINDS: dict[str, Kind] = {
    "2d": Kind("2-D", "conv2d"),
    "1d": Kind("1-D", "conv1d", dims=1),
    "transposed2d": Kind("Transposed, 2-D", "conv_transpose2d", transposed=True),
    "transposed1d": Kind("Transposed, 1-D", "conv_transpose1d", dims=1, transposed=True),
    "causal1d": Kind("Causal, 1-D", "conv1d", dims=1, causal=True),
}


@dataclass(frozen=True)
class Axis:
    """One axis: n pixels, `every` cells apart, between cells of padding; window o, cell j lies at `place`."""

    n: int
    k: int
    before: int
    after: int
    out: int
    formula: str
    stride: int = 1
    dilation: int = 1
    every: int = 1
    first: int = 0  # where window 0 starts
    beyond: int = 0  # cells at the end that are not even padding: the last window of ceil mode hangs over

    @property
    def length(self) -> int:
        return self.before + (self.n - 1) * self.every + 1 + self.after

    @cached_property
    def place(self) -> Tensor:
        """(out, k): the cell of the padded input that each cell of each window lies on."""
        starts = torch.arange(self.out).unsqueeze(1) * self.stride + self.first
        return starts + torch.arange(self.k) * self.dilation

    @cached_property
    def marks(self) -> Tensor:
        """(length,): PADDING, ZERO between the pixels, BEYOND, or 0 for a pixel."""
        at = torch.arange(self.length) - self.before
        marks = torch.where(at % self.every == 0, 0, ZERO)
        marks[(at < 0) | (at > (self.n - 1) * self.every)] = PADDING
        marks[self.length - self.beyond :] = BEYOND
        return marks


def axis(kind: str, n: int, k: int, stride: int = 1, padding: int = 0, dilation: int = 1, extra: int = 0) -> Axis:
    """One axis of a convolution. `extra` is the output padding of a transposed one."""
    known = _member(kind)
    _at_least(1, n=n, k=k, stride=stride, dilation=dilation)
    _at_least(0, padding=padding, extra=extra)
    reach = dilation * (k - 1)
    if known.transposed:
        out = (n - 1) * stride - 2 * padding + reach + extra + 1
        formula = f"({n} − 1)·{stride} − 2·{padding} + {dilation}·({k} − 1) + {extra} + 1 = {out}"
        if extra >= max(stride, dilation):
            raise ValueError(f"The output padding must be below the stride or the dilation, not {extra}.")
        if out < 1:
            raise ValueError(f"The size {formula} is not positive: the padding cuts everything away.")
        return Axis(n, k, max(0, reach - padding), max(0, reach - padding + extra), out, formula,
                    dilation=dilation, every=stride, first=max(0, padding - reach))  # fmt: skip
    before, after = (reach, 0) if known.causal else (padding, padding)
    padded = f"{n} + {reach}" if known.causal else f"{n} + 2·{padding}"
    if reach >= n + before + after:
        raise ValueError(f"The kernel reaches over {reach + 1} cells, but the padded input has {padded}.")
    out = (n + before + after - reach - 1) // stride + 1
    formula = f"⌊({padded} − {dilation}·({k} − 1) − 1) / {stride}⌋ + 1 = {out}"
    return Axis(n, k, before, after, out, formula, stride, dilation)


def pool_axis(n: int, k: int, stride: int, padding: int = 0, dilation: int = 1, ceil: bool = False) -> Axis:
    """One axis of pooling. In ceil mode a last window may hang over the edge, if it starts before it."""
    _at_least(1, n=n, k=k, stride=stride, dilation=dilation)
    _at_least(0, padding=padding)
    reach = dilation * (k - 1)
    if padding > k // 2:  # PyTorch asks for this, so that no window lies in the padding alone
        raise ValueError(f"The padding of a pool may be half of its {k} cells at most, not {padding}.")
    room = n + 2 * padding - reach - 1
    out = -(-room // stride) + 1 if ceil else room // stride + 1
    if out < 1:
        raise ValueError(f"The window reaches over {reach + 1} cells, but the padded input has {n} + 2·{padding}.")
    left, right = "⌈⌉" if ceil else "⌊⌋"
    formula = f"{left}({n} + 2·{padding} − {dilation}·({k} − 1) − 1) / {stride}{right} + 1 = {out}"
    if ceil and (out - 1) * stride >= n + padding:
        out -= 1  # it would start behind the last pixel
        formula += f" → {out}"
    over = max(0, (out - 1) * stride + reach + 1 - n - 2 * padding)
    return Axis(n, k, padding, padding + over, out, formula, stride, dilation, beyond=over)


@dataclass(frozen=True)
class Windows:
    """Both axes together: outputs and kernel cells in reading order."""

    rows: Axis
    columns: Axis

    @property
    def shape(self) -> tuple[int, int]:
        """Of the output."""
        return self.rows.out, self.columns.out

    @cached_property
    def place(self) -> Tensor:
        """(outputs, k·k): the cell of the padded input, counted in reading order."""
        rows, columns = self.rows.place[:, None, :, None], self.columns.place[None, :, None, :]
        return (rows * self.columns.length + columns).reshape(self.shape[0] * self.shape[1], -1)

    @cached_property
    def pixel(self) -> Tensor:
        """The padded input, each cell holding the pixel that lies on it, or −1."""
        pixels = torch.full((self.rows.length, self.columns.length), -1)
        r, c = (a.before + torch.arange(a.n) * a.every for a in (self.rows, self.columns))
        pixels[r[:, None], c] = torch.arange(self.rows.n * self.columns.n).reshape(self.rows.n, -1)
        return pixels

    @cached_property
    def marks(self) -> Tensor:
        """The padded input: PADDING, ZERO, BEYOND, DROPPED for a pixel that no window reaches, 0 for the others."""
        rows, columns = self.rows.marks[:, None], self.columns.marks[None, :]
        marks = torch.where((rows == PADDING) | (columns == PADDING), PADDING, torch.maximum(rows, columns))
        marks[(rows == BEYOND).expand_as(marks) | (columns == BEYOND).expand_as(marks)] = BEYOND
        seen = torch.zeros(marks.numel(), dtype=torch.bool)
        seen[self.place.flatten()] = True
        marks[(self.pixel >= 0) & ~seen.reshape(marks.shape)] = DROPPED
        return marks


def windows(kind: str, shape: Sequence[int], k: int, stride: int = 1, padding: int = 0, dilation: int = 1,
            extra: int = 0) -> Windows:  # fmt: skip
    """The windows of a convolution over an input of this shape; (1, n) for one axis."""
    flat = Axis(1, 1, 0, 0, 1, "1") if _member(kind).dims == 1 else None
    rows, columns = (flat if flat and i == 0 else axis(kind, n, k, stride, padding, dilation, extra)
                     for i, n in enumerate(shape))  # fmt: skip
    return Windows(rows, columns)


def pool_windows(shape: Sequence[int], k: int, stride: int, padding: int = 0, dilation: int = 1,
                 ceil: bool = False) -> Windows:  # fmt: skip
    rows, columns = (pool_axis(n, k, stride, padding, dilation, ceil) for n in shape)
    return Windows(rows, columns)


# --- convolution, one product after the other ---


def padded(x: Tensor, w: Windows) -> Tensor:
    """The input with its padding and the zeros between its pixels."""
    return torch.where(w.pixel >= 0, x.flatten()[w.pixel.clamp(min=0)], torch.zeros((), dtype=x.dtype))


def slid(kernel: Tensor, kind: str) -> Tensor:
    """The kernel as it slides over the padded input: turned by 180° in a transposed convolution."""
    return kernel.flip(0, 1) if _member(kind).transposed else kernel


def convolve(x: Tensor, kernel: Tensor, w: Windows, kind: str) -> Tensor:
    """Each output the sum of its products."""
    products = padded(x, w).flatten()[w.place] * slid(kernel, kind).flatten()
    return products.sum(1).reshape(w.shape)


def by_torch(x: Tensor, kernel: Tensor, kind: str, stride: int = 1, padding: int = 0, dilation: int = 1,
             extra: int = 0) -> Tensor:  # fmt: skip
    """The same by PyTorch's own operator."""
    known = _member(kind)
    given = x[None] if known.dims == 1 else x[None, None]
    weight = kernel[None] if known.dims == 1 else kernel[None, None]
    settings: dict[str, int] = {"stride": stride, "padding": padding, "dilation": dilation}
    if known.causal:
        given, settings["padding"] = F.pad(given, (dilation * (kernel.shape[1] - 1), 0)), 0
    if known.transposed:
        settings["output_padding"] = extra
    y = getattr(F, known.operator)(given, weight, **settings)
    return y.reshape(y.shape[-2:])


def columns(x: Tensor, w: Windows) -> Tensor:
    """im2col: (k·k, outputs), a column for each window; the kernel as a row times this is the output."""
    return padded(x, w).flatten()[w.place].T


def matrix(kernel: Tensor, w: Windows, kind: str) -> Tensor:
    """(outputs, pixels): the whole convolution as one matrix, its rows the kernel moved along (Toeplitz)."""
    pixels, weights = w.pixel.flatten()[w.place], slid(kernel, kind).flatten().expand(w.place.shape)
    t = torch.zeros(len(pixels), w.rows.n * w.columns.n, dtype=kernel.dtype)
    outputs = torch.arange(len(pixels)).unsqueeze(1).expand(pixels.shape)
    real = pixels >= 0
    return t.index_put((outputs[real], pixels[real]), weights[real], accumulate=True)


def gradients(x: Tensor, kernel: Tensor, kind: str, output: tuple[int, int], stride: int = 1, padding: int = 0,
              dilation: int = 1, extra: int = 0) -> tuple[Tensor, Tensor]:  # fmt: skip
    """∂y/∂x and ∂y/∂w of one output, by automatic differentiation."""
    x, kernel = x.detach().clone().requires_grad_(), kernel.detach().clone().requires_grad_()
    with torch.enable_grad():
        y = by_torch(x, kernel, kind, stride, padding, dilation, extra)[output]
        dx, dw = torch.autograd.grad(y, (x, kernel))
    return dx, dw


def coverage(w: Windows) -> Tensor:
    """How many pixels go into each output: uneven in a transposed convolution whose k the stride does not divide."""
    return (w.pixel.flatten()[w.place] >= 0).sum(1).reshape(w.shape)


def evenness(w: Windows) -> tuple[int, int]:
    """The fewest and the most pixels that go into an output, away from the edges where there is such an output."""
    counts = _inner(coverage(w), w)
    return int(counts.min()), int(counts.max())


def alike(output_of_ones: Tensor, w: Windows) -> bool:
    """Whether an even input gives an even output, away from the edges: then nothing of a checkerboard is seen."""
    sums = _inner(output_of_ones, w)
    return bool((sums.max() - sums.min()).abs() < 1e-9)


def _inner(outputs: Tensor, w: Windows) -> Tensor:
    """The outputs whose windows hold no padding; all of them where there is no such output."""
    inner = (w.marks.flatten()[w.place] != PADDING).all(1)
    return outputs.flatten()[inner] if inner.any() else outputs.flatten()


@dataclass(frozen=True)
class Report:
    """What the page says of a convolution in numbers."""

    rows: str
    columns: str
    output: list[list[float]]
    difference: float  # the largest, from PyTorch's own
    products: int
    dropped: int
    pixels: int
    fewest: int  # pixels that go into an output, away from the edges
    most: int


def report(kind: str, x: Sequence[Sequence[float]], kernel: Sequence[Sequence[float]], stride: int = 1,
           padding: int = 0, dilation: int = 1, extra: int = 0) -> Report:  # fmt: skip
    """Sizes, outputs and the comparison with torch.nn.functional."""
    given, weights = (torch.tensor(v, dtype=torch.float64) for v in (x, kernel))
    w = windows(kind, given.shape, weights.shape[1], stride, padding, dilation, extra)
    y = convolve(given, weights, w, kind)
    difference = (y - by_torch(given, weights, kind, stride, padding, dilation, extra)).abs().max().item()
    return Report(w.rows.formula, w.columns.formula, y.tolist(), difference, w.place.numel(),
                  int((w.marks == DROPPED).sum()), given.numel(), *evenness(w))  # fmt: skip


# --- pooling ---


@dataclass(frozen=True)
class Pool:
    title: str
    operator: str


POOLS: dict[str, Pool] = {
    "max": Pool("Max", "max_pool2d"),
    "average": Pool("Average", "avg_pool2d"),
    "min": Pool("Min", "max_pool2d"),
    "lp": Pool("Lp", "lp_pool2d"),
}

OUTSIDE, PART, TIED, WINNER = 0, 1, 2, 3  # what a cell of a window is to its output


@dataclass(frozen=True)
class Pooled:
    y: Tensor
    role: Tensor  # (outputs, k·k): OUTSIDE, PART, TIED with the winner, WINNER


def pool(x: Tensor, how: str, w: Windows, power: float = 2.0, count_padding: bool = True) -> Pooled:
    """Each window as one number. Padding never wins; an average counts it as zeros, if asked to."""
    _pool(how)
    cells = padded(x, w).flatten()[w.place]
    part = w.pixel.flatten()[w.place] >= 0
    if how == "average" and count_padding:
        part |= w.marks.flatten()[w.place] == PADDING
    role = torch.where(part, PART, OUTSIDE)
    if how in ("max", "min"):
        sign = 1 if how == "max" else -1
        ranked = torch.where(part, sign * cells, -torch.inf)
        best = ranked.amax(1, keepdim=True)
        role[part & (ranked == best)] = TIED
        tied = role == TIED  # nowhere in a dilated window that holds padding alone
        role[tied & (tied.cumsum(1) == 1)] = WINNER  # the first one, as in PyTorch
        y = sign * best.squeeze(1)
    elif how == "lp":
        y = torch.where(part, cells, 0.0).pow(power).sum(1).pow(1 / power)
    else:
        y = torch.where(part, cells, 0.0).sum(1) / part.sum(1)
    return Pooled(y.reshape(w.shape), role)


def pool_by_torch(x: Tensor, how: str, k: int, stride: int, padding: int = 0, dilation: int = 1, ceil: bool = False,
                  power: float = 2.0, count_padding: bool = True) -> Tensor:  # fmt: skip
    """The same by PyTorch's own operator, as far as it goes: an average knows no dilation, Lp no padding either."""
    given = x[None, None]
    if how == "average":
        y = F.avg_pool2d(given, k, stride, padding, ceil, count_padding)
    elif how == "lp":
        y = F.lp_pool2d(given, power, k, stride, ceil)
    else:
        sign = 1 if how == "max" else -1
        y = sign * F.max_pool2d(sign * given, k, stride, padding, dilation, ceil)
    return y[0, 0]


@dataclass(frozen=True)
class PoolReport:
    """What the page says of pooling in numbers."""

    rows: str
    output: list[list[float]]
    difference: float  # the largest, from PyTorch's own
    kept: float  # outputs for each pixel
    dropped: int
    pixels: int
    ties: int  # windows with more than one winner


def pool_report(how: str, x: Sequence[Sequence[float]], k: int, stride: int, padding: int = 0, dilation: int = 1,
                ceil: bool = False, power: float = 2.0, count_padding: bool = True) -> PoolReport:  # fmt: skip
    given = torch.tensor(x, dtype=torch.float64)
    w = pool_windows(given.shape, k, stride, padding, dilation, ceil)
    pooled = pool(given, how, w, power, count_padding)
    own = pool_by_torch(given, how, k, stride, padding, dilation, ceil, power, count_padding)
    dropped, ties = (w.marks == DROPPED).sum(), (pooled.role == TIED).any(1).sum()
    return PoolReport(w.rows.formula, pooled.y.tolist(), (pooled.y - own).abs().max().item(),
                      pooled.y.numel() / given.numel(), int(dropped), given.numel(), int(ties))  # fmt: skip


# --- what is not possible ---


def _member(kind: str) -> Kind:
    if kind not in KINDS:
        raise ValueError(f"There is no convolution {kind!r}; choose one of {', '.join(KINDS)}.")
    return KINDS[kind]


def _pool(how: str) -> Pool:
    if how not in POOLS:
        raise ValueError(f"There is no pooling {how!r}; choose one of {', '.join(POOLS)}.")
    return POOLS[how]


def _at_least(low: int, **numbers: int) -> None:
    for name, value in numbers.items():
        if value < low:
            raise ValueError(f"{name} must be {low} or more, not {value}.")
