r"""Clouds of points in the plane that a generator can learn: their samples, and where known their density.

Most are mixtures of Gaussians, p(x) = mean_k N(x; c_k, σ² I): rings and grids of k centres, or curves, where the
"centres" lie so densely that the mixture is the curve with noise. So the density is known for all of them, and with
it the best possible discriminator D*(x) = p_data / (p_data + p_g).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

FINE = 240  # centres on a curve


@dataclass(frozen=True)
class Shape:
    """A family of centres; `modes` says that each of them is a place of its own, which can be missed."""

    title: str
    note: str
    centres: Callable[[], Tensor]  # (k, 2), within about ±1
    sigma: float
    modes: bool = False


@dataclass(frozen=True)
class Cloud:
    centres: Tensor  # (k, 2)
    sigma: float
    modes: bool

    def sample(self, n: int, random: torch.Generator) -> Tensor:
        """n points (n, 2)."""
        k = torch.randint(len(self.centres), (n,), generator=random)
        return self.centres[k] + self.sigma * torch.randn(n, 2, generator=random)


def _ring(k: int, radius: float) -> Tensor:
    angle = 2 * math.pi * torch.arange(k) / k
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


def _moons() -> Tensor:
    t = math.pi * torch.arange(FINE // 2) / (FINE // 2 - 1)
    upper = torch.stack([t.cos() - 0.5, t.sin() - 0.25], 1)
    lower = torch.stack([0.5 - t.cos(), 0.25 - t.sin()], 1)
    return 0.62 * torch.cat([upper, lower])


def _spiral(turns: float, inner: float) -> Tensor:
    """From `inner` to 1, evenly along its length."""
    t = (inner**2 + (1 - inner**2) * torch.arange(FINE) / (FINE - 1)).sqrt()
    angle = 2 * math.pi * turns * t
    return 0.95 * torch.stack([t * angle.cos(), t * angle.sin()], 1)


def _s_curve() -> Tensor:
    t = 3 * math.pi * (torch.arange(FINE) / (FINE - 1) - 0.5)
    return torch.stack([0.7 * t.sin(), 0.45 * t.sign() * (t.cos() - 1)], 1)


def _two_arms() -> Tensor:
    arm = _spiral(0.75, 0.2)[::2]
    return torch.cat([arm, -arm])


def _grid(k: int) -> Tensor:
    at = torch.linspace(-0.9, 0.9, k)
    return torch.cartesian_prod(at, at)


SHAPES: dict[str, Shape] = {
    "line": Shape("Line", "All on one line: the easiest of all.",
                  lambda: torch.linspace(-0.8, 0.8, FINE)[:, None] * torch.tensor([1.0, 0.6]), 0.04),
    "ring": Shape("Ring", "A hole in the middle, where nothing may fall.", lambda: _ring(FINE, 0.8), 0.05),
    "two": Shape("Two Gaussians", "Two places with nothing in between.",
                 lambda: torch.tensor([[-0.6, -0.3], [0.6, 0.3]]), 0.1, True),
    "eight": Shape("Eight Gaussians", "Eight places on a circle: the classic test for mode collapse.",
                   lambda: _ring(8, 0.85), 0.04, True),
    "grid": Shape("Grid of 25", "Twenty-five places in rows: which of them are forgotten?",
                  lambda: _grid(5), 0.04, True),
    "moons": Shape("Two moons", "Two curves that reach into each other.", _moons, 0.04),
    "spiral": Shape("Spiral", "Two arms around each other.", _two_arms, 0.03),
    "swiss": Shape("Swiss roll", "One long curve, rolled up.", lambda: _spiral(2.0, 0.2), 0.03),
    "s": Shape("S-curve", "One curve with two bends.", _s_curve, 0.04),
}  # fmt: skip


def cloud(name: str, points: Tensor | None = None) -> Cloud:
    """A shape by its name; "drawn" lies along `points` (k, 2)."""
    if name == "drawn":
        if points is None or points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError("A drawing needs points (k, 2).")
        return Cloud(points.float(), 0.04, False)
    if name not in SHAPES:
        raise ValueError(f"There is no cloud {name!r}; choose drawn or one of {', '.join(SHAPES)}.")
    shape = SHAPES[name]
    return Cloud(shape.centres().float(), shape.sigma, shape.modes)


def density(of: Cloud, x: Tensor) -> Tensor:
    """p(x) at the points x (n, 2)."""
    squares = torch.cdist(x.double(), of.centres.double()).square()
    log_each = -squares / (2 * of.sigma**2) - math.log(2 * math.pi * of.sigma**2)
    return (torch.logsumexp(log_each, 1) - math.log(len(of.centres))).exp()
