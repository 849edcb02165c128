r"""How far is one bell curve from another? Four answers, and where a bell goes that wants to be close.

    KL(p‖q) = ∫ p ln(p/q)  =  ln(σ_q/σ_p) + ½ (σ_p² + (μ_p − μ_q)²)/σ_q² − ½     for two Gaussians
    JS(p, q) = ½ KL(p‖m) + ½ KL(q‖m),   m = ½ p + ½ q          never above ln 2
    W₂² = (μ_p − μ_q)² + (σ_p − σ_q)²                           between two Gaussians

p may also be two bumps, a mixture of two Gaussians of one width. Then the integrals are sums over a fine even grid in
the units of each bump, which for curves as smooth as these is exact to many digits.

To minimise KL(p‖q) over q, q must lie wherever p does: it covers, and takes p's mean and spread. To minimise KL(q‖p)
q must not lie where p does not: it seeks one bump.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

import torch
from torch import Tensor

LOG_ROOT = math.log(2 * math.pi) / 2


@dataclass(frozen=True)
class Bumps:
    """One Gaussian, or several of one width: their means, their shares, their σ."""

    means: tuple[float, ...]
    shares: tuple[float, ...]
    sigma: float

    @property
    def mean(self) -> float:
        return sum(w * m for w, m in zip(self.shares, self.means, strict=True))

    @property
    def variance(self) -> float:
        apart = sum(w * (m - self.mean) ** 2 for w, m in zip(self.shares, self.means, strict=True))
        return self.sigma**2 + apart


@dataclass(frozen=True)
class Distances:
    """All four between p and q, in nats where they are KL or JS; W₂ in the units of x."""

    kl_pq: float
    kl_qp: float
    js_p: float  # KL(p‖m), half of it is p's part of JS
    js_q: float
    js: float
    w2: float


def bell(mu: float, sigma: float) -> Bumps:
    """One Gaussian."""
    return bumps(mu, sigma, 0.0, 1.0)


def bumps(mu: float, sigma: float, gap: float, share: float) -> Bumps:
    """Two Gaussians at mu ∓ gap/2, the left one with `share` of the mass; with gap 0 or share 1 or 0 it is one."""
    if not sigma > 0 or not 0 <= share <= 1 or gap < 0:
        raise ValueError("σ must be above 0, the gap not below 0 and the share between 0 and 1.")
    if gap == 0:
        return Bumps((mu,), (1.0,), sigma)
    kept = [(m, w) for m, w in ((mu - gap / 2, share), (mu + gap / 2, 1 - share)) if w > 0]
    means, shares = zip(*kept, strict=True)
    return Bumps(means, shares, sigma)


def log_density(of: Bumps, x: Tensor) -> Tensor:
    """ln p(x)"""
    each = [
        math.log(w / of.sigma) - LOG_ROOT - ((x - m) / of.sigma).square() / 2
        for m, w in zip(of.means, of.shares, strict=True)
    ]
    return reduce(torch.logaddexp, each)


@lru_cache(4)
def _nodes(n: int, reach: float = 9.0) -> tuple[Tensor, Tensor]:
    """Places in units of σ, and their weights under N(0, 1): an even grid."""
    z = torch.linspace(-reach, reach, n, dtype=torch.float64)
    weights = (-z.square() / 2).exp()
    return z, weights / weights.sum()


def places(of: Bumps, n: int = 801) -> tuple[Tensor, Tensor]:
    """Points x and weights such that E_p[f] = Σ weight f(x)."""
    z, weights = _nodes(n)
    x = torch.tensor(of.means, dtype=torch.float64)[:, None] + of.sigma * z
    return x.flatten(), (torch.tensor(of.shares, dtype=torch.float64)[:, None] * weights).flatten()


def divergence(p: Bumps, q: Bumps) -> float:
    """KL(p‖q): the closed form between two Gaussians, the integral elsewhere."""
    if len(p.means) == len(q.means) == 1:
        return sum(terms(p.means[0], p.sigma, q.means[0], q.sigma))
    x, weights = places(p)
    return float(weights @ (log_density(p, x) - log_density(q, x)))


def terms(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> tuple[float, float, float]:
    """The parts of KL(p‖q) between two Gaussians: of the widths' logarithm, of the widths, of the means."""
    ratio = sigma_p / sigma_q
    return -math.log(ratio), (ratio**2 - 1) / 2, ((mu_p - mu_q) / sigma_q) ** 2 / 2


def to_middle(p: Bumps, q: Bumps) -> float:
    """KL(p‖m) to the mixture m of p and q, half each."""
    x, weights = places(p)
    log_p, log_q = log_density(p, x), log_density(q, x)
    return float(weights @ (math.log(2) - torch.nn.functional.softplus(log_q - log_p)))


