r"""The same walk with torch.optim itself: forward, backward, clip, step, schedule, as in any training loop.

core/optimizers.py writes the rules as the formulas of the lecture; this is what one writes in a training script.
Both arrive at the same place, to the last digits of float64.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Place = tuple[float, float]
FAR_AWAY = 1e8  # a path that gets here has diverged


@dataclass(frozen=True)
class Verdict:
    """How a walk ended: the first step within the tolerance of the lowest loss (-1: none), and the last point."""

    name: str
    lr: float
    steps: int
    loss: float
    distance: float  # from the nearest minimum; NaN where none is known
    diverged_at: int  # -1: did not


def walk(
    name: str,
    f: Callable[[Any, Any], Any],
    start: Place,
    optimizer: Callable[[Tensor], torch.optim.Optimizer],
    steps: int,
    scheduler: Callable[[torch.optim.Optimizer], Any] | None = None,
    *,
    clip: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    minima: Sequence[Place] = (),
    tolerance: float = 1e-3,
) -> Verdict:
    """Walks `steps` steps of optimizer(p) from `start`; noise has standard deviation `noise` on each coordinate."""
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    opt = optimizer(p)
    lr = float(opt.param_groups[0]["lr"])
    schedule = scheduler(opt) if scheduler else None
    generator = torch.Generator().manual_seed(seed)
    points, diverged_at = [start], -1

    def closure() -> Tensor:
        opt.zero_grad()
        loss = f(p[0], p[1])
        loss.backward()
        assert p.grad is not None
        if noise:
            p.grad += noise * torch.randn(1, 2, generator=generator, dtype=torch.float64)[0]
        if clip:
            torch.nn.utils.clip_grad_norm_([p], clip)
        return loss

    for t in range(1, steps + 1):
        opt.step(closure)  # type: ignore[arg-type]
        if schedule:
            schedule.step()
        x, y = p.tolist()
        if not (abs(x) < FAR_AWAY and abs(y) < FAR_AWAY):
            diverged_at = t
            break
        points.append((x, y))
    return judge(name, lr, torch.tensor(points, dtype=torch.float64), diverged_at, f, minima, tolerance)


def judge(
    name: str,
    lr: float,
    points: Tensor,
    diverged_at: int,
    f: Callable[[Any, Any], Any],
    minima: Sequence[Place] = (),
    tolerance: float = 1e-3,
) -> Verdict:
    """The verdict on a path (steps + 1, 2)."""
    losses = [float(f(x, y)) for x, y in points]
    steps, distance = -1, math.nan
    if minima:
        lowest = min(float(f(*torch.tensor(m, dtype=torch.float64))) for m in minima)
        steps = next((t for t, loss in enumerate(losses) if loss <= lowest + tolerance), -1)
        distance = min(math.dist(points[-1].tolist(), m) for m in minima)
    return Verdict(name, lr, steps, losses[-1], distance, diverged_at)


def judge_path(
    name: str,
    lr: float,
    path: Any,
    f: Callable[[Any, Any], Any],
    minima: Sequence[Place] = (),
    tolerance: float = 1e-3,
) -> Verdict:
    """The verdict on the first start of a Path of core/descent.py, for the rules that torch.optim does not have."""
    return judge(name, lr, path.points[:, 0], int(path.diverged_at[0]), f, minima, tolerance)
