r"""Moments: what a function does to a normal variable, E f(z) and Var f(z) for z ~ N(μ, σ²).

The inputs of a unit in a wide layer are nearly normal, so a layer acts on (mean, spread) as the map

    (μ, σ) → (μ', σ'),   μ' = E f(z),   σ'² = Var f(z),   z ~ N(ω μ, τ σ²),   ω = Σ w_i,   τ = Σ w_i².

SELU's two constants are chosen so that (0, 1) is a fixed point of this map, and an attracting one: a network
normalises itself (Klambauer, Unterthiner, Mayr, Hochreiter, "Self-normalizing neural networks", 2017). There
the weights have ω = 0 and τ = 1; ω = τ = 1 is the bare function, one input with weight 1.

The integrals are sums over points that lie dense in ±8.5 σ, in float64. Gauss-Hermite would need fewer for a
smooth f, but kinks and jumps, which are the point here, spoil it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]

FINE = 32768  # points; an error below 1e-4 even where f jumps by 1
COARSE = 512  # for maps of continuous functions; an error below 1e-4 for a kink


@dataclass(frozen=True)
class Moments:
    """Mean and standard deviation of f(z), of the common shape of μ and σ."""

    mean: Tensor
    std: Tensor


def moments(f: Function, mu: Tensor | float, sigma: Tensor | float, points: int = FINE) -> Moments:
    """E f and √Var f for z ~ N(μ, σ²); σ = 0 is the point μ."""
    m, s = torch.broadcast_tensors(_number("mu", mu), _number("sigma", sigma))
    if bool((s < 0).any()):
        raise ValueError("sigma must not be negative.")
    nodes, mass = _standard_normal(points, m.device)
    y = f(m.unsqueeze(-1) + s.unsqueeze(-1) * nodes)  # (..., points)
    mean = y @ mass
    return Moments(mean, ((y - mean.unsqueeze(-1)).square() @ mass).sqrt())


def layer(
    f: Function,
    mu: Tensor | float,
    sigma: Tensor | float,
    omega: float = 1.0,
    tau: float = 1.0,
    points: int = COARSE,
) -> Moments:
    """The map (μ, σ) → (μ', σ') of a layer whose weights have sum ω and sum of squares τ."""
    _check_weights(omega, tau)
    return moments(f, _number("mu", mu) * omega, _number("sigma", sigma) * math.sqrt(tau), points)


def field(
    f: Function, mu: Tensor, sigma: Tensor, omega: float = 1.0, tau: float = 1.0, points: int = COARSE
) -> Moments:
    """The map on the grid of all pairs: mean and std are (len(sigma), len(mu))."""
    return layer(f, mu.unsqueeze(0), sigma.unsqueeze(1), omega, tau, points)


def iterate(
    f: Function,
    mu: float,
    sigma: float,
    steps: int,
    omega: float = 1.0,
    tau: float = 1.0,
    points: int = COARSE,
) -> Tensor:
    """The path of one (μ, σ) through `steps` layers, (steps + 1, 2), the start first."""
    if steps < 0:
        raise ValueError(f"The number of steps must not be negative, not {steps}.")
    _check_weights(omega, tau)
    at = (_number("mu", mu).item(), _number("sigma", sigma).item())
    if at[1] < 0:
        raise ValueError("sigma must not be negative.")
    nodes, mass = _standard_normal(points, torch.device("cpu"))
    path = [at]
    for _ in range(steps):
        if all(map(math.isfinite, at)):  # else it has run away; the rest of the path is there, too
            y = f(omega * at[0] + math.sqrt(tau) * at[1] * nodes)
            mean = (y @ mass).item()
            at = (mean, math.sqrt(((y - mean).square() @ mass).item()))
        path.append(at)
    return torch.tensor(path, dtype=torch.float64)


def cascade(
    f: Function,
    mu: float,
    sigma: float,
    layers: int,
    omega: float = 1.0,
    tau: float = 1.0,
    points: int = COARSE,
) -> Tensor:
    """The same seen from the inputs z of f: rows (mean z, std z, mean f(z), std f(z)), (layers + 1, 4).

    The first z is N(μ, σ²) itself, the next ones N(ω μ', τ σ'²).
    """
    first = moments(f, mu, sigma, points)
    after = iterate(f, first.mean.item(), first.std.item(), layers, omega, tau, points)  # (layers + 1, 2)
    start = torch.tensor([[mu, sigma]], dtype=after.dtype, device=after.device)
    before = torch.cat([start, after[:-1] * torch.tensor([omega, math.sqrt(tau)]).to(after)])
    return torch.cat([before, after], 1)


def distribution(f: Function, mu: float, sigma: float, bins: int = 60, points: int = FINE) -> tuple[Tensor, Tensor]:
    """Histogram of f(z): edges (bins + 1,) around its values within ±4σ, and each bin's mass (bins,)."""
    if sigma < 0 or bins < 1:
        raise ValueError(f"sigma must not be negative and bins at least 1, not {sigma} and {bins}.")
    nodes, mass = _standard_normal(points, torch.device("cpu"))
    y = f(_number("mu", mu) + _number("sigma", sigma) * nodes)
    near = y[(nodes.abs() <= 4) & y.isfinite()]
    if near.numel() == 0:
        raise ValueError("f has no finite value there.")
    low, high = near.min(), near.max()
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64) * (high - low) + low
    inside = (y >= low) & (y <= high)
    index = ((y[inside] - low) / (high - low) * bins).long().clamp(0, bins - 1)
    return edges, torch.bincount(index, weights=mass[inside], minlength=bins)


def _check_weights(omega: float, tau: float) -> None:
    if not (math.isfinite(omega) and 0 <= tau < math.inf):
        raise ValueError(f"omega must be finite, and tau finite and not negative, not {omega} and {tau}.")


def _standard_normal(points: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The middles of `points` equal pieces of ±8.5, none of them at 0, and their normal mass, (points,)."""
    if points < 2 or points % 2:
        raise ValueError(f"The number of points must be even and at least 2, not {points}.")
    z = (torch.arange(points, dtype=torch.float64, device=device) + 0.5) * (17 / points) - 8.5
    mass = torch.exp(-z * z / 2)
    return z, mass / mass.sum()


def _number(name: str, value: Tensor | float) -> Tensor:
    value = torch.as_tensor(value, dtype=torch.float64)
    if not value.isfinite().all():
        raise ValueError(f"{name} must be finite.")
    return value