def wasserstein(p: Bumps, q: Bumps, n: int = 4000) -> float:
    """W₂: between Gaussians by its formula; else over the quantiles, found on a fine grid."""
    if len(p.means) == len(q.means) == 1:
        return math.hypot(p.means[0] - q.means[0], p.sigma - q.sigma)
    level = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    return float((_quantile(p, level) - _quantile(q, level)).square().mean().sqrt())


def _quantile(of: Bumps, level: Tensor) -> Tensor:
    """x with P(X ≤ x) = level, between the two nearest points of a grid."""
    x = torch.linspace(min(of.means) - 7 * of.sigma, max(of.means) + 7 * of.sigma, 3001, dtype=torch.float64)
    each = torch.special.ndtr((x[:, None] - torch.tensor(of.means, dtype=x.dtype)) / of.sigma)
    below = each @ torch.tensor(of.shares, dtype=x.dtype)
    i = torch.searchsorted(below, level).clamp(1, len(x) - 1)
    part = (level - below[i - 1]) / (below[i] - below[i - 1]).clamp(min=1e-300)
    return x[i - 1] + part.clamp(0, 1) * (x[i] - x[i - 1])


def distances(p: Bumps, q: Bumps) -> Distances:
    """How far p and q are from each other, in four ways."""
    js_p, js_q = to_middle(p, q), to_middle(q, p)
    return Distances(divergence(p, q), divergence(q, p), js_p, js_q, (js_p + js_q) / 2, wasserstein(p, q))


# --- q wants to be close: the landscape over its μ and σ, and the way down ---


def landscape(p: Bumps, mu: Tensor, sigma: Tensor, reverse: bool) -> Tensor:
    """KL(p‖q), or KL(q‖p) if `reverse`, of Gaussians q with every σ (rows) and every μ (columns)."""
    if not reverse:  # E_p[ln p] - E_p[ln q], and the latter needs no more of p than its mean and variance
        x, weights = places(p)
        known = float(weights @ log_density(p, x))
        far = p.variance + (mu - p.mean).square()
        return known + sigma.log()[:, None] + LOG_ROOT + far / (2 * sigma.square()[:, None])
    z, weights = _nodes(81, 5.0)
    x = mu[None, :, None] + sigma[:, None, None] * z  # (σ, μ, nodes)
    crossed = -(log_density(p, x) @ weights)
    return crossed - sigma.log()[:, None] - LOG_ROOT - 0.5


def descend(p: Bumps, mu: float, sigma: float, reverse: bool, steps: int = 40, rate: float = 0.25) -> Tensor:
    """(steps + 1, 2): μ and σ of q on its way down from where it stands.

    The gradient by σ², as the natural gradient has it (Amari 1998): a step is counted in widths of q. A step changes
    σ by no more than a quarter, since far away the slope is steep.
    """
    z, weights = _nodes(81, 5.0)
    way = [(mu, sigma)]
    for _step in range(steps):
        if reverse:
            score = _score(p, mu + sigma * z)
            by_mu, by_sigma = -float(weights @ score), -float(weights @ (score * z)) - 1 / sigma
        else:
            by_mu = (mu - p.mean) / sigma**2
            by_sigma = 1 / sigma - (p.variance + (mu - p.mean) ** 2) / sigma**3
        mu -= max(-sigma, min(sigma, rate * sigma**2 * by_mu))
        sigma *= 1 - max(-0.25, min(0.25, rate * sigma * by_sigma / 2))
        way.append((mu, sigma))
    return torch.tensor(way, dtype=torch.float64)


def _score(of: Bumps, x: Tensor) -> Tensor:
    """d ln p / dx"""
    means, shares = (torch.tensor(v, dtype=x.dtype) for v in (of.means, of.shares))
    z = (x[:, None] - means) / of.sigma
    return -((shares.log() - z.square() / 2).softmax(1) * z).sum(1) / of.sigma


def arrival(p: Bumps, mu: float, sigma: float) -> list[tuple[str, float, float, float]]:
    """Where q ends from here, under either direction: its name, μ, σ and the KL that is left."""
    found = []
    for name, reverse in (("forward", False), ("reverse", True)):
        at_mu, at_sigma = descend(p, mu, sigma, reverse)[-1].tolist()
        q = bell(at_mu, at_sigma)
        found.append((name, at_mu, at_sigma, divergence(q, p) if reverse else divergence(p, q)))
    return found


def integrand(p: Bumps, q: Bumps, x: Sequence[float] | Tensor) -> Tensor:
    """p ln(p/q) at each x: its area is KL(p‖q)."""
    x = torch.as_tensor(x, dtype=torch.float64)
    log_p = log_density(p, x)
    return log_p.exp() * (log_p - log_density(q, x))
