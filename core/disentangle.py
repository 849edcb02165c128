r"""Which dimension of a latent space has found which of the causes? Mutual information, and the gap to the runner-up.

    I(z_k; f) = Σ p(a, b) ln p(a, b)/(p(a) p(b))    over bins a of z_k and b of the factor f, in nats

    MIG = mean over the factors of (I of the best dimension − I of the second best) / H(f)

MIG is 1 where each factor has a dimension to itself, and 0 where two know it equally well. Binned samples seem to share
a little information by chance alone; the estimate of Miller (1955) takes that off.

R. Chen et al., "Isolating sources of disentanglement in variational autoencoders", 2018.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

BINS = 12


@dataclass(frozen=True)
class Found:
    """What is known of one factor: the dimension (from 1) that knows most, how much, and how much the next one does."""

    factor: str
    best: int
    information: float
    second: float
    entropy: float
    gap: float


def binned(values: Tensor, bins: int = BINS) -> Tensor:
    """(N,) numbers -> the bin of each, such that all bins are equally full; few different values keep a bin each."""
    values = values.double().contiguous()
    kinds = values.unique()
    if len(kinds) <= bins:
        return torch.searchsorted(kinds, values)
    edges = values.quantile(torch.linspace(0, 1, bins + 1, dtype=torch.float64)[1:-1])
    return torch.searchsorted(edges, values)


def entropy(a: Tensor) -> float:
    """H of bins (N,), in nats."""
    p = torch.bincount(a).double() / len(a)
    return -torch.xlogy(p, p).sum().item()


def shared(a: Tensor, b: Tensor) -> float:
    """I(a; b) of two rows of bins, less what chance alone would show; never below 0."""
    pair = a * (int(b.max()) + 1) + b
    cells = [len(v.unique()) for v in (a, b, pair)]
    chance = (cells[2] - cells[0] - cells[1] + 1) / (2 * len(a))
    return max(0.0, entropy(a) + entropy(b) - entropy(pair) - chance)


def information(codes: Tensor, factors: Tensor, bins: int = BINS) -> Tensor:
    """(L, F): what each dimension knows of each factor."""
    if len(codes) != len(factors) or len(codes) < 2:
        raise ValueError("Codes and factors must belong together, and be at least two.")
    rows = [[shared(binned(z, bins), binned(f, bins)) for f in factors.T] for z in codes.T]
    return torch.tensor(rows, dtype=torch.float64)


def mig(known: Tensor, factors: Tensor, names: Sequence[str], bins: int = BINS) -> list[Found]:
    """For each factor the best dimension and the gap; the mean of the gaps is the MIG."""
    found = []
    for j, name in enumerate(names):
        # One dimension alone has no rival.
        column = torch.cat([known[:, j], torch.zeros(1, dtype=known.dtype)])
        (first, second), (best, _next) = ((v.tolist()) for v in column.topk(2))
        whole = entropy(binned(factors[:, j], bins))
        found.append(Found(name, best + 1, first, second, whole, (first - second) / whole if whole else 0.0))
    return found


def table(encode: Callable[[Tensor], Tensor], factors: Tensor, pictures: Tensor, names: Sequence[str]) -> list[Found]:
    """What the codes of pictures know of the factors that made them; the last row is the mean, its gap the MIG."""
    rows = mig(information(encode(pictures), factors), factors, names)
    mean = sum(row.gap for row in rows) / len(rows)
    whole = [sum(getattr(row, n) for row in rows) / len(rows) for n in ("information", "second", "entropy")]
    return [*rows, Found("mean", 0, whole[0], whole[1], whole[2], mean)]
