"""Receptive fields: what the formulas say against what the gradient reaches."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from core import receptive
from core.receptive import Layer

STACKS = {
    "five 3×3": [Layer()] * 5,
    "dilated": [Layer(d=d) for d in (1, 2, 4)],
    "strided": [Layer(s=2), Layer(k=5, s=2), Layer()],
    "VGG": [Layer(), Layer(), Layer(2, 2, 1, "max"), Layer(), Layer(2, 2, 1, "max")],
    "average": [Layer(), Layer(3, 2, 1, "average"), Layer(k=5)],
    "even": [Layer(k=4), Layer(k=2, d=3), Layer(k=4, s=2)],
    "dilated pooling": [Layer(2, 1, 3, "max"), Layer(3, 1, 2, "average")],
}
each_stack = pytest.mark.parametrize("layers", STACKS.values(), ids=STACKS.keys())
layer = st.builds(Layer, st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["conv", "average"]))


def modules(layers: list[Layer], padded: bool) -> nn.Sequential:
    """PyTorch's own layers; average pooling with dilation as a convolution."""
    made: list[nn.Module] = []
    for one in layers:
        p = receptive.padding(one, padded)
        if one.kind == "max":
            made.append(nn.MaxPool2d(one.k, one.s, dilation=one.d))
        elif one.kind == "average" and one.d == 1:
            made.append(nn.AvgPool2d(one.k, one.s))
        else:
            conv = nn.Conv2d(1, 1, one.k, one.s, p, one.d, bias=False)
            nn.init.constant_(conv.weight, 1.0)
            made.append(conv)
    return nn.Sequential(*made)


@each_stack
@pytest.mark.parametrize("padded", [False, True])
def test_sizes_are_those_of_pytorch(layers: list[Layer], padded: bool) -> None:
    x = torch.rand(1, 1, 40, 40)
    sizes = [40]
    for module in modules(layers, padded):
        x = module(x)
        sizes.append(x.shape[-1])
    assert [seen.size for seen in receptive.fields(layers, 40, padded)] == sizes


