"""Distances between bell curves against torch.distributions, SciPy's integrals and Monte Carlo."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize
from torch.distributions import Normal, kl_divergence

from core import gaussians as g

mus, sigmas = st.floats(-4, 4), st.floats(0.2, 4)
TWO = g.bumps(0.5, 0.6, 3.0, 0.3)


@given(mus, sigmas, mus, sigmas)
@settings(max_examples=60, deadline=None)
def test_between_gaussians_as_torch_has_it(mu_p: float, sigma_p: float, mu_q: float, sigma_q: float) -> None:
    p, q = g.bell(mu_p, sigma_p), g.bell(mu_q, sigma_q)
    found = g.distances(p, q)
    double = [torch.tensor(v, dtype=torch.float64) for v in (mu_p, sigma_p, mu_q, sigma_q)]
    true = kl_divergence(Normal(*double[:2]), Normal(*double[2:])).item()
    assert found.kl_pq == pytest.approx(true, abs=1e-10, rel=1e-9)
    assert found.kl_pq >= 0 and found.kl_qp >= 0
    assert -1e-12 <= found.js <= math.log(2) + 1e-12
    back = g.distances(q, p)
    assert (found.js, found.w2) == pytest.approx((back.js, back.w2), abs=1e-12)
    assert found.kl_pq == back.kl_qp
    # the integral, which two bumps need, agrees with the closed form
    x, weights = g.places(p)
    summed = float(weights @ (g.log_density(p, x) - g.log_density(q, x)))
    assert summed == pytest.approx(true, abs=1e-9, rel=1e-9)


def pdf(of: g.Bumps, x: float) -> float:
    """A slow density that anyone can check."""
    parts = zip(of.shares, of.means, strict=True)
    return sum(w * math.exp(-(((x - m) / of.sigma) ** 2) / 2) / (of.sigma * math.sqrt(2 * math.pi)) for w, m in parts)


@pytest.mark.parametrize("p", [TWO, g.bell(-1.0, 0.4)])
@pytest.mark.parametrize("q", [g.bell(0.3, 1.7), g.bell(2.0, 0.5)])
def test_against_numerical_integrals(p: g.Bumps, q: g.Bumps) -> None:
    def kl(a, b) -> float:
        def under(x: float) -> float:
            return a(x) * math.log(a(x) / b(x)) if a(x) > 1e-300 else 0.0

        return integrate.quad(under, -12, 12, limit=400, points=[-1, 0, 2])[0]

    def p_at(x: float) -> float:
        return pdf(p, x)

    def q_at(x: float) -> float:
        return pdf(q, x)

    def middle(x: float) -> float:
        return (pdf(p, x) + pdf(q, x)) / 2

    found = g.distances(p, q)
    assert found.kl_pq == pytest.approx(kl(p_at, q_at), abs=1e-6)
    assert found.kl_qp == pytest.approx(kl(q_at, p_at), abs=1e-6)
    assert found.js == pytest.approx((kl(p_at, middle) + kl(q_at, middle)) / 2, abs=1e-6)
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    assert torch.trapezoid(g.integrand(p, q, x), x).item() == pytest.approx(found.kl_pq, abs=1e-6)


def test_wasserstein_of_bumps_against_sorted_samples() -> None:
    q, n, random = g.bell(0.3, 1.7), 200_000, torch.Generator().manual_seed(0)
    left = torch.rand(n, generator=random) < TWO.shares[0]
    x = torch.where(left, *TWO.means) + TWO.sigma * torch.randn(n, generator=random)
    y = 0.3 + 1.7 * torch.randn(n, generator=random)
    sampled = (x.sort().values - y.sort().values).square().mean().sqrt().item()
    assert g.wasserstein(TWO, q) == pytest.approx(sampled, abs=0.02)
    # and the quantiles find the formula again where there is one
    one, far = g.Bumps((1.0, 1.0), (0.4, 0.6), 0.5), g.bell(-2.0, 1.5)
    assert g.wasserstein(one, far) == pytest.approx(math.hypot(3.0, 1.0), rel=1e-3)


@pytest.mark.parametrize("reverse", [False, True])
def test_landscape_is_the_divergence_at_each_place(reverse: bool) -> None:
    mu, sigma = torch.tensor([-2.0, 0.4, 3.0]).double(), torch.tensor([0.5, 2.5]).double()
    found = g.landscape(TWO, mu, sigma, reverse)
    for i, s in enumerate(sigma.tolist()):
        for j, m in enumerate(mu.tolist()):
            q = g.bell(m, s)
            true = g.divergence(q, TWO) if reverse else g.divergence(TWO, q)
            assert found[i, j].item() == pytest.approx(true, abs=2e-4)


def test_forward_covers_and_reverse_seeks() -> None:
    p = g.bumps(0.0, 0.6, 4.0, 0.5)
    (_f, mu, sigma, left), (_r, at, wide, rest) = g.arrival(p, 1.0, 1.0)
    assert (mu, sigma) == pytest.approx((p.mean, math.sqrt(p.variance)), abs=1e-3)
    assert left == pytest.approx(g.divergence(p, g.bell(mu, sigma)))
    assert (at, wide) == pytest.approx((2.0, 0.6), abs=0.02)
    assert rest == pytest.approx(math.log(2), abs=0.02)  # half of p is left out
    # no better place nearby: SciPy's minimiser from there stays
    best = optimize.minimize(lambda v: g.divergence(g.bell(v[0], math.exp(v[1])), p), [at, math.log(wide)],
                             method="Nelder-Mead")  # fmt: skip
    assert best.fun == pytest.approx(rest, abs=1e-4)


@given(mus, sigmas, st.booleans())
@settings(max_examples=25, deadline=None)
def test_descent_never_gets_lost(mu: float, sigma: float, reverse: bool) -> None:
    way = g.descend(TWO, mu, sigma, reverse)
    assert way.isfinite().all() and (way[:, 1] > 0).all()
    ends = [g.bell(*place.tolist()) for place in way[[0, -1]]]
    first, last = (g.divergence(q, TWO) if reverse else g.divergence(TWO, q) for q in ends)
    assert last <= first + 1e-9


def test_bad_bumps_are_refused() -> None:
    for bad in ((0, 0.0, 1, 0.5), (0, -1.0, 1, 0.5), (0, 1.0, -1, 0.5), (0, 1.0, 1, 1.5)):
        with pytest.raises(ValueError, match="σ"):
            g.bumps(*bad)
    assert g.bumps(1.0, 0.5, 2.0, 1.0) == g.bell(0.0, 0.5)
