r"""What a network restores badly is strange to it: scores, a threshold, and how well it tells the two apart.

    score(x) = Σ (x − x̂)²   over the pixels;   x is called strange where the score is above the threshold

    caught (true positive rate) = strange ones above it / strange ones
    false alarms (false positive rate) = usual ones above it / usual ones

ROC: both, as the threshold falls. AUC, the area under it, is the chance that a strange one scores higher than a usual
one, ties counting half (Mann & Whitney, 1947).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Verdict:
    """What a threshold does, as shares."""

    caught: float
    alarms: float
    precision: float  # of what is called strange, how much is; NaN where nothing is
    auc: float
    best: float  # the threshold that catches most, less the alarms (Youden, 1950)


def score(pictures: Tensor, restored: Tensor) -> Tensor:
    """(N,) the squared error of each picture."""
    return (pictures - restored).square().flatten(1).sum(1)


def roc(usual: Tensor | Sequence[float], strange: Tensor | Sequence[float]) -> tuple[Tensor, Tensor, Tensor]:
    """Thresholds from +∞ down, and at each of them the shares of alarms and of caught ones above it."""
    usual, strange = (torch.as_tensor(s, dtype=torch.float64) for s in (usual, strange))
    if not len(usual) or not len(strange):
        raise ValueError("Both the usual and the strange need at least one score.")
    levels = torch.cat([usual, strange]).unique().flip(0)
    alarms, caught = ((s[None] >= levels[:, None]).double().mean(1) for s in (usual, strange))
    start = torch.zeros(1, dtype=torch.float64)
    top = torch.full((1,), math.inf, dtype=torch.float64)
    return torch.cat([top, levels]), torch.cat([start, alarms]), torch.cat([start, caught])


def judge(usual: Tensor | Sequence[float], strange: Tensor | Sequence[float], threshold: float) -> Verdict:
    """The shares at a threshold, and what no threshold changes."""
    levels, alarms, caught = roc(usual, strange)
    usual, strange = (torch.as_tensor(s, dtype=torch.float64) for s in (usual, strange))
    hits, false = int((strange >= threshold).sum()), int((usual >= threshold).sum())
    best = levels[(caught - alarms).argmax()].item()
    return Verdict(
        hits / len(strange),
        false / len(usual),
        hits / (hits + false) if hits + false else math.nan,
        torch.trapezoid(caught, alarms).item(),
        best,
    )


def psnr(clean: Tensor, other: Tensor) -> Tensor:
    """(N,) peak signal to noise ratio of pictures in 0..1, in dB; ∞ where they are equal."""
    return -10 * (clean - other).square().flatten(1).mean(1).log10()


def mean_quality(clean: Tensor, other: Tensor) -> tuple[float, float]:
    """PSNR and squared error, as means over the pictures."""
    return psnr(clean, other).mean().item(), score(clean, other).mean().item()