@given(st.lists(layer, min_size=1, max_size=5), st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_field_is_where_the_gradient_is_not_zero(layers: list[Layer], padded: bool) -> None:
    """All weights positive: nothing can cancel, so the reach of the gradient is the field, cut at the border."""
    size = 48
    assume(receptive.too_long(layers, size, padded) is None)
    last = receptive.fields(layers, size, padded)[-1]
    x = torch.rand(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    y = modules(layers, padded).double()(x)
    unit = last.size // 2
    (slope,) = torch.autograd.grad(y[0, 0, unit, unit], x)
    reached = slope[0, 0].abs().sum(0).nonzero().flatten()
    low, high = receptive.span(last, unit)
    # The outermost tap may lie in the padding; then the field is cut, by the next tap or by the border.
    assert low <= reached[0].item() and reached[-1].item() <= high
    if low >= 0:
        assert reached[0].item() == low
    if high <= size - 1:
        assert reached[-1].item() == high
    chain = receptive.paths(layers, size, padded)
    assert chain[0] == reached.tolist()  # with the gaps that dilation and strides leave


@each_stack
def test_max_pooling_stays_within_the_field(layers: list[Layer]) -> None:
    picture = torch.rand((40, 40), generator=torch.Generator().manual_seed(0))
    last = receptive.fields(layers, 40, False)[-1]
    found = receptive.effect(layers, picture, False, seed=2)
    low, high = receptive.span(last, found.unit)
    assert found.share_within(low, high) == pytest.approx(1, abs=1e-5)
    assert 1 <= found.square(0.95) <= last.field
    assert found.square(1.0) <= last.field


def test_alike_weights_give_a_binomial_bell() -> None:
    """n kernels [1 1 1]: the number of paths is the n-th power of the polynomial 1 + z + z²."""
    paths = torch.ones(1)
    for _ in range(5):
        paths = torch.nn.functional.conv1d(paths.view(1, 1, -1), torch.ones(1, 1, 3), padding=2).flatten()
    found = receptive.effect([Layer()] * 5, torch.rand(31, 31), True, "ones").weight
    expected = torch.outer(paths, paths).square()
    torch.testing.assert_close(found[10:21, 10:21], expected / expected.sum(), atol=1e-6, rtol=1e-4)


def test_the_effective_field_grows_like_a_root() -> None:
    """Luo et al.: the theoretical field grows with the depth, the effective one with its square root."""
    picture = torch.rand((81, 81), generator=torch.Generator().manual_seed(1))
    widths = [receptive.effect([Layer(k=5)] * n, picture, True, "ones").square(0.8) for n in (4, 16)]
    assert 1.6 <= widths[1] / widths[0] <= 2.4


def test_one_unit_sees_one_pixel_of_a_pointwise_layer() -> None:
    found = receptive.effect([Layer(k=1)] * 3, torch.rand(9, 9), True, "ones")
    assert found.square() == 1 and found.weight[4, 4] == 1


def test_several_networks_are_each_alone() -> None:
    """Grouped into one convolution, as computed one by one."""
    picture, layers = torch.rand((20, 20), generator=torch.Generator().manual_seed(3)), [Layer(), Layer(s=2)]
    generator = torch.Generator().manual_seed(5)
    first = receptive._weights(layers[0], 1, 3, 2, "random", generator)
    second = receptive._weights(layers[1], 3, 3, 2, "random", generator)
    total = torch.zeros(20, 20)
    for net in range(2):
        x = picture[None, None].clone().requires_grad_()
        own = slice(3 * net, 3 * net + 3)
        y = torch.conv2d(x - picture.mean(), first[own], padding=1).relu()
        y = torch.conv2d(y, second[own], stride=2, padding=1).relu()
        (slope,) = torch.autograd.grad(y[0, :, 5, 5].sum(), x)
        total += slope[0, 0].square()
    found = receptive.effect(layers, picture, True, seed=5, nets=2, channels=3)
    torch.testing.assert_close(found.weight, total / total.sum(), atol=1e-6, rtol=1e-4)


def test_ways_lead_from_the_pixels_to_the_unit() -> None:
    layers = [Layer(d=2), Layer(s=2), Layer(k=2)]
    found, reached = receptive.ways(layers, 16, True), receptive.paths(layers, 16, True)
    seen = receptive.fields(layers, 16, True)
    for n, units in enumerate(reached):
        places = [seen[n].centre + u * seen[n].jump for u in units]
        if n < len(layers):
            assert found[found[:, 0] == n + 1, 1].unique().tolist() == places
        if n:
            assert found[found[:, 0] == n, 2].unique().tolist() == places
    steps = found[:, 2] - found[:, 1]  # no step is longer than half the kernel that makes it
    assert steps[found[:, 0] == 1].unique().tolist() == [-2, 0, 2]


def test_a_unit_at_the_border_sees_the_padding() -> None:
    """The field of the first unit hangs over the edge: what remains of it lies in the corner."""
    layers = [Layer(), Layer()]
    found = receptive.effect(layers, torch.rand(12, 12), True, "ones", unit=0).weight
    assert found[:3, :3].sum() == pytest.approx(1)
    assert found[0, 0] > found[2, 2] > 0


def test_a_kernel_that_does_not_fit_is_told() -> None:
    layers = [Layer(k=5), Layer(k=11), Layer()]
    assert receptive.too_long(layers, 12, False) == 1
    assert [seen.size for seen in receptive.fields(layers, 12, False)] == [12, 8, 0, 0]
    with pytest.raises(RuntimeError, match="size"):
        modules(layers, False)(torch.rand(1, 1, 12, 12))
    with pytest.raises(ValueError, match="layer 2"):
        receptive.effect(layers, torch.rand(12, 12), False)
