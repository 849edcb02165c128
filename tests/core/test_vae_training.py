"""A training of an autoencoder: the loss falls, β warms up, noise is taken off, and measures are what they say."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy

from core import shapes, vae

PICTURES = shapes.drawn(shapes.causes(192, seed=3))


def trained(steps: int, latent: int = 2, plain: bool = False, **settings) -> list[vae.State]:
    how = {"pictures": PICTURES, "batch": 32, "lr": 5e-3, **settings}
    return vae.train(vae.begin(latent, plain=plain, hidden=24), steps, 4, **how)


def test_the_loss_falls_and_a_run_can_be_run_again() -> None:
    states = trained(40)
    assert [s.step for s in states] == [0, 10, 20, 30, 40]
    losses = [vae.report(s.net, PICTURES).bound for s in states]
    assert losses[-1] < losses[1] < losses[0] - 100
    again = list(vae.rounds(states[2], 20, {"pictures": PICTURES, "batch": 32, "lr": 5e-3}))
    assert torch.equal(again[-1].flat, states[-1].flat)  # from any state on, the same way


def test_report_against_other_hands() -> None:
    net = trained(15)[-1].net
    mu, logvar = vae.encode(net, PICTURES)
    out = vae.picture(net, mu)
    found = vae.report(net, PICTURES)
    each = kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0)).mean(0)
    assert found.kl == pytest.approx(each.tolist(), rel=1e-4)
    assert found.total_kl == pytest.approx(each.sum().item(), rel=1e-4)
    assert found.error == pytest.approx((PICTURES - out).square().sum((1, 2)).mean().item(), rel=1e-5)
    lost = binary_cross_entropy(out.double(), PICTURES.double(), reduction="none").sum((1, 2)).mean().item()
    assert found.at_mean == pytest.approx(lost, rel=1e-4)
    random = vae.chance(5, 0)
    draws = [vae.terms(net, PICTURES, torch.randn(mu.shape, generator=random)) for _ in range(3)]
    found = vae.report(net, PICTURES, draws=3, seed=5)
    assert found.bound == pytest.approx(sum(d.loss().mean().item() for d in draws) / 3, rel=1e-5)
    assert found.bound > lost + each.sum().item() + 0.1  # what z = μ would promise
    assert vae.encoder(net)(PICTURES).equal(mu.detach())


def test_a_large_beta_silences_dimensions_and_warm_up_keeps_them_for_a_while() -> None:
    assert [vae.warmed(4.0, 100, t) for t in (0, 25, 100, 300)] == [0, 1, 4, 4]
    assert vae.warmed(4.0, 0, 0) == 4.0
    strong, warm = (vae.report(trained(40, 4, beta=30.0, warm=w)[-1].net, PICTURES) for w in (0, 2000))
    assert strong.active < warm.active == 4
    assert strong.total_kl < warm.total_kl
    # while it warms up, a step is that of the smaller β
    start = vae.begin(2, hidden=8)
    how = {"pictures": PICTURES, "batch": 32}
    assert torch.equal(
        vae.step(start, {**how, "beta": 4.0, "warm": 8}).flat, vae.step(start, {**how, "beta": 0.5}).flat
    )


def test_a_plain_one_has_no_kl_and_does_not_mind_beta() -> None:
    low, high = (trained(5, plain=True, beta=b)[-1] for b in (0.0, 9.0))
    assert torch.equal(low.flat, high.flat)
    found = vae.report(low.net, PICTURES)
    assert found.kl == [] and found.bound == found.reconstruction == found.at_mean


def test_denoising_brings_a_picture_nearer_to_the_clean_one() -> None:
    net = trained(120, 6, plain=True, noise=0.8)[-1].net
    fresh = shapes.drawn(shapes.causes(64, seed=9))
    noisy = vae.noised(fresh, 0.6, seed=1)
    assert noisy.min() == 0 and noisy.max() == 1
    assert torch.equal(noisy, vae.noised(fresh, 0.6, seed=1))
    assert vae.noised(fresh, 0.0).equal(fresh)
    before = (noisy - fresh).square().sum((1, 2)).mean().item()
    assert vae.report(net, fresh, noisy).error < 0.7 * before
