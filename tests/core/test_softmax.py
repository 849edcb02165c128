"""Softmax against torch's own in float64, autograd, and its invariants."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.softmax import (
    DTYPES,
    log_softmax,
    naive_log_softmax,
    naive_softmax,
    outcome,
    outcomes,
    sample,
    softmax,
)

LOGITS = st.lists(st.floats(-200, 200), min_size=1, max_size=10).map(lambda s: torch.tensor(s, dtype=torch.float64))
TEMPERATURE = st.floats(0.05, 20)


@settings(deadline=None)
@given(LOGITS, TEMPERATURE)
def test_equals_torch(s: torch.Tensor, t: float) -> None:
    torch.testing.assert_close(softmax(s, t), F.softmax(s / t, -1))
    torch.testing.assert_close(log_softmax(s, t), F.log_softmax(s / t, -1))


@settings(deadline=None)
@given(LOGITS, TEMPERATURE, st.floats(-100, 100))
def test_invariants(s: torch.Tensor, t: float, c: float) -> None:
    p = softmax(s, t)
    assert p.sum().item() == pytest.approx(1) and (p >= 0).all()
    torch.testing.assert_close(softmax(s + c, t), p, rtol=1e-6, atol=1e-9)
    order = s.argsort()
    assert (p[order].diff() >= 0).all()


@settings(deadline=None)
@given(LOGITS, TEMPERATURE)
def test_loss_and_gradient_equal_autograd(s: torch.Tensor, t: float) -> None:
    x, last = s.clone().requires_grad_(), len(s) - 1
    expected = F.cross_entropy(x / t, torch.tensor(last))
    (slopes,) = torch.autograd.grad(expected, x)
    mine = outcome(s.tolist(), last, t)
    torch.testing.assert_close(torch.tensor(mine.p, dtype=torch.float64), F.softmax(s / t, -1))
    assert mine.loss[last] == pytest.approx(expected.item())
    torch.testing.assert_close(torch.tensor(mine.gradient, dtype=torch.float64), slopes)
    assert sum(mine.gradient) == pytest.approx(0, abs=1e-9)


def test_every_dtype_both_ways() -> None:
    found = outcomes([100.0, 10.0, 1.0], 0, shift=5.0)
    assert [(o.dtype, o.naive) for o in found] == [
        (dtype, naive) for dtype in ("float16", "bfloat16", "float32") for naive in (True, False)
    ]
    for o in found:
        assert math.isnan(o.p[0]) if o.naive else o.p[0] == 1


def test_gradcheck() -> None:
    s = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: softmax(x, 0.7), s)
    assert torch.autograd.gradcheck(lambda x: log_softmax(x, 0.7), s)


def test_100_10_1_overflows_only_the_naive_one() -> None:
    s = torch.tensor([100.0, 10.0, 1.0])
    for name, dtype in DTYPES.items():
        stable, naive = softmax(s.to(dtype)), naive_softmax(s.to(dtype))
        assert stable.dtype == naive.dtype == dtype
        assert stable.isfinite().all() and stable[0] == 1
        assert naive.isnan().any() == (name != "float64"), name
    assert torch.exp(torch.tensor(12.0, dtype=torch.float16)).isinf()
    assert torch.exp(torch.tensor(11.0, dtype=torch.float16)).isfinite()
    assert torch.exp(torch.tensor(88.0)).isfinite() and torch.exp(torch.tensor(89.0)).isinf()
    assert naive_softmax(torch.tensor([1000.0, 0.0], dtype=torch.float64)).isnan().any()


def test_log_softmax_survives_where_the_log_of_softmax_does_not() -> None:
    s = torch.tensor([0.0, -200.0])
    assert naive_log_softmax(s)[1] == -math.inf
    assert softmax(s).log()[1] == -math.inf
    assert log_softmax(s)[1] == -200
    assert outcome([0.0, -200.0], 1, dtype="float32").loss[1] == 200


def test_low_precision_is_honest() -> None:
    s = 3 * torch.randn(100, 7, generator=torch.Generator().manual_seed(0))
    exact = softmax(s.double())
    error = {name: (softmax(s.to(dtype)) - exact).abs().mean().item() for name, dtype in DTYPES.items()}
    assert 1e-2 > error["bfloat16"] > error["float16"] > error["float32"] > error["float64"] == 0


def test_temperature_limits() -> None:
    s = torch.tensor([2.0, 1.0, -1.0])
    torch.testing.assert_close(softmax(s, 1e6), torch.full((3,), 1 / 3))
    torch.testing.assert_close(softmax(s, 1e-3), torch.tensor([1.0, 0.0, 0.0]))


def test_sampling_follows_the_probabilities() -> None:
    s, n = torch.tensor([2.0, 1.0, 0.0, -1.0]), 20_000
    counts = sample(s, n, 1.5, seed=3)
    p = softmax(s, 1.5)
    assert counts.sum() == n
    assert ((counts / n - p).abs() < 4 * (p * (1 - p) / n).sqrt()).all()
    assert torch.equal(counts, sample(s, n, 1.5, seed=3)) and not torch.equal(counts, sample(s, n, 1.5, seed=4))
    assert sample(s, 0).tolist() == [0, 0, 0, 0]
    assert sample(torch.tensor([500.0, -500.0]), 100).tolist() == [100, 0]


def test_contract() -> None:
    s = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    before = s.clone()
    for f in (softmax, naive_softmax, log_softmax, naive_log_softmax):
        torch.testing.assert_close(f(s), torch.stack([f(row) for row in s]))
        assert f(torch.empty(0, 3)).shape[0] == 0
        for dtype in DTYPES.values():
            assert f(s.to(dtype)).dtype == dtype
    assert torch.equal(s, before)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: softmax(torch.zeros(3), 0.0), "temperature must be a finite number above 0, not 0.0"),
        (lambda: softmax(torch.zeros(3), math.nan), "temperature"),
        (lambda: softmax(torch.zeros(0)), "at least one logit"),
        (lambda: softmax(torch.tensor([1, 2])), "floating-point"),
        (lambda: outcome([0.0] * 3, 3), "between 0 and 2, not 3"),
        (lambda: outcome([0.0] * 3, -1), "between 0 and 2, not -1"),
        (lambda: outcome([0.0], 0, dtype="int8"), "no dtype 'int8'"),
        (lambda: sample(torch.zeros(2, 2), 5), "one vector"),
        (lambda: sample(torch.zeros(2), -1), "negative"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
