"""ROC, AUC and a threshold against loops that anyone can check."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import anomaly

scores = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=12)  # few values, so that there are ties


@given(scores, scores, st.integers(0, 9))
@settings(max_examples=80, deadline=None)
def test_shares_and_area_as_a_slow_loop_counts_them(usual, strange, threshold) -> None:
    found = anomaly.judge(usual, strange, threshold)
    assert found.caught == sum(s >= threshold for s in strange) / len(strange)
    assert found.alarms == sum(s >= threshold for s in usual) / len(usual)
    wins = sum((s > u) + 0.5 * (s == u) for s in strange for u in usual)
    assert found.auc == pytest.approx(wins / len(usual) / len(strange))
    levels, alarms, caught = anomaly.roc(usual, strange)
    for level, a, c in zip(levels.tolist(), alarms.tolist(), caught.tolist(), strict=True):
        assert (a, c) == (
            sum(u >= level for u in usual) / len(usual),
            sum(s >= level for s in strange) / len(strange),
        )
    assert (alarms.diff() >= 0).all() and (caught.diff() >= 0).all()
    assert (alarms[-1], caught[-1]) == (1, 1)
    called = [s for s in [*usual, *strange] if s >= threshold]
    hits = sum(s >= threshold for s in strange)
    assert math.isnan(found.precision) if not called else found.precision == hits / len(called)
    best = max(caught[levels == level].item() - alarms[levels == level].item() for level in levels.tolist())
    at = anomaly.judge(usual, strange, found.best)
    assert at.caught - at.alarms == pytest.approx(best)


def test_scores_and_psnr_by_hand() -> None:
    x = torch.zeros(2, 4, 5)
    y = x.clone()
    y[1, 0, 0], y[0] = 0.5, 0.1
    assert anomaly.score(x, y).tolist() == pytest.approx([0.2, 0.25])
    assert anomaly.psnr(x, x).tolist() == [math.inf] * len(x)
    assert anomaly.psnr(x, y).tolist() == pytest.approx([20.0, -10 * math.log10(0.25 / 20)], abs=1e-4)
    with pytest.raises(ValueError, match="at least one"):
        anomaly.roc([], [1.0])
