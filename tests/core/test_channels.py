"""Costs of convolutions: against nn.Conv2d, and against a loop that counts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from core import channels

CASES = [
    (c_in, c_out, k, g)
    for c_in in (1, 4, 6)
    for c_out in (2, 6, 12)
    for k in (1, 3, 5)
    for g in range(1, 7)
    if c_in % g == 0 and c_out % g == 0
]


@pytest.mark.parametrize(("c_in", "c_out", "k", "groups"), CASES)
def test_parameters_are_those_of_pytorch(c_in: int, c_out: int, k: int, groups: int) -> None:
    layer = nn.Conv2d(c_in, c_out, k, groups=groups, bias=False)
    assert channels.cost(c_in, c_out, k, groups, 1).parameters == layer.weight.numel()


def test_multiply_adds_are_counted_by_a_loop() -> None:
    c_in, c_out, k, groups, size = 4, 6, 3, 2, 5
    count = 0
    for out in range(c_out):
        for into in range(c_in):
            if out // (c_out // groups) == into // (c_in // groups):
                for _place in range(size * size):
                    count += k * k
    assert channels.cost(c_in, c_out, k, groups, size).multiply_adds == count


@given(st.integers(1, 24), st.integers(1, 24), st.integers(1, 4))
def test_connections_are_those_that_a_gradient_finds(c_in: int, c_out: int, seed: int) -> None:
    fit = channels.groups_that_fit(c_in, c_out)
    groups = fit[seed % len(fit)]
    weight = torch.ones(c_out, c_in // groups, 1, 1)
    x = torch.ones(1, c_in, 1, 1)

    def outputs(x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, weight, groups=groups).flatten()

    jacobian = torch.autograd.functional.jacobian(outputs, x).reshape(c_out, c_in)
    seen = channels.connections(c_in, c_out, groups)
    assert torch.equal(seen >= 0, jacobian > 0)
    assert len(seen[seen >= 0].unique()) == groups
    assert (seen >= 0).sum() == channels.cost(c_in, c_out, 1, groups, 1).parameters


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 7), st.integers(1, 20))
def test_depthwise_and_pointwise_save_what_the_formula_says(c_in: int, c_out: int, k: int, size: int) -> None:
    costs = {c.kind: c for c in channels.compare(c_in, c_out, k, 1, size)}
    assert costs["separable"].share == pytest.approx(channels.saving(c_out, k))
    ratio = costs["separable"].multiply_adds / costs["standard"].multiply_adds
    assert ratio == pytest.approx(channels.saving(c_out, k))
    parts = costs["depthwise"].parameters + costs["pointwise"].parameters
    modules = nn.Conv2d(c_in, c_in, k, groups=c_in, bias=False), nn.Conv2d(c_in, c_out, 1, bias=False)
    assert parts == costs["separable"].parameters == sum(m.weight.numel() for m in modules)
    assert costs["grouped"].parameters == costs["standard"].parameters


@pytest.mark.parametrize(("c_in", "c_out", "groups"), [(16, 16, 3), (8, 6, 4), (6, 8, 4), (4, 4, 0), (4, 4, 8)])
def test_groups_that_do_not_divide_are_refused_and_those_that_do_are_named(c_in, c_out, groups) -> None:
    with pytest.raises(ValueError, match="would"):
        channels.cost(c_in, c_out, 3, groups, 8)
    with pytest.raises((ValueError, RuntimeError, ZeroDivisionError)):  # PyTorch does not like them either
        nn.functional.conv2d(torch.ones(1, c_in, 3, 3), torch.ones(c_out, c_in // groups, 3, 3), groups=groups)
    for fits in channels.groups_that_fit(c_in, c_out):
        nn.Conv2d(c_in, c_out, 3, groups=fits)


def test_blocks_hold_all_weights_and_no_more() -> None:
    seen = channels.connections(6, 4, 2)
    drawn = channels.weights_drawn(seen, 3)
    assert drawn.shape == (4 * 4 - 1, 6 * 4 - 1)
    assert (drawn >= 0).sum() == channels.cost(6, 4, 3, 2, 1).parameters
    assert torch.equal(drawn[1::4, 1::4], seen)
