"""Gates against PyTorch's own glu, gradcheck and finite differences."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from core import activations
from core.gates import GATES, gated, passed

PLACE = st.floats(-6, 6)
FAMILY = pytest.mark.parametrize("name", GATES)


def grid() -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.linspace(-4, 4, 33, dtype=torch.float64) + 0.01  # beside the kink of ReLU
    return z.unsqueeze(1), z.unsqueeze(0)


def test_glu_is_pytorchs() -> None:
    u, v = torch.broadcast_tensors(*grid())
    expected = F.glu(torch.stack([u, v]), dim=0)[0]
    torch.testing.assert_close(gated(activations.bind("sigmoid"), u, v).y, expected)


@pytest.mark.parametrize(
    ("name", "function"),
    [("reglu", F.relu), ("geglu", F.gelu), ("swiglu", F.silu), ("bilinear", lambda v: v)],
)
def test_variants_are_products_with_pytorchs_functions(name, function) -> None:
    u, v = grid()
    torch.testing.assert_close(gated(activations.bind(GATES[name].activation), u, v).y, u * function(v))


@FAMILY
def test_derivatives_are_those_of_finite_differences(name: str) -> None:
    f, (u, v), h = activations.bind(GATES[name].activation), grid(), 1e-6
    at = gated(f, u, v)
    torch.testing.assert_close(at.du, ((u + h) * f(v) - (u - h) * f(v)) / (2 * h), atol=1e-7, rtol=1e-6)
    torch.testing.assert_close(at.dv, u * (f(v + h) - f(v - h)) / (2 * h), atol=1e-7, rtol=1e-6)


@given(PLACE, PLACE)
def test_one_point_is_the_grid_at_that_point(u: float, v: float) -> None:
    f = activations.bind("silu")
    point, field = passed(f, u, v), gated(f, torch.tensor([u, 1.0]).double(), torch.tensor(v).double())
    assert [point.y, point.f] == pytest.approx(field.y.tolist())
    assert [point.dv, point.df] == pytest.approx(field.dv.tolist())
    assert point.du == point.f, "the derivative by the value is the gate"


def test_a_gate_that_closes_itself_is_silu() -> None:
    z = torch.linspace(-6, 6, 49)
    torch.testing.assert_close(gated(torch.sigmoid, z, z).y, F.silu(z))


def test_arguments_stay_as_they_are() -> None:
    u, v = torch.ones(3), torch.zeros(3)
    gated(torch.relu, u, v)
    assert u.tolist() == [1, 1, 1] and v.tolist() == [0, 0, 0] and not u.requires_grad


def test_a_gate_without_a_slope_has_slope_0() -> None:
    assert gated(torch.ones_like, torch.tensor([2.0]), torch.tensor([3.0])).dv.tolist() == [0.0]


@pytest.mark.parametrize("wrong", [math.inf, math.nan])
def test_bad_input_gets_a_sentence(wrong: float) -> None:
    with pytest.raises(ValueError, match="u and v must be finite"):
        passed(torch.relu, wrong, 0.0)
