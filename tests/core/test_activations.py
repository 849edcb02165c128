"""Activations against PyTorch's own functions, finite differences and the contract over the family."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from core import activations
from core.activations import ACTIVATIONS, PARAMETERS, bind, curve, lipschitz, probe, saturated

GRID = [
    -1e4,
    -100.0,
    -20.5,
    -6.0,
    -3.0,
    -1.3,
    -1.0,
    -0.4,
    -1e-3,
    0.0,
    1e-3,
    0.7,
    1.0,
    2.9,
    3.0,
    6.0,
    20.5,
    100.0,
    1e4,
]
KINKS = [-3.0, -1.0, 0.0, 1.0, 3.0, 6.0]
FAMILY = pytest.mark.parametrize("name", ACTIVATIONS)


def torchs_own(name: str, z: Tensor) -> Tensor:
    """What PyTorch computes: the call that the page shows, run as it stands."""
    defaults = {p.name: p.default for p in ACTIVATIONS[name].parameters}
    return eval(ACTIVATIONS[name].torch_call, {"torch": torch, "z": z, **defaults})


@FAMILY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_derivative_equal_torch(name: str, dtype: torch.dtype) -> None:
    z = torch.tensor(GRID + torch.linspace(-8, 8, 333).tolist(), dtype=dtype)
    x = z.clone().requires_grad_()
    expected = torchs_own(name, x)
    expected_slope = torch.autograd.grad(expected.sum(), x)[0] if expected.requires_grad else torch.zeros_like(z)
    got = curve(name, z)
    atol = 4e-6 if dtype == torch.float32 else 1e-8  # F.softplus drops e^-20
    torch.testing.assert_close(got.f, expected.detach(), rtol=2e-6, atol=atol)
    torch.testing.assert_close(got.df, expected_slope, rtol=2e-6, atol=atol)


@FAMILY
def test_derivative_at_the_kinks_is_torchs(name: str) -> None:
    x = torch.tensor(KINKS, dtype=torch.float64, requires_grad=True)
    y = torchs_own(name, x)
    slope = torch.autograd.grad(y.sum(), x)[0] if y.requires_grad else torch.zeros_like(x)
    torch.testing.assert_close(curve(name, x).df, slope, rtol=1e-7, atol=1e-9)  # torch writes 1/6 as a float


def test_bounded_ramps_have_no_slope_at_their_kinks() -> None:
    z = torch.linspace(-8, 8, 65)
    torch.testing.assert_close(curve("hard_tanh", z).f, torch.where(z < -1, -1.0, torch.where(z > 1, 1.0, z)))
    torch.testing.assert_close(curve("relu6", z).f, torch.where(z < 0, 0.0, torch.where(z > 6, 6.0, z)))
    torch.testing.assert_close(curve("hard_tanh", z).df, ((z > -1) & (z < 1)).float())
    torch.testing.assert_close(curve("relu6", z).df, ((z > 0) & (z < 6)).float())
    torch.testing.assert_close(curve("relu", z).df, (z > 0).float())


def test_lecture_formulas() -> None:
    z = torch.linspace(-5, 5, 101, dtype=torch.float64)
    sigma = 1 / (1 + torch.exp(-z))
    torch.testing.assert_close(curve("sigmoid", z).f, sigma)
    torch.testing.assert_close(curve("sigmoid", z).df, sigma * (1 - sigma))
    torch.testing.assert_close(curve("tanh", z).f, 2 / (1 + torch.exp(-2 * z)) - 1)
    torch.testing.assert_close(curve("softplus", z).f, torch.log(1 + torch.exp(z)))
    torch.testing.assert_close(curve("softplus", z).df, sigma)
    torch.testing.assert_close(curve("silu", z).f, F.silu(z))
    torch.testing.assert_close(curve("leaky_relu", z, alpha=0.3).f, torch.maximum(0.3 * z, z))


@FAMILY
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_large_values_stay_finite(name: str, dtype: torch.dtype) -> None:
    z = torch.tensor(GRID, dtype=dtype)
    for extreme in ({}, *({p.name: v} for p in ACTIVATIONS[name].parameters for v in (p.low, p.high))):
        got = curve(name, z, **extreme)
        for values in (got.f, got.df, got.d2f):
            assert values.isfinite().all(), extreme


@FAMILY
def test_gradcheck(name: str) -> None:
    z = torch.linspace(-7.05, 7.06, 16, dtype=torch.float64, requires_grad=True)
    assert all((z.detach() - k).abs().min() > 1e-3 for k in KINKS)
    assert torch.autograd.gradcheck(bind(name), z)
    if name not in ("identity", "step"):
        assert torch.autograd.gradgradcheck(bind(name), z)


@FAMILY
def test_derivatives_equal_finite_differences(name: str) -> None:
    z = torch.linspace(-7.05, 7.06, 200, dtype=torch.float64)
    z = z[torch.stack([(z - k).abs() > 0.01 for k in KINKS]).all(0)]
    f, got, h = bind(name), curve(name, z), 1e-4
    torch.testing.assert_close(got.df, (f(z + h) - f(z - h)) / (2 * h), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(got.d2f, (f(z + h) - 2 * f(z) + f(z - h)) / h**2, rtol=1e-4, atol=1e-5)


@FAMILY
def test_contract(name: str) -> None:
    f = bind(name)
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    before = z.clone()
    batch = f(z)
    assert torch.equal(z, before)
    torch.testing.assert_close(batch, torch.stack([f(row) for row in z]))
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        assert f(z.to(dtype)).dtype == dtype
        assert curve(name, z.to(dtype)).d2f.dtype == dtype
    assert f(torch.empty(0, 2)).shape == (0, 2)
    assert curve(name, torch.empty(0)).df.shape == (0,)
    got = curve(name, torch.tensor(0.5))
    assert got.f.shape == got.df.shape == got.d2f.shape == ()
    assert not got.f.requires_grad and not got.df.requires_grad
    if name != "step":  # the sign of NaN is 0
        assert f(torch.tensor(math.nan)).isnan()


@FAMILY
def test_derivative_works_where_gradients_are_off(name: str) -> None:
    z = torch.linspace(-2, 2, 5)
    with torch.no_grad():
        torch.testing.assert_close(curve(name, z).df, curve(name, z).df)
        assert curve("sigmoid", z).df[2] == 0.25


def test_table_is_consistent() -> None:
    names = [p.name for a in ACTIVATIONS.values() for p in a.parameters]
    assert len(names) == len(set(names)) == len(PARAMETERS)
    assert len({a.title for a in ACTIVATIONS.values()}) == len(ACTIVATIONS)
    for activation in ACTIVATIONS.values():
        assert "$" not in activation.formula and activation.note.endswith(".")
        for p in activation.parameters:
            assert p.low <= p.default <= p.high and p.step > 0


def test_selu_constants_keep_the_standard_normal() -> None:
    z = torch.linspace(-12, 12, 20001, dtype=torch.float64)
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    f = activations.selu(z)
    assert torch.trapezoid(f * density, z).abs() < 1e-6
    assert (torch.trapezoid(f * f * density, z) - 1).abs() < 1e-6


@settings(deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(0, 0.5))
def test_probe_is_exact(x: float, alpha: float) -> None:
    sigmoid, leaky = probe(["sigmoid", "leaky_relu"], x, alpha=alpha, elu_alpha=2.0)
    s = 1 / (1 + math.exp(-x)) if x > -700 else 0.0
    assert sigmoid.f == pytest.approx(s, rel=1e-12, abs=1e-300)
    assert sigmoid.df == pytest.approx(s * (1 - s), rel=1e-9, abs=1e-15)
    assert (leaky.f, leaky.df) == ((x, 1.0) if x > 0 else (alpha * x, alpha))


def test_saturated() -> None:
    assert saturated(curve("sigmoid", torch.tensor([-8.0, 0.0, 8.0])).df, 0.1).tolist() == [True, False, True]


@FAMILY
def test_lipschitz_bounds_every_chord_and_is_reached_by_one(name: str) -> None:
    """The definition: |f(a) - f(b)| ≤ L |a - b| for all pairs, and not for any smaller L."""
    for size in (0.5, 1.0, 3.0):
        sizes = {p.name: min(size, p.high) for p in ACTIVATIONS[name].parameters}
        f, bound = bind(name, **sizes), lipschitz(name, **sizes)
        random = torch.Generator().manual_seed(0)
        a = (torch.rand(40_000, generator=random, dtype=torch.float64) - 0.5) * 40
        b = a + torch.randn(40_000, generator=random, dtype=torch.float64) * 10 ** (
            -4 * torch.rand(40_000, generator=random)
        )
        chords = (f(a) - f(b)).abs() / (a - b).abs()
        if name == "step":
            assert bound == math.inf and chords.max() > 100
        else:
            assert chords.max() <= bound * (1 + 1e-6), sizes
            assert chords.max() >= bound * 0.995, sizes


@pytest.mark.parametrize(
    ("name", "sizes", "expected"),
    [("sigmoid", {}, 0.25), ("leaky_relu", {"alpha": 0.2}, 1.0), ("prelu", {"prelu_a": 1.0}, 1.0),
     ("selu", {}, 1.0507009873554805 * 1.6732632423543772), ("hard_swish", {}, 1.5), ("gelu", {}, 1.128904145)],
)  # fmt: skip
def test_lipschitz_constants_that_are_known(name: str, sizes: dict[str, float], expected: float) -> None:
    assert lipschitz(name, **sizes) == pytest.approx(expected, abs=2e-8)


def test_samples_are_the_curves() -> None:
    table = activations.samples(["relu", "leaky_relu"], (-1.0, 1.0), alpha=0.3)
    assert list(table) == ["x", "relu", "relu'", "relu''", "leaky_relu", "leaky_relu'", "leaky_relu''"]
    assert (table["x"][0], table["leaky_relu"][0], table["leaky_relu'"][0]) == (
        -1.0,
        pytest.approx(-0.3),
        0.3,
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: curve("sine", torch.zeros(1)), "There is no activation 'sine'"),
        (lambda: curve("relu", torch.zeros(1), alpha=0.1), "ReLU takes no parameters, not 'alpha'"),
        (lambda: curve("elu", torch.zeros(1), alpha=0.1), "ELU takes only elu_alpha, not 'alpha'"),
        (lambda: curve("leaky_relu", torch.zeros(1), alpha=0.9), "between 0.0 and 0.5, not 0.9"),
        (lambda: curve("leaky_relu", torch.zeros(1), alpha=math.nan), "between 0.0 and 0.5, not nan"),
        (lambda: curve("relu", torch.zeros(1, dtype=torch.int64)), "floating-point"),
        (lambda: probe(["relu"], math.inf), "finite"),
        (lambda: probe(["relu"], 0.0, slope=1.0), "No activation has a parameter 'slope'"),
        (lambda: saturated(torch.zeros(1), 0.0), "above 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
