"""Pictures whose causes are known: a shape, its size, its place and its angle, drawn with smooth edges.

So one can ask a latent space which of its dimensions has found which cause (after dSprites: Matthey et al., 2017).
No shape looks the same at two of the angles, which stay within ±45°.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Factor:
    """One cause: its name, and the range that it is drawn from, evenly."""

    title: str
    note: str
    low: float
    high: float


FACTORS: dict[str, Factor] = {
    "shape": Factor("Shape", "bar, ellipse or triangle", 0, 2),
    "size": Factor("Size", "half of its length in pixels", 5.0, 9.0),
    "x": Factor("x", "of its middle, from the left", 10.0, 17.0),
    "y": Factor("y", "of its middle, from the top", 10.0, 17.0),
    "angle": Factor("Angle", "in degrees, anticlockwise", -45.0, 45.0),
}
NARROW = 0.5  # height of a shape by its length


def _bar(u: Tensor, v: Tensor, size: Tensor) -> Tensor:
    return torch.maximum(u.abs() - size, v.abs() - NARROW * size)


def _ellipse(u: Tensor, v: Tensor, size: Tensor) -> Tensor:
    f = torch.hypot(u / size, v / (NARROW * size))
    slope = torch.hypot(u / size**2, v / (NARROW * size) ** 2) / f.clamp(min=1e-6)
    return (f - 1) / slope.clamp(min=1e-6)  # to first order


def _triangle(u: Tensor, v: Tensor, size: Tensor) -> Tensor:
    """Pointing up, from its foot at v = h to its tip at v = −h."""
    height = 0.9 * size
    side = (2 * height * u.abs() - 0.75 * size * (v + height)) / torch.hypot(2 * height, 0.75 * size)
    return torch.maximum(v - height, side)


# How far a point (u, v) lies outside of each shape, in pixels; negative inside.
SHAPES_BY_ID: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "bar": _bar, "ellipse": _ellipse, "triangle": _triangle}  # fmt: skip


def causes(n: int, seed: int = 0) -> Tensor:
    """(n, 5) factors in the order of FACTORS, each independent of the others; the shape is 0, 1 or 2."""
    generator = torch.Generator().manual_seed(seed)
    low, high = (torch.tensor([getattr(f, end) for f in FACTORS.values()]) for end in ("low", "high"))
    drawn = low + (high - low) * torch.rand((n, len(FACTORS)), generator=generator)
    drawn[:, 0] = torch.randint(len(SHAPES_BY_ID), (n,), generator=generator)
    return drawn


def drawn(factors: Tensor, side: int = 28) -> Tensor:
    """(n, 5) factors -> pictures (n, side, side) in 0..1; pixel (0, 0) has its middle at (0, 0)."""
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(f"Factors must be (n, {len(FACTORS)}), not {tuple(factors.shape)}.")
    shape, size, x, y, angle = (column[:, None, None] for column in factors.float().unbind(1))
    at = torch.arange(side, dtype=torch.float32)
    across, down = at[None, None, :] - x, at[None, :, None] - y
    turn = angle * math.pi / 180
    u, v = across * turn.cos() - down * turn.sin(), across * turn.sin() + down * turn.cos()
    gaps = torch.stack([gap(u, v, size) for gap in SHAPES_BY_ID.values()])
    which = shape.round().long().expand(len(factors), side, side)
    return (0.5 - gaps.gather(0, which[None])[0]).clamp(0, 1)


def one(values: Mapping[str, float], side: int = 28) -> Tensor:
    """The picture (side, side) of these factors."""
    return drawn(torch.tensor([[float(values[name]) for name in FACTORS]]), side)[0]


def collection(n: int = 10000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """n pictures (n, 28, 28) and their factors (n, 5); as bytes would hold them, in 256 levels."""
    factors = causes(n, seed)
    return (drawn(factors) * 255).round() / 255, factors
