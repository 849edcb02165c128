r"""How good are samples? Distances between two clouds of points, and between a cloud and a known density.

FID = |μ_x - μ_g|² + Tr(Σ_x + Σ_g - 2 (Σ_x Σ_g)^½)     (Heusel et al. 2017; here on the points themselves)
1-NN: the share of points whose nearest neighbour is of their own kind; ½ is best, 1: told apart, 0: memorised
(Lopez-Paz & Oquab 2017).  JS and KL of histograms on a grid; the sliced Wasserstein distance over directions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

NEAR = 3.0  # a sample is good within so many σ of a mode
SPAN, CELLS, SLICES = 1.6, 32, 16


@dataclass(frozen=True)
class Scores:
    """Every measure of one moment."""

    kl: float  # KL(data ‖ generated)
    js: float
    sliced: float
    fid: float
    nn: float
    covered: float  # modes that at least 2 % of a fair share of samples are near
    good: float  # share of samples near the data


def frechet(x: Tensor, y: Tensor) -> Tensor:
    """The Fréchet distance of two clouds (n, k), taken as Gaussians. In two dimensions Tr (AB)^½ has a closed form."""
    x, y = x.double(), y.double()
    a, b = x.T.cov(), y.T.cov()
    product = a @ b  # none of its eigenvalues λ is negative, and Tr (AB)^½ = Σ λ^½
    if len(a) == 2:  # (λ₁^½ + λ₂^½)² = λ₁ + λ₂ + 2 (λ₁ λ₂)^½
        root = (product.trace() + 2 * product.det().clamp(min=0).sqrt()).clamp(min=0).sqrt()
    else:
        root = torch.linalg.eigvals(product).real.clamp(min=0).sqrt().sum()
    return (x.mean(0) - y.mean(0)).square().sum() + a.trace() + b.trace() - 2 * root


def nearest_neighbour_accuracy(x: Tensor, y: Tensor) -> Tensor:
    """Leave-one-out: how many of all points have a nearest neighbour of their own kind."""
    points = torch.cat([x, y]).double()  # exact enough for the quick way: |a|² + |b|² - 2ab
    kind = torch.arange(len(points)) < len(x)
    gaps = torch.cdist(points, points, compute_mode="use_mm_for_euclid_dist").fill_diagonal_(math.inf)
    return (kind[gaps.argmin(1)] == kind).double().mean()


def sliced_wasserstein(x: Tensor, y: Tensor, slices: int = SLICES) -> Tensor:
    """The mean over directions of the W1 distance of the projections; both clouds of the same size."""
    angle = math.pi * torch.arange(slices) / slices
    along = torch.stack([angle.cos(), angle.sin()], 1)  # (slices, 2)
    return ((along @ x.T).sort(1).values - (along @ y.T).sort(1).values).abs().mean()


def histogram(x: Tensor, reach: float = SPAN, cells: int = CELLS) -> Tensor:
    """Shares (cells · cells,) of points on a grid over ±reach; what lies outside counts at its edge."""
    place = ((x + reach) / (2 * reach) * cells).long().clamp(0, cells - 1)
    return torch.bincount(place[:, 1] * cells + place[:, 0], minlength=cells * cells).double() / len(x)


def smoothed(p: Tensor, cells: int = CELLS, sigma: float = 1.0) -> Tensor:
    """Shares on a grid, blurred by a Gaussian of `sigma` cells, so that no cell is quite empty by chance."""
    at = torch.arange(cells, dtype=p.dtype)
    blur = (-(at[:, None] - at).square() / (2 * sigma**2)).exp()
    blurred = (blur @ p.reshape(cells, cells) @ blur).flatten()
    return blurred / blurred.sum()


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p ‖ q) in nats of two distributions over the same cells."""
    q = q.clamp(min=1e-12)
    return torch.where(p > 0, p * (p.clamp(min=1e-300) / q).log(), 0.0).sum()


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """Between 0, for equal ones, and log 2, for those that share nothing."""
    m = (p + q) / 2
    return (divergence(p, m) + divergence(q, m)) / 2


def coverage(x: Tensor, centres: Tensor, sigma: float, modes: bool) -> tuple[float, float]:
    """How many modes are covered (NaN where there are none), and the share of samples near the data."""
    gap, place = torch.cdist(x, centres).min(1)
    good = gap < NEAR * sigma
    covered = math.nan
    if modes:
        each = torch.bincount(place[good], minlength=len(centres))
        covered = float((each >= 0.1 * len(x) / len(centres)).sum())
    return covered, float(good.double().mean())


def scores(real: Tensor, fake: Tensor, centres: Tensor, sigma: float, modes: bool, expected: Tensor) -> Scores:
    """All measures of as many fakes as real points; `expected` are the shares of the data on the grid."""
    q = smoothed(histogram(fake))
    covered, good = coverage(fake, centres, sigma, modes)
    return Scores(
        kl=float(divergence(expected, q)),
        js=float(jensen_shannon(expected, q)),
        sliced=float(sliced_wasserstein(real, fake)),
        fid=float(frechet(real, fake)),
        nn=float(nearest_neighbour_accuracy(real[:200], fake[:200])),
        covered=covered,
        good=good,
    )


def cells() -> Tensor:
    """(CELLS², 2): the middles of the grid's cells, row by row."""
    at = (torch.arange(CELLS) + 0.5) * 2 * SPAN / CELLS - SPAN
    return torch.stack(torch.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 2)


def expected_shares(p: Tensor) -> Tensor:
    """A density at the middles of the cells as shares, blurred as the histograms are."""
    return smoothed(p / p.sum())


def judged_run(states: list[Any], observe: Callable[[Any], Any], density: Callable[..., Tensor]) -> Scores:
    """The measures of the last state of a run, with what `observe` shows of it, against the density of its cloud."""
    seen, of = observe(states[-1]), states[-1].plan.cloud
    return scores(seen.real, seen.fake, of.centres, of.sigma, of.modes, expected_shares(density(of, cells())))


@dataclass(frozen=True)
class PictureScores:
    """Measures of generated pictures, in the eyes of a classifier."""

    fid: float
    nn: float
    asked: float  # share that it takes for the class that was asked for; NaN where none was
    classes: float  # e^H of its answers' mean: how many classes there are, of 10


def picture_scores(pictures: Tensor, real: Tensor, sight: Callable[[Any, Tensor], tuple[Tensor, Tensor]], net: Any,
                   classes: bool) -> PictureScores:  # fmt: skip
    """`sight` of the network `net` gives features and probabilities; `real`: the features of real pictures (n, k)."""
    found, probabilities = sight(net, pictures)
    asked = probabilities.argmax(1) == torch.arange(len(pictures)) % probabilities.shape[1]
    mean, near = probabilities.mean(0), min(len(found), len(real))
    return PictureScores(
        fid=float(frechet(real, found)),
        nn=float(nearest_neighbour_accuracy(real[:near], found[:near])),
        asked=float(asked.double().mean()) if classes else math.nan,
        classes=float(torch.special.entr(mean).sum().exp()),
    )
