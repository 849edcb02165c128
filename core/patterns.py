"""Small inputs and kernels of whole numbers, so that a sum of products can be followed by eye.

An input holds 0 to 9. A kernel k × k is an outer product of rows of binomial numbers where it smooths (1 2 1), and of
their differences where it looks for edges (−1 0 1); so the same names make sense for every k.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

BRIGHT = 9


@dataclass(frozen=True)
class Pattern:
    """A picture of n × n numbers: the rows, the columns, and the seed of what is random."""

    title: str
    make: Callable[[Tensor, Tensor, int], Tensor]


@dataclass(frozen=True)
class Filter:
    """A kernel of k cells a side, in one or two dimensions."""

    title: str
    make: Callable[[int, int, int], Tensor]  # (k, dims, seed)


def pattern(name: str, n: int, seed: int = 0) -> Tensor:
    """(n, n), whole numbers from 0 to 9."""
    if name not in PATTERNS:
        raise ValueError(f"There is no pattern {name!r}; choose one of {', '.join(PATTERNS)}.")
    rows, columns = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
    return PATTERNS[name].make(rows, columns, seed).double()


def kernel(name: str, k: int, dims: int = 2, seed: int = 0) -> Tensor:
    """(k, k), or (1, k) in one dimension."""
    if name not in KERNELS:
        raise ValueError(f"There is no kernel {name!r}; choose one of {', '.join(KERNELS)}.")
    if k < 1:
        raise ValueError(f"A kernel needs 1 cell or more, not {k}.")
    return KERNELS[name].make(k, dims, seed).double()


def sized(picture: Tensor, n: int) -> Tensor:
    """A picture with values in 0..1 as n × n whole numbers from 0 to 9."""
    grown = F.interpolate(picture[None, None].double(), (n, n), mode="bilinear", antialias=len(picture) > n)
    return (grown[0, 0] * BRIGHT).round()


def written(text: str, n: int) -> Tensor:
    """Digits, the rows divided by dots, in the upper left of n × n zeros."""
    if not set(text) <= set("0123456789."):
        raise ValueError("A drawing is written in the digits 0 to 9, its rows divided by dots.")
    picture = torch.zeros(n, n, dtype=torch.float64)
    for row, digits in zip(picture, text.split("."), strict=False):
        levels = torch.tensor([int(d) for d in digits[:n]], dtype=torch.float64)
        row[: len(levels)] = levels
    return picture


def _random(rows: Tensor, low: int, high: int, seed: int) -> Tensor:
    return torch.randint(low, high + 1, rows.shape, generator=torch.Generator().manual_seed(seed))


def _ring(rows: Tensor, columns: Tensor, seed: int) -> Tensor:
    n = len(rows)
    far = torch.hypot(rows - (n - 1) / 2, columns - (n - 1) / 2)
    return BRIGHT * ((far - 0.36 * n).abs() < 0.62)


# fmt: off
PATTERNS: dict[str, Pattern] = {
    "edge": Pattern("Edge", lambda r, c, seed: BRIGHT * (c >= (len(r) + 1) // 2)),
    "cross": Pattern("Cross", lambda r, c, seed: BRIGHT * ((r == len(r) // 2) | (c == len(r) // 2))),
    "ring": Pattern("Ring", _ring),
    "checkerboard": Pattern("Checkerboard", lambda r, c, seed: BRIGHT * ((r + c) % 2)),
    "stripes": Pattern("Stripes", lambda r, c, seed: BRIGHT * (c // 2 % 2)),
    "ramp": Pattern("Ramp", lambda r, c, seed: ((r + c) * BRIGHT / max(2 * len(r) - 2, 1)).round()),
    "ones": Pattern("All ones", lambda r, c, seed: torch.ones_like(r)),
    "random": Pattern("Random numbers", lambda r, c, seed: _random(r, 0, BRIGHT, seed)),
}
# fmt: on


def _binomial(k: int) -> Tensor:
    row = torch.ones(1)
    for _step in range(k - 1):
        row = F.pad(row, (1, 0)) + F.pad(row, (0, 1))
    return row


def _difference(k: int) -> Tensor:
    """−1 1, −1 0 1, −1 −2 0 2 1 turned so that bright right of dark is positive; a single cell sees no edge."""
    if k < 3:
        return torch.tensor([-1.0, 1.0]) if k == 2 else torch.zeros(1)
    row = _binomial(k - 2)
    return F.pad(row, (2, 0)) - F.pad(row, (0, 2))


def _spread(row: Tensor, other: Tensor, dims: int) -> Tensor:
    return torch.outer(other, row) if dims == 2 else row[None]


def _point(k: int, dims: int) -> Tensor:
    shape = (k, k) if dims == 2 else (1, k)
    spot = torch.zeros(shape)
    spot[(shape[0] - 1) // 2, (k - 1) // 2] = 1
    return spot


def _cross(k: int, dims: int) -> Tensor:
    shape, middle = ((k, k) if dims == 2 else (1, k)), (k - 1) // 2
    arms = torch.zeros(shape)
    arms[(shape[0] - 1) // 2, :] = 1
    arms[:, middle] = 1
    return arms if dims == 2 else torch.ones(shape)


def _count(k: int, dims: int) -> Tensor:
    return torch.arange(1, k**dims + 1).reshape(-1, k)


# fmt: off
KERNELS: dict[str, Filter] = {
    "edges": Filter("Edges", lambda k, dims, seed: _spread(_difference(k), _binomial(k), dims)),
    "blur": Filter("Blur", lambda k, dims, seed: _spread(_binomial(k), _binomial(k), dims)),
    "sharpen": Filter("Sharpen", lambda k, dims, seed:
                      (_cross(k, dims).sum() + 1) * _point(k, dims) - _cross(k, dims)),
    "outline": Filter("Outline", lambda k, dims, seed: k**dims * _point(k, dims) - torch.ones_like(_point(k, dims))),
    "identity": Filter("Identity kernel", lambda k, dims, seed: _point(k, dims)),
    "ones": Filter("All ones", lambda k, dims, seed: torch.ones_like(_point(k, dims))),
    "count": Filter("1, 2, 3, …", lambda k, dims, seed: _count(k, dims)),
    "random": Filter("Random numbers", lambda k, dims, seed: _random(_point(k, dims), -3, 3, seed)),
}
# fmt: on
