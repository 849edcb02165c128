"""The kernels of image filtering: a few numbers each, and what they find.

A kernel is written the way deep learning applies it, without a flip: out(y, x) = Σ w(i, j) · in(y + i, x + j). So
Sobel x is positive where the picture gets brighter to the right.

Gonzalez & Woods, Digital Image Processing, chapter 3; Daugman 1985 (Gabor).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Kernel:
    """A family of kernels: `make` gives one (k, k); the names of its arguments are the knobs it has."""

    title: str
    note: str
    make: Callable[..., Tensor]


def _fixed(*rows: tuple[float, ...], over: float = 1) -> Callable[..., Tensor]:
    def make() -> Tensor:
        return torch.tensor(rows, dtype=torch.float64) / over

    return make


def _offsets(size: int) -> tuple[Tensor, Tensor]:
    """The rows y and columns x of a kernel, counted from its middle."""
    if size < 1:
        raise ValueError("A kernel has at least one row.")
    t = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    y, x = torch.meshgrid(t, t, indexing="ij")
    return y, x


def identity(size: int = 3) -> Tensor:
    w = torch.zeros(size, size, dtype=torch.float64)
    w[size // 2, size // 2] = 1
    return w


def box(size: int = 5) -> Tensor:
    return torch.full((size, size), 1 / size**2, dtype=torch.float64)


def gaussian(size: int = 7, sigma: float = 1.5) -> Tensor:
    y, x = _offsets(size)
    w = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
    return w / w.sum()


def sharpen(amount: float = 1.0) -> Tensor:
    """The picture minus `amount` of its Laplacian."""
    return identity() - amount * _laplacian()


def unsharp(size: int = 7, sigma: float = 1.5, amount: float = 1.0) -> Tensor:
    """The picture plus `amount` of what a blur takes away."""
    return identity(size) * (1 + amount) - amount * gaussian(size, sigma)


def emboss(angle: float = 45.0) -> Tensor:
    """Light from the direction `angle`: the picture, brighter where it rises that way."""
    a = math.radians(angle)
    y, x = _offsets(3)
    return identity() + (x * math.cos(a) - y * math.sin(a))


def log_of_gaussian(size: int = 9, sigma: float = 1.4) -> Tensor:
    """The Laplacian of a Gaussian, its sum brought to 0."""
    y, x = _offsets(size)
    r2 = (x**2 + y**2) / (2 * sigma**2)
    w = (r2 - 1) * torch.exp(-r2) / (math.pi * sigma**4)
    return w - w.mean()


def line(angle: float = 0.0) -> Tensor:
    """A line detector: +2 along the line through the middle, −1 beside it; 0° lies, 90° stands."""
    if angle % 45:
        raise ValueError("On a 3 × 3 grid a line lies at 0°, 45°, 90° or 135°.")
    y, x = _offsets(3)
    way = {0: y, 45: x + y, 90: x, 135: x - y}[int(angle) % 180]
    return torch.where(way == 0, 2.0, -1.0).double()


def gabor(size: int = 11, frequency: float = 0.2, angle: float = 0.0, sigma: float = 2.5) -> Tensor:
    """A wave under a bell: answers to stripes of `frequency` (cycles per pixel) that change along `angle`."""
    y, x = _offsets(size)
    a = math.radians(angle)
    along = x * math.cos(a) - y * math.sin(a)
    bell = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
    w = bell * torch.cos(2 * math.pi * frequency * along)
    w = w - bell * (w.sum() / bell.sum())  # an even grey gives no answer
    return w / w.abs().sum().clamp(min=1e-12)


def motion(size: int = 9, angle: float = 0.0) -> Tensor:
    """The average along a line through the middle: what a camera sees that moves while it looks."""
    y, x = _offsets(size)
    a, t = math.radians(angle), torch.linspace(-size / 2, size / 2, 8 * size, dtype=torch.float64)
    down, right = (y.unsqueeze(-1) + t * math.sin(a)).abs(), (x.unsqueeze(-1) - t * math.cos(a)).abs()
    # Each point of the line to its four neighbours.
    w = ((1 - down).clamp(min=0) * (1 - right).clamp(min=0)).sum(-1)
    return w / w.sum()


def _laplacian() -> Tensor:
    return KERNELS["laplacian"].make()


KERNELS: dict[str, Kernel] = {
    "identity": Kernel("Identity kernel", "One weight: the picture as it is.", identity),
    "box": Kernel("Box blur", "The mean of a square.", box),
    "gaussian": Kernel("Gaussian blur", "The mean, the nearer the more; separable.", gaussian),
    "motion": Kernel("Motion blur", "The mean along a line.", motion),
    "sharpen": Kernel("Sharpen", "The picture minus its Laplacian.", sharpen),
    "unsharp": Kernel("Unsharp mask", "The picture plus what a blur takes away.", unsharp),
    "outline": Kernel("Outline", "All eight neighbours against the middle: flat areas vanish.",
                      _fixed((-1, -1, -1), (-1, 8, -1), (-1, -1, -1))),
    "emboss": Kernel("Emboss", "Light from one side.", emboss),
    "sobel_x": Kernel("Sobel x", "Brighter to the right; smoothed across.",
                      _fixed((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))),
    "sobel_y": Kernel("Sobel y", "Brighter below; smoothed along.",
                      _fixed((-1, -2, -1), (0, 0, 0), (1, 2, 1))),
    "prewitt_x": Kernel("Prewitt x", "As Sobel, smoothed by a plain mean.",
                        _fixed((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))),
    "prewitt_y": Kernel("Prewitt y", "As Sobel, smoothed by a plain mean.",
                        _fixed((-1, -1, -1), (0, 0, 0), (1, 1, 1))),
    "scharr_x": Kernel("Scharr x", "As Sobel, more even in all directions.",
                       _fixed((-3, 0, 3), (-10, 0, 10), (-3, 0, 3))),
    "scharr_y": Kernel("Scharr y", "As Sobel, more even in all directions.",
                       _fixed((-3, -10, -3), (0, 0, 0), (3, 10, 3))),
    "laplacian": Kernel("Laplacian", "The sum of both second derivatives: zero on every slope.",
                        _fixed((0, 1, 0), (1, -4, 1), (0, 1, 0))),
    "log": Kernel("Laplacian of Gaussian", "A Laplacian that does not mind noise: finds blobs.", log_of_gaussian),
    "line": Kernel("Line detector", "Lines of one pixel in one of four directions.", line),
    "gabor": Kernel("Gabor", "Stripes of one width and direction; first layers of networks look like it.", gabor),
}  # fmt: skip


def kernel(name: str, **knobs: float) -> Tensor:
    """One of the family, by its name and with its own knobs."""
    if name not in KERNELS:
        raise ValueError(f"There is no kernel {name!r}; there are {', '.join(KERNELS)}.")
    return KERNELS[name].make(**knobs)


def normalised(w: Tensor) -> Tensor:
    """The same kernel with weights that sum to 1 in size: no answer is larger than the brightest pixel."""
    return w / w.abs().sum().clamp(min=1e-12)


@dataclass(frozen=True)
class Separation:
    """A kernel as a sum of columns times rows, by its singular values; `rank` of them are not zero."""

    total: float  # of all weights: what an even grey is multiplied by
    rank: int
    singular: Tensor  # (k,)
    columns: Tensor  # (rank, k)
    rows: Tensor  # (rank, k)
    full: int  # products a pixel with the whole kernel
    split: int  # products a pixel with `rank` columns and rows


def separate(w: Tensor, tolerance: float = 1e-9) -> Separation:
    """The kernel by SVD: rank 1 is separable, a column and then a row do the same work."""
    u, s, vt = torch.linalg.svd(w.double())
    rank = int((s > tolerance * max(float(s[0]), 1e-300)).sum()) if float(s[0]) > 0 else 0
    root = s[:rank].sqrt().unsqueeze(1)
    height, width = w.shape
    columns, rows = u[:, :rank].T * root, vt[:rank] * root
    return Separation(round(float(w.sum()), 9) + 0.0, rank, s, columns, rows, height * width, rank * (height + width))


def response(w: Tensor, n: int = 65) -> Tensor:
    """|W(f)| (n, n) for frequencies from −½ to ½ cycles per pixel, zero in the middle: what passes, what is stopped."""
    if n < max(w.shape):
        raise ValueError(f"At least {max(w.shape)} frequencies are wanted for this kernel.")
    return torch.fft.fftshift(torch.fft.fft2(w.double(), s=(n, n))).abs()


def parse(text: str, longest: int = 11) -> Tensor:
    """A kernel as it is typed: numbers with spaces between them, rows ended by a semicolon or a new line."""
    rows = [row.replace(",", " ").split() for row in text.replace("\n", ";").split(";") if row.strip()]
    try:
        numbers = [[float(cell) for cell in row] for row in rows]
    except ValueError:
        raise ValueError("Only numbers, spaces and semicolons make a kernel.") from None
    if not numbers or not numbers[0] or len({len(row) for row in numbers}) != 1:
        raise ValueError("Every row of a kernel needs as many numbers as the first one.")
    if len(numbers) > longest or len(numbers[0]) > longest:
        raise ValueError(f"A kernel has at most {longest} rows and columns.")
    w = torch.tensor(numbers, dtype=torch.float64)
    if not w.isfinite().all() or w.abs().max() > 1e6:
        raise ValueError("The weights of a kernel are numbers up to a million.")
    return w


def written(w: Tensor) -> str:
    """The text that `parse` reads; four digits a number."""
    return "; ".join(" ".join(f"{v + 0.0:.4g}" for v in row) for row in w.tolist())
