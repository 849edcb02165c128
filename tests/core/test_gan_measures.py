"""Measures against slow versions and SciPy."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, linalg, spatial, stats

from core import clouds
from core.gan_measures import (
    CELLS,
    SPAN,
    coverage,
    divergence,
    frechet,
    histogram,
    jensen_shannon,
    nearest_neighbour_accuracy,
    scores,
    sliced_wasserstein,
    smoothed,
)


def points(n: int, seed: int = 0, scale: float = 0.5) -> torch.Tensor:
    return scale * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def test_frechet_is_the_formula_with_a_matrix_root() -> None:
    x, y = points(80) @ torch.tensor([[2.0, 0.7], [0.0, 0.5]]), points(90, 1) + torch.tensor([0.3, -1.0])
    a, b = np.cov(x.double().numpy().T), np.cov(y.double().numpy().T)
    gap = x.double().mean(0).numpy() - y.double().mean(0).numpy()
    expected = gap @ gap + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert frechet(x, y).item() == pytest.approx(expected, rel=1e-6)
    assert frechet(x, x).item() == pytest.approx(0, abs=1e-6)


def test_frechet_of_known_gaussians_has_a_closed_form() -> None:
    n, random = 200_000, torch.Generator().manual_seed(0)
    x = torch.randn(n, 2, generator=random, dtype=torch.float64) * torch.tensor([1.0, 2.0])
    y = torch.randn(n, 2, generator=random, dtype=torch.float64) * torch.tensor([3.0, 0.5]) + torch.tensor([2.0, 0.0])
    assert frechet(x, y).item() == pytest.approx(4 + (1 - 3) ** 2 + (2 - 0.5) ** 2, rel=0.02)


def test_nearest_neighbours_one_by_one() -> None:
    x, y = points(40), points(40, 1) + 0.2
    both = torch.cat([x, y]).double().numpy()
    _gap, place = spatial.KDTree(both).query(both, k=2)
    expected = np.mean((place[:, 1] < 40) == (np.arange(80) < 40))
    assert nearest_neighbour_accuracy(x, y).item() == pytest.approx(expected)


def test_nearest_neighbours_tell_apart_or_memorised() -> None:
    x = points(60)
    assert nearest_neighbour_accuracy(x, x + 100).item() == 1
    assert nearest_neighbour_accuracy(x, x + 1e-6).item() == 0


def test_sliced_wasserstein_is_the_mean_of_scipys() -> None:
    x, y = points(50), points(50, 1) * 2 + 0.4
    angles = math.pi * np.arange(16) / 16
    each = [
        stats.wasserstein_distance(*(p.double().numpy() @ [math.cos(a), math.sin(a)] for p in (x, y))) for a in angles
    ]
    assert sliced_wasserstein(x, y, 16).item() == pytest.approx(np.mean(each), rel=1e-5)


def test_divergences_are_scipys() -> None:
    random = np.random.default_rng(0)
    p, q = random.dirichlet(np.ones(30)), random.dirichlet(np.ones(30))
    p[3] = 0
    p /= p.sum()
    tp, tq = torch.tensor(p), torch.tensor(q)
    assert divergence(tp, tq).item() == pytest.approx(stats.entropy(p, q))
    assert jensen_shannon(tp, tq).item() == pytest.approx(spatial.distance.jensenshannon(p, q) ** 2)
    assert jensen_shannon(tp, tp).item() == pytest.approx(0, abs=1e-12)
    apart = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert jensen_shannon(*apart).item() == pytest.approx(math.log(2))


def test_kl_of_known_densities_on_a_grid() -> None:
    """Two Gaussians: KL = log(b/a) + (a² + gap²) / 2b² - ½ in each dimension."""
    at = torch.linspace(-6, 6, 241, dtype=torch.float64)
    grid = torch.cartesian_prod(at, at)

    def shares(mean: float, sigma: float) -> torch.Tensor:
        p = (-(grid - mean).square().sum(1) / (2 * sigma**2)).exp()
        return p / p.sum()

    expected = 2 * (math.log(1.5) + (1 + 0.5**2) / (2 * 1.5**2) - 0.5)
    assert divergence(shares(0, 1), shares(0.5, 1.5)).item() == pytest.approx(expected, rel=1e-3)


def test_the_histogram_counts_every_point_once() -> None:
    """Unlike the charts of GAN Lab, whose loop lost two thirds of the real samples."""
    x = points(450, scale=1.2)
    cells = histogram(x)
    assert cells.sum().item() == pytest.approx(1)
    inside = (x.abs() < SPAN).all(1)
    slow, _xe, _ye = np.histogram2d(x[inside, 1].numpy(), x[inside, 0].numpy(), CELLS, [[-SPAN, SPAN]] * 2)
    mine = histogram(x[inside]) * int(inside.sum())
    np.testing.assert_allclose(mine.reshape(CELLS, CELLS).numpy(), slow, atol=1e-9)
    assert smoothed(cells).sum().item() == pytest.approx(1)


def test_coverage_by_hand() -> None:
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    x = torch.cat([centres[:1].repeat(60, 1), centres[1:2].repeat(2, 1) + 0.05, torch.full((38, 2), 0.5)])
    covered, good = coverage(x, centres, 0.1, True)
    assert (covered, good) == (1.0, pytest.approx(0.62))  # two points are fewer than a tenth of a fair third
    assert math.isnan(coverage(x, centres, 0.1, False)[0])


@pytest.mark.parametrize("name", [*clouds.SHAPES, "drawn"])
def test_the_density_of_a_cloud_is_that_of_its_samples(name: str) -> None:
    of = clouds.cloud(name, torch.tensor([[-0.5, -0.5], [0.5, 0.0], [0.0, 0.7]]))
    random = torch.Generator().manual_seed(0)
    x = of.sample(20_000, random)
    assert x.abs().max() < SPAN + 0.2
    at = torch.linspace(-2, 2, 121)
    p = clouds.density(of, torch.cartesian_prod(at, at)).reshape(121, 121).numpy()
    assert integrate.simpson(integrate.simpson(p, dx=1 / 30), dx=1 / 30) == pytest.approx(1, abs=1e-3)
    right = float((x[:, 0] > 0.1).double().mean())
    assert integrate.simpson(integrate.simpson(p[63:], dx=1 / 30, axis=0), dx=1 / 30) == pytest.approx(right, abs=0.015)


def test_the_best_discriminator_beats_every_other_on_known_densities() -> None:
    """D* = p / (p + q) has a smaller cross entropy than D* moved a little either way."""
    p, q = clouds.cloud("two"), clouds.cloud("ring")
    at = torch.linspace(-1.6, 1.6, 61)
    grid = torch.cartesian_prod(at, at)
    of_p, of_q = clouds.density(p, grid) + 1e-12, clouds.density(q, grid) + 1e-12
    best = of_p / (of_p + of_q)

    def cost(d: torch.Tensor) -> float:
        return -(of_p * d.log() + of_q * (1 - d).log()).sum().item()

    for by in (-0.05, 0.05):
        assert cost(best) < cost((best + by).clamp(1e-6, 1 - 1e-6))


def test_all_scores_of_the_data_itself_are_good() -> None:
    of = clouds.cloud("eight")
    random = torch.Generator().manual_seed(0)
    x, y = of.sample(512, random), of.sample(512, random)
    at = (torch.arange(CELLS) + 0.5) * 2 * SPAN / CELLS - SPAN
    p = clouds.density(of, torch.stack(torch.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 2))
    told = scores(x, y, of.centres, of.sigma, of.modes, smoothed(p / p.sum()))
    assert told.covered == 8 and told.good > 0.97 and told.js < 0.02 and told.kl < 0.1
    assert told.fid < 0.02 and told.sliced < 0.1 and 0.4 < told.nn < 0.6


@pytest.mark.parametrize("bad", [None, torch.zeros(0, 2), torch.zeros(3), torch.zeros(3, 3)])
def test_drawings_that_are_none(bad: torch.Tensor | None) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        clouds.cloud("drawn", bad)
