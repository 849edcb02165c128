r"""What discriminator and generator want of each other. D gives a logit s; probabilities are σ(s).

    minimax          L_D = -log σ(s_real) - log(1 - σ(s_fake))     L_G = log(1 - σ(s_fake))
    non-saturating   the same L_D                                  L_G = -log σ(s_fake)

Goodfellow et al. 2014; least squares: Mao et al. 2017; Wasserstein with clipping: Arjovsky et al. 2017; with gradient
penalty: Gulrajani et al. 2017; hinge: Lim & Ye 2017.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus


@dataclass(frozen=True)
class Loss:
    """`real(s, target)` and `fake(s)` add up to what D minimises, `generator(s_fake)` is what G minimises."""

    title: str
    note: str
    real: Callable[[Tensor, float], Tensor]  # target: 1, or less with smoothed labels
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    probability: bool = True  # whether σ(s) means "the share of real ones here"
    clips: bool = False
    penalised: bool = False


def _cross_entropy(s: Tensor, target: float) -> Tensor:
    """-target log σ(s) - (1 - target) log(1 - σ(s))."""
    return (softplus(-s) + (1 - target) * s).mean()


def _mean(s: Tensor) -> Tensor:
    return s.mean()


def _minus(s: Tensor) -> Tensor:
    return -s.mean()


def _towards(s: Tensor, target: float) -> Tensor:
    return -target * s.mean()


def _fake(s: Tensor) -> Tensor:
    return softplus(s).mean()


LOSSES: dict[str, Loss] = {
    "ns": Loss("Non-saturating", "G raises log D of its fakes: a strong gradient just where it fails.",
               _cross_entropy, _fake, lambda s: softplus(-s).mean()),
    "minimax": Loss("Minimax", "G lowers log(1 − D): as first written. The gradient fades when D is sure.",
                    _cross_entropy, _fake, lambda s: -softplus(s).mean()),
    "ls": Loss("Least squares", "D aims at 1 for real and 0 for fake, G at 1: no logarithm, softer slopes.",
               lambda s, t: (s - t).square().mean(), lambda s: s.square().mean(),
               lambda s: (s - 1).square().mean(), probability=False),
    "wgan": Loss("Wasserstein, clipped", "D is a critic with small weights: its gap estimates a distance.",
                 _towards, _mean, _minus, probability=False, clips=True),
    "gp": Loss("WGAN-GP", "A critic whose slope is held near 1 between real and fake.",
               _towards, _mean, _minus, probability=False, penalised=True),
    "hinge": Loss("Hinge", "D stops caring about what it gets right by a margin.",
                  lambda s, t: torch.relu(t - s).mean(), lambda s: torch.relu(1 + s).mean(), _minus,
                  probability=False),
}  # fmt: skip


def chosen_loss(name: str) -> Loss:
    if name not in LOSSES:
        raise ValueError(f"There is no loss {name!r}; choose one of {', '.join(LOSSES)}.")
    return LOSSES[name]
