"""Losses by their formulas, penalties by a critic whose slope is known."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from core.gan_losses import LOSSES

S = torch.linspace(-4, 4, 41, dtype=torch.float64)
SIGMOID = 1 / (1 + (-S).exp())

# D on real, D on fake, G: each as the paper writes it, for target 1.
BY_HAND = {
    "ns": (-SIGMOID.log(), -(1 - SIGMOID).log(), -SIGMOID.log()),
    "minimax": (-SIGMOID.log(), -(1 - SIGMOID).log(), (1 - SIGMOID).log()),
    "ls": ((S - 1) ** 2, S**2, (S - 1) ** 2),
    "wgan": (-S, S, -S),
    "gp": (-S, S, -S),
    "hinge": ((1 - S).clamp(min=0), (1 + S).clamp(min=0), -S),
}


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_is_its_formula(name: str) -> None:
    loss, (real, fake, generator) = LOSSES[name], BY_HAND[name]
    torch.testing.assert_close(loss.real(S, 1.0), real.mean())
    torch.testing.assert_close(loss.fake(S), fake.mean())
    torch.testing.assert_close(loss.generator(S), generator.mean())


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_can_be_derived(name: str) -> None:
    s = (S[::5] + 0.03).requires_grad_()  # off the corners of the hinge
    for part in (lambda s: LOSSES[name].real(s, 0.9), LOSSES[name].fake, LOSSES[name].generator):
        assert torch.autograd.gradcheck(part, s)


@pytest.mark.parametrize("target", [1.0, 0.9, 0.7])
def test_smoothed_labels_are_those_of_cross_entropy(target: float) -> None:
    torch.testing.assert_close(LOSSES["ns"].real(S, target), bce(S, torch.full_like(S, target)))


def test_the_best_answer_to_a_share_is_that_share() -> None:
    """Where a fraction p of the points is real, the cross entropy is least at σ(s) = p: the optimal D."""
    for p in (0.2, 0.5, 0.9):
        s = torch.tensor(math.log(p / (1 - p)), dtype=torch.float64, requires_grad=True)
        (p * LOSSES["ns"].real(s, 1.0) + (1 - p) * LOSSES["ns"].fake(s)).backward()
        assert abs(s.grad.item()) < 1e-12


def test_the_minimax_gradient_fades_where_d_is_sure_and_the_other_does_not() -> None:
    s = torch.tensor([-12.0], requires_grad=True)
    (fades,) = torch.autograd.grad(LOSSES["minimax"].generator(s), s)
    (stays,) = torch.autograd.grad(LOSSES["ns"].generator(s), s)
    assert abs(fades.item()) < 1e-5 and abs(stays.item() + 1) < 1e-5
