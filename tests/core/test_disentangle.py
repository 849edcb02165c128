"""Mutual information against SciPy and closed forms; the MIG on codes that were made for it."""

import math

import pytest
import torch
from scipy.stats import entropy

from core import disentangle as d

N = 4000


def drawn(n: int = N, seed: int = 0, wide: int = 3) -> torch.Tensor:
    return torch.rand(n, wide, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_bins_are_equally_full_and_kinds_keep_theirs() -> None:
    counts = torch.bincount(d.binned(drawn()[:, 0], 10))
    assert counts.tolist() == [N // 10] * 10
    assert d.binned(torch.tensor([5.0, -1.0, 5.0, 2.0])).tolist() == [2, 0, 2, 1]


def test_information_as_scipy_counts_it() -> None:
    f = drawn()
    a, b = d.binned(f[:, 0]), d.binned(f[:, 0] + 0.3 * f[:, 1])
    joint = torch.zeros(d.BINS, d.BINS, dtype=torch.float64)
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        joint[i, j] += 1
    p = joint / N
    plain = entropy(p.flatten(), torch.outer(p.sum(1), p.sum(0)).flatten())  # KL(joint ‖ product)
    chance = ((joint > 0).sum().item() - 2 * d.BINS + 1) / (2 * N)
    assert d.shared(a, b) == pytest.approx(plain - chance)
    # of two Gaussians with correlation r: −½ ln(1 − r²), a little less for the bins
    x = torch.randn(40000, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    assert d.shared(d.binned(x[:, 0], 30), d.binned(y, 30)) == pytest.approx(-math.log(0.6), abs=0.03)
    assert d.shared(d.binned(x[:, 0]), d.binned(x[:, 1])) < 0.005  # nothing by chance alone


def test_mig_on_constructed_codes() -> None:
    f, noise, names = drawn(), drawn(seed=1), ["a", "b", "c"]

    def gaps(codes: torch.Tensor) -> list[float]:
        return [row.gap for row in d.mig(d.information(codes, f), f, names)]

    own = d.mig(d.information(torch.stack([f[:, 2], -(f[:, 0] ** 3), f[:, 1]], 1), f), f, names)
    assert [row.best for row in own] == [2, 3, 1]  # in another order, bent and turned over: all the same
    assert min(row.gap for row in own) > 0.97
    assert max(gaps(torch.cat([f, f], 1))) < 0.01  # two that know the same
    assert max(gaps(noise)) < 0.01  # nobody knows anything
    turn = torch.tensor([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    mixed = gaps(f @ turn)
    assert max(mixed[:2]) < 0.1 and mixed[2] > 0.97  # two factors mixed, the third left alone
    one = d.mig(d.information(f[:, :1], f), f, names)
    assert one[0].gap > 0.97 and one[1].gap < 0.01  # a single dimension has no rival


def test_table_ends_in_the_mean() -> None:
    f = drawn(500)
    rows = d.table(lambda x: x, f, f[:, :2], ["a", "b", "c"])
    assert rows[-1].gap == pytest.approx(sum(r.gap for r in rows[:-1]) / 3)
    with pytest.raises(ValueError, match="belong together"):
        d.information(f[:5], f)
