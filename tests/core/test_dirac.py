"""Dirac-GAN: the field against autograd, circles and spirals against what is known of them."""

import math

import pytest
import torch
from torch.nn.functional import softplus

from core.dirac import GAMES, downhill, ends, play, turning

T = torch.linspace(-1.7, 1.9, 7, dtype=torch.float64)
P = torch.linspace(1.3, -1.6, 7, dtype=torch.float64)


def mean_over_noise(f, sigma: float) -> torch.Tensor:
    """E f(σ ε) by a fine sum."""
    e = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    w = (-e.square() / 2).exp()
    return (f(sigma * e[:, None]) * (w / w.sum())[:, None]).sum(0)


LOSSES = {  # L_D(θ, ψ), L_G(θ, ψ) as the paper writes them
    "minimax": (lambda t, p: softplus(p * t), lambda t, p: -softplus(p * t)),
    "ns": (lambda t, p: softplus(p * t), lambda t, p: softplus(-p * t)),
    "wgan": (lambda t, p: p * t, lambda t, p: -p * t),
    "clip": (lambda t, p: p * t, lambda t, p: -p * t),
    "gp": (lambda t, p: p * t + 0.7 * (p.abs() - 1) ** 2, lambda t, p: -p * t),
    "r1": (lambda t, p: softplus(p * t) + 0.7 / 2 * p**2, lambda t, p: softplus(-p * t)),
    "noise": (
        lambda t, p: mean_over_noise(lambda e: softplus(-p * e) + softplus(p * (t + e)), 0.7),
        lambda t, p: mean_over_noise(lambda e: softplus(-p * (t + e)), 0.7),
    ),
    "ls": (lambda t, p: ((p * t + 1) ** 2 + 1) / 2, lambda t, p: (p * t - 1) ** 2 / 2),
    "hinge": (lambda t, p: 1 + (1 + p * t).relu(), lambda t, p: -p * t),
}


@pytest.mark.parametrize("game", GAMES)
def test_the_field_is_the_gradient_of_the_losses(game: str) -> None:
    t, p = T.clone().requires_grad_(), P.clone().requires_grad_()
    of_d, of_g = (f(t, p).sum() for f in LOSSES[game])
    expected = -torch.autograd.grad(of_g, t, retain_graph=True)[0], -torch.autograd.grad(of_d, p)[0]
    found = downhill(game, T, P, 0.7)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2e-3, atol=2e-3)


def test_wasserstein_at_once_is_a_rotation_that_grows() -> None:
    """Each simultaneous step multiplies the distance by √(1 + η²)."""
    way = play("wgan", 0.3, -0.4, lr=0.1, steps=50, alternate=False)
    torch.testing.assert_close(way[-1].norm().item(), 0.5 * math.sqrt(1.01) ** 50)


def test_wasserstein_in_turn_keeps_its_ellipse() -> None:
    """θ² + ψ² - η θ ψ is the same after every step: it neither arrives nor leaves."""
    lr = 0.1
    t, p = play("wgan", 0.3, -0.4, lr=lr, steps=500).T
    kept = t**2 + p**2 - lr * t * p
    torch.testing.assert_close(kept, kept[0].expand_as(kept), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("game", GAMES)
def test_who_arrives(game: str) -> None:
    late = ends(play(game, 1.0, 1.0, lr=0.05, steps=4000))["late"]
    assert (late < 1e-3) if game in ("r1", "noise") else (late > 0.1)


def test_eigenvalues_foretell_it() -> None:
    assert turning("ns") == pytest.approx((0.0, 0.5))
    assert turning("wgan") == pytest.approx((0.0, 1.0))
    assert turning("r1", 0.5)[0] == pytest.approx(-0.25)  # -γ/2, as long as γ < 1
    assert turning("noise")[0] < 0 and math.isnan(turning("gp")[0])


def test_the_gradient_penalty_can_rest_in_a_wrong_place() -> None:
    """Where λ's push towards slope 1 and the pull of the fake cancel: θ = 2λ, ψ = 0."""
    torch.testing.assert_close(
        play("gp", 1.0, 1.0, 0.05, 4000)[-1], torch.tensor([2.0, 0.0]).double(), atol=1e-3, rtol=0
    )


def test_clipping_holds_the_slope() -> None:
    assert play("clip", 1.0, 1.0, lr=0.3, steps=200, clip=0.4)[1:, 1].abs().max() <= 0.4


@pytest.mark.parametrize("bad", [{"game": "go"}, {"lr": 0.0}, {"lr": math.nan}, {"steps": -1}])
def test_bad_games_are_refused(bad: dict) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        play(**{"game": "ns", "theta": 1.0, "psi": 1.0, **bad})
