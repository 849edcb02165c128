r"""Maps of a loss surface that only a batch can draw, and the numbers that a path is judged by.

Basins of attraction: from each of n × n starts, which minimum is reached. Sweeps: the final loss over a grid
of two hyperparameters, one walk for the whole grid. On a quadratic with largest curvature λ a rule is stable
below

    gradient descent  2 / λ        momentum β  2 (1 + β) / λ        Nesterov  2 (1 + β) / ((1 + 2β) λ)

(Goh, "Why momentum really works", 2017; Lessard, Recht, Packard 2016). Mini-batches: the loss of a real
regression with two weights, and its gradient on a random part of the data, right only on average.

How to walk is handed in: `walk(starts, …) -> (ends, diverged_at)`, for example around descent.arrive.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Point = tuple[float, float]
Function = Callable[[Any, Any], Any]  # f(x, y)
Walk = Callable[..., tuple[Tensor, Tensor]]  # starts (S, 2), … -> ends (S, 2), diverged_at (S,), -1: did not

NOWHERE, DIVERGED, WAITING = -1, -2, -3


# --- Basins -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Basins:
    """Where each start went: the number of a minimum, or NOWHERE, DIVERGED, WAITING (not walked yet)."""

    x: Tensor  # (n,)
    y: Tensor  # (n,)
    reached: Tensor  # (n, n) int16, rows are y
    ends: Tensor  # (n, n, 2)
    done: float  # share of the starts


def basins(
    walk: Walk,
    minima: Sequence[Point],
    view: tuple[float, float, float, float],
    n: int = 256,
    *,
    tolerance: float = 0.1,
    chunk: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Iterator[Basins]:
    """Walk from n × n starts, some rows at a time; the map as it stands after each part.

    A minimum is reached by an end no further than `tolerance` from it. Without minima see `resting_places`.
    """
    if not 2 <= n <= 1024:
        raise ValueError(f"A map has 2 to 1024 starts on a side, not {n}.")
    if chunk is None:
        # small enough for a CPU's cache and for frequent progress; a GPU wants few large parts
        chunk = 16_384 if torch.device(device).type == "cpu" else 1_048_576
    if not tolerance > 0 or chunk < 1:
        raise ValueError(f"Tolerance and chunk must be above 0, not {tolerance:g} and {chunk}.")
    x = torch.linspace(view[0], view[1], n, dtype=dtype, device=device)
    y = torch.linspace(view[2], view[3], n, dtype=dtype, device=device)
    reached = torch.full((n, n), WAITING, dtype=torch.int16, device=device)
    ends = torch.full((n, n, 2), math.nan, dtype=dtype, device=device)
    rows = max(1, chunk // n)
    for first in range(0, n, rows):
        part = slice(first, min(first + rows, n))
        starts = torch.stack(torch.meshgrid(x, y[part], indexing="xy"), -1).reshape(-1, 2)
        end, diverged_at = walk(starts)
        ends[part] = end.reshape(-1, n, 2)
        reached[part] = which(end, diverged_at, minima, tolerance).reshape(-1, n)
        yield Basins(x, y, reached.clone(), ends.clone(), part.stop / n)


def complete(maps: Iterator[Basins]) -> Basins:
    """The last of the growing maps."""
    *_, whole = maps
    return whole


def shares(map: Basins, minima: Sequence[Point]) -> list[tuple[str, float]]:
    """Of all starts, the share that ends at each minimum, the largest first; then "nowhere" and "diverged"."""
    count = map.reached.numel()
    found = [(f"({x:.3f}, {y:.3f})", float((map.reached == i).sum()) / count) for i, (x, y) in enumerate(minima)]
    rest = [("nowhere", NOWHERE), ("diverged", DIVERGED)]
    return sorted(found, key=lambda m: -m[1]) + [(name, float((map.reached == n).sum()) / count) for name, n in rest]


def which(ends: Tensor, diverged_at: Tensor, minima: Sequence[Point], tolerance: float = 0.1) -> Tensor:
    """The number of the nearest minimum within tolerance, or NOWHERE, or DIVERGED; int16, (S,)."""
    found = torch.full(diverged_at.shape, NOWHERE, dtype=torch.int16, device=ends.device)
    if minima:
        distance, nearest = _distances(ends, minima).min(-1)
        found = torch.where(distance <= tolerance, nearest.to(torch.int16), found)
    return found.masked_fill(diverged_at >= 0, DIVERGED)


def resting_places(ends: Tensor, diverged_at: Tensor, gap: float = 0.1, most: int = 12) -> list[Point]:
    """Where many paths ended, the most visited first: the minima of a surface that nobody has looked up.

    A place takes with it all ends within `gap`; one with less than an end in 500 is left out.
    """
    left = ends.reshape(-1, 2)[diverged_at.reshape(-1) < 0].double()
    left = left[left.isfinite().all(-1)]
    # Ends to cells of a grid, so that few are left to compare; a cell's number fits 64 bits within 1e8.
    column, row = (left / gap).round().long().unbind(-1)
    _, cell, count = torch.unique(column * 4_000_000_007 + row, return_inverse=True, return_counts=True)
    middle = torch.zeros(len(count), 2, dtype=left.dtype, device=left.device).index_add_(0, cell, left)
    middle = middle / count[:, None]
    places: list[Point] = []
    while len(count) and len(places) < most:
        near = (middle - middle[count.argmax()]).norm(dim=-1) <= gap
        if count[near].sum() < max(1, len(left) / 500):
            break
        x, y = ((middle * count[:, None])[near].sum(0) / count[near].sum()).tolist()
        places.append((x, y))
        middle, count = middle[~near], count[~near]
    return places


# --- Sweeps -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sweep:
    """loss[i, j] at the end with rows[i] and columns[j]; inf where it diverged."""

    rows: Tensor
    columns: Tensor
    loss: Tensor


@dataclass(frozen=True)
class Best:
    """The rate with the lowest loss at the end, and all that were tried."""

    lr: float
    loss: float
    lrs: Tensor
    losses: Tensor  # inf where it diverged


def sweep(
    walk: Walk, f: Function, start: Point, rows: Tensor | Sequence[float], columns: Tensor | Sequence[float]
) -> Sweep:
    """The final loss over a grid: walk(starts, row values, column values), one entry for each cell."""
    rows, columns = (torch.as_tensor(values, dtype=torch.float64) for values in (rows, columns))
    if rows.ndim != 1 or columns.ndim != 1 or not len(rows) or not len(columns):
        raise ValueError("A sweep needs two lists of at least one value each.")
    a, b = (grid.reshape(-1) for grid in torch.meshgrid(rows, columns, indexing="ij"))
    loss = _final_loss(f, *walk(_repeat(start, len(a), a), a, b))
    return Sweep(rows, columns, loss.reshape(len(rows), len(columns)))


def best_cell(found: Sweep) -> tuple[float, float, float]:
    """The row value, the column value and the loss of the best cell."""
    i, j = divmod(int(found.loss.argmin()), len(found.columns))
    return found.rows[i].item(), found.columns[j].item(), found.loss[i, j].item()


def steps_between(low: float, high: float, n: int, log: bool = False) -> list[float]:
    """n values from low to high, evenly spaced, or evenly on a log scale."""
    line = torch.logspace(math.log10(low), math.log10(high), n) if log else torch.linspace(low, high, n)
    return [round(v, 7) for v in line.tolist()]


def best_lr(walk: Walk, f: Function, start: Point, low: float = 1e-4, high: float = 10.0, tries: int = 61) -> Best:
    """The best of `tries` learning rates, evenly spaced on a log scale: walk(starts, lrs)."""
    if not 0 < low < high or tries < 2:
        raise ValueError(f"At least 2 rates between 0 < low < high, not {tries} of {low:g} to {high:g}.")
    lrs = torch.logspace(math.log10(low), math.log10(high), tries, dtype=torch.float64)
    losses = _final_loss(f, *walk(_repeat(start, tries, lrs), lrs))
    best = int(losses.argmin())
    return Best(lrs[best].item(), losses[best].item(), lrs, losses)


def stability_limit(lambda_max: float, beta: float = 0.0, nesterov: bool = False) -> float:
    """The rate above which a quadratic with largest curvature lambda_max diverges; inf if it is 0 or less."""
    if not 0 <= beta < 1:
        raise ValueError(f"Momentum must lie in [0, 1), not {beta:g}.")
    if not lambda_max > 0:
        return math.inf
    return 2 * (1 + beta) / (lambda_max * (1 + 2 * beta if nesterov else 1))


def _repeat(start: Point, times: int, like: Tensor) -> Tensor:
    return torch.tensor(start, dtype=like.dtype, device=like.device).expand(times, 2)


def _final_loss(f: Function, ends: Tensor, diverged_at: Tensor) -> Tensor:
    loss = f(*ends.unbind(-1))
    # NaN counts as lost too: argmin would choose it
    return torch.where((diverged_at >= 0) | loss.isnan(), math.inf, loss)


# --- Judging paths ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curves:
    """Along each path, (steps + 1, starts)."""

    loss: Tensor
    slope: Tensor  # ‖g‖
    distance: Tensor  # to the nearest minimum; NaN where none is known


@dataclass(frozen=True)
class Score:
    """One entry for each start."""

    steps: Tensor  # the first step with a loss within tolerance of the lowest; -1: never
    final_loss: Tensor
    distance: Tensor  # of the end from the nearest minimum; NaN where none is known
    diverged_at: Tensor  # -1: did not


def curves(points: Tensor, f: Function, gradient: Function, minima: Sequence[Point] = ()) -> Curves:
    """Loss, length of the gradient and distance along paths (steps + 1, starts, 2)."""
    x, y = points.unbind(-1)
    gx, gy = gradient(x, y)
    distance = _distances(points, minima).amin(-1) if minima else torch.full_like(x, math.nan)
    return Curves(f(x, y), torch.hypot(gx, gy), distance)


def scoreboard(
    points: Tensor, diverged_at: Tensor, f: Function, minima: Sequence[Point] = (), tolerance: float = 1e-3
) -> Score:
    """How soon and how well: a path (steps + 1, starts, 2) against the lowest of the minima."""
    if not tolerance > 0:
        raise ValueError(f"The tolerance must be above 0, not {tolerance:g}.")
    loss = f(*points.unbind(-1))
    steps = torch.full_like(diverged_at, -1)
    distance = torch.full_like(loss[-1], math.nan)
    if minima:
        lowest = f(*torch.tensor(minima, dtype=points.dtype, device=points.device).unbind(-1)).min()
        near = loss <= lowest + tolerance
        steps = torch.where(near.any(0), near.int().argmax(0), steps)
        distance = _distances(points[-1], minima).amin(-1)
    return Score(steps, loss[-1], distance, diverged_at)


def _distances(points: Tensor, minima: Sequence[Point]) -> Tensor:
    """(…, 2) to (…, minima)."""
    at = torch.tensor(minima, dtype=points.dtype, device=points.device)
    return (points[..., None, :] - at).norm(dim=-1)


# --- Mini-batches -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Regression:
    """Points to fit a line to, target ≈ w · feature + b: a loss surface over (w, b)."""

    feature: Tensor  # (n,)
    target: Tensor  # (n,)
    best: Point  # least squares, where the loss of all the data is lowest


def regression(n: int = 200, noise: float = 0.5, seed: int = 0) -> Regression:
    """n points around the line 1.2 · feature + 0.5."""
    if n < 2 or noise < 0:
        raise ValueError(f"A regression needs at least 2 points and noise of 0 or more, not {n} and {noise:g}.")
    generator = torch.Generator().manual_seed(seed)
    feature = 1 + torch.randn(n, generator=generator, dtype=torch.float64)
    target = 1.2 * feature + 0.5 + noise * torch.randn(n, generator=generator, dtype=torch.float64)
    design = torch.stack([feature, torch.ones_like(feature)], 1)
    w, b = torch.linalg.lstsq(design, target).solution.tolist()
    return Regression(feature, target, (w, b))


def regression_loss(data: Regression) -> Function:
    """½ mean (w · feature + b - target)², for w and b of any shape."""
    xx, x, xt, t, tt = _moments(data.feature, data.target).tolist()
    return lambda w, b: 0.5 * (xx * w * w + b * b + tt) + x * w * b - xt * w - t * b


def regression_gradient(data: Regression) -> Function:
    return _gradient(*_moments(data.feature, data.target).tolist())


def regression_hessian(data: Regression) -> Function:
    xx, x, *_ = _moments(data.feature, data.target).tolist()
    return lambda w, b: (xx, x, 1.0)  # the same everywhere


def minibatch_gradients(data: Regression, batch: int, steps: int, seed: int = 0) -> list[Function]:
    """For each step the exact gradient on `batch` points, drawn without replacement epoch by epoch."""
    n = len(data.feature)
    if not 1 <= batch <= n:
        raise ValueError(f"A batch has 1 to {n} points, not {batch}.")
    generator = torch.Generator().manual_seed(seed)
    epoch = n // batch  # full batches in an epoch; what is left over is dropped
    order = [torch.randperm(n, generator=generator)[: epoch * batch] for _ in range(-(-steps // epoch))]
    chosen = torch.cat(order).reshape(-1, batch)[:steps] if order else torch.empty(0, batch, dtype=torch.long)
    return [_gradient(*row) for row in _moments(data.feature[chosen], data.target[chosen]).tolist()]


def _moments(x: Tensor, t: Tensor) -> Tensor:
    """The means that a quadratic loss depends on, x², x, xt, t, t², in place of the last axis."""
    return torch.stack([x * x, x, x * t, t, t * t], -1).mean(-2)


def _gradient(xx: float, x: float, xt: float, t: float, tt: float) -> Function:
    return lambda w, b: (xx * w + x * b - xt, x * w + b - t)
