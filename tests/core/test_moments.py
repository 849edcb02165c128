"""Moments against closed forms, SciPy's adaptive quadrature and sampling."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from core.moments import COARSE, distribution, field, iterate, layer, moments

MU, SIGMA = st.floats(-3, 3), st.floats(0.05, 3)


def step(z: torch.Tensor) -> torch.Tensor:
    return (z > 0).to(z.dtype)


@settings(deadline=None, max_examples=50)
@given(MU, SIGMA)
def test_relu_and_step_have_closed_forms(mu: float, sigma: float) -> None:
    t = mu / sigma
    mean = mu * stats.norm.cdf(t) + sigma * stats.norm.pdf(t)
    second = (mu**2 + sigma**2) * stats.norm.cdf(t) + mu * sigma * stats.norm.pdf(t)
    for points in (None, COARSE):
        got = moments(F.relu, mu, sigma, **({} if points is None else {"points": points}))
        assert got.mean.item() == pytest.approx(mean, abs=1e-4)
        assert got.std.item() == pytest.approx(math.sqrt(max(second - mean**2, 0)), abs=1e-4)
    p = stats.norm.cdf(t)
    got = moments(step, mu, sigma)
    assert got.mean.item() == pytest.approx(p, abs=1.1e-4)
    assert got.std.item() ** 2 == pytest.approx(p * (1 - p), abs=1.1e-4)


@pytest.mark.parametrize("f", [torch.tanh, torch.sigmoid, F.selu, F.gelu, F.softplus, torch.exp, F.hardtanh])
@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (-1.3, 0.4), (0.7, 2.0)])
def test_equals_adaptive_quadrature(f, mu: float, sigma: float) -> None:
    def expected(power: int) -> float:
        def integrand(x: float) -> float:
            return f(torch.tensor(mu + sigma * x, dtype=torch.float64)).item() ** power * stats.norm.pdf(x)

        kinks = [(k - mu) / sigma for k in (-1.0, 0.0, 1.0)]
        return integrate.quad(integrand, -12, 12, points=kinks, limit=200)[0]

    got = moments(f, mu, sigma)
    assert got.mean.item() == pytest.approx(expected(1), rel=1e-5, abs=1e-6)
    assert got.mean.item() ** 2 + got.std.item() ** 2 == pytest.approx(expected(2), rel=1e-4, abs=1e-6)


def test_identity_changes_nothing() -> None:
    mu, sigma = torch.tensor([0.0, -2.0, 5.0]), torch.tensor([1.0, 0.0, 3.0])
    got = moments(lambda z: z, mu, sigma)
    torch.testing.assert_close(got.mean, mu.double(), atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(got.std, sigma.double(), atol=1e-9, rtol=1e-9)


def test_selus_fixed_point_attracts() -> None:
    at = layer(F.selu, 0.0, 1.0)
    assert (at.mean.item(), at.std.item()) == (pytest.approx(0, abs=1e-4), pytest.approx(1, abs=1e-4))
    for start in ((0.4, 1.4), (-0.3, 0.6)):
        normalised = iterate(F.selu, *start, steps=60, omega=0.0)
        torch.testing.assert_close(normalised[-1], torch.tensor([0.0, 1.0]).double(), atol=1e-3, rtol=0)
        distance = (normalised - torch.tensor([0.0, 1.0])).norm(dim=1)
        assert distance[-1] < distance[0] / 100
    faded = iterate(torch.tanh, 0.0, 1.0, 60)
    assert faded[-1, 1] < 0.2


def test_field_and_path_agree_with_single_points() -> None:
    mu, sigma = torch.linspace(-1, 1, 5), torch.linspace(0.2, 2, 4)
    grid = field(F.selu, mu, sigma, omega=0.5, tau=1.2)
    assert grid.mean.shape == grid.std.shape == (4, 5)
    one = moments(F.selu, 0.5 * mu[3], math.sqrt(1.2) * sigma[1], COARSE)
    torch.testing.assert_close(grid.mean[1, 3], one.mean)
    path = iterate(F.selu, mu[3].item(), sigma[1].item(), 1, omega=0.5, tau=1.2)
    torch.testing.assert_close(path[1], torch.stack([one.mean, one.std]))


def test_running_away_is_not_an_error() -> None:
    path = iterate(lambda z: torch.exp(z * z), 1.0, 3.0, 10)
    assert path.shape == (11, 2) and not path[-1].isfinite().all()


def test_distribution_is_where_the_samples_fall() -> None:
    edges, mass = distribution(torch.tanh, 0.3, 1.2, bins=20)
    z = 0.3 + 1.2 * torch.randn(200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    counted = torch.histogram(torch.tanh(z), edges).hist / len(z)
    assert mass.sum().item() == pytest.approx(1, abs=1e-3)
    torch.testing.assert_close(mass, counted, atol=3e-3, rtol=0)
    edges, mass = distribution(F.relu, 0.0, 1.0, bins=40)
    assert mass[0] > 0.5  # half of the mass sits at 0
    assert distribution(torch.zeros_like, 0.0, 1.0)[1].max() == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: moments(F.relu, 0.0, -1.0), "sigma must not be negative"),
        (lambda: moments(F.relu, math.nan, 1.0), "mu must be finite"),
        (lambda: moments(F.relu, 0.0, 1.0, points=7), "even"),
        (lambda: layer(F.relu, 0.0, 1.0, tau=-1.0), "tau"),
        (lambda: iterate(F.relu, 0.0, 1.0, -1), "steps"),
        (lambda: distribution(F.relu, 0.0, -1.0), "sigma"),
        (lambda: distribution(lambda z: z / 0, 0.0, 1.0), "no finite value"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
