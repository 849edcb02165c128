"""Test cards: pictures that are made, not taken: stripes, boards and rings, (H, W) with values from 0 to 1.

A stripe pattern of frequency f (cycles per pixel) is ½ + ½ cos 2πf(x cos θ + y sin θ). Beyond ½ a cycle per pixel no
grid can hold it. All are as large as asked for, so that they run round at the edges where n·f is whole.
"""

import math

import torch
from torch import Tensor


def stripes(n: int = 64, frequency: float = 0.25, angle: float = 0.0, hard: bool = False) -> Tensor:
    """(n, n), upright stripes at angle 0 (degrees); `hard` ones are black and white, each half a period wide."""
    y, x = _grid(n)
    turn = math.radians(angle)
    along = frequency * (x * math.cos(turn) + y * math.sin(turn))
    if hard:  # a hair below 1, so that a period that ends at a pixel begins there
        return ((along + 1e-9) % 1 < 0.5).float()
    return (0.5 + 0.5 * torch.cos(2 * math.pi * along)).float()


def checkerboard(n: int = 64, cell: int = 1) -> Tensor:
    """(n, n), squares of `cell` pixels a side; the first one is white."""
    if cell < 1:
        raise ValueError(f"A square of the board must be at least 1 pixel wide, not {cell}.")
    y, x = _grid(n)
    return ((x // cell + y // cell) % 2 == 0).float()


def rings(n: int = 64) -> Tensor:
    """(n, n), a zone plate: fine and finer rings, up to half a cycle per pixel in the middle of each edge."""
    y, x = _grid(n)
    r2 = (x - (n - 1) / 2) ** 2 + (y - (n - 1) / 2) ** 2
    return (0.5 + 0.5 * torch.cos(math.pi * r2 / n)).float()


def noise(n: int = 64, seed: int = 0) -> Tensor:
    """(n, n), every pixel by itself, evenly from 0 to 1."""
    return torch.rand(n, n, generator=torch.Generator().manual_seed(seed))


def _grid(n: int) -> tuple[Tensor, Tensor]:
    if n < 1:
        raise ValueError(f"A picture must be at least 1 pixel wide, not {n}.")
    at = torch.arange(n, dtype=torch.float64)
    return at[:, None], at[None, :]
