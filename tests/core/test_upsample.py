"""The ways up against torch.nn.functional, numpy and slow loops; and that pixel shuffle is a transposed convolution."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.upsample import WAYS, arithmetic, down, footprint, kernel, means, products, sub_pixels

SETTINGS = [(2, 2, "ones"), (2, 3, "ones"), (2, 4, "tent"), (3, 5, "tent"), (3, 6, "tent"), (4, 7, "random")]


def both(r: int, k: int, weights: str, h: int = 3, w: int = 4):
    """A map, and what goes with it."""
    large = torch.rand(h * r, w * r, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return F.max_pool2d(large[None], r)[0], means(large, r, k, weights, seed=3), large


@pytest.mark.parametrize(("r", "k", "weights"), SETTINGS)
def test_equals_torch_and_slow_loops(r: int, k: int, weights: str) -> None:
    y, m, large = both(r, k, weights)
    up = {name: way.up(y, m) for name, way in WAYS.items()}
    assert all(u.shape == large.shape for u in up.values())
    torch.testing.assert_close(up["nearest"], F.interpolate(y[None, None], scale_factor=r, mode="nearest")[0, 0])
    torch.testing.assert_close(up["nails"], torch.from_numpy(np.kron(y.numpy(), np.eye(1, r * r).reshape(r, r))))
    # Max-unpooling: what is left of the picture when all but the winners are set to 0.
    blocks = up["nearest"]
    torch.testing.assert_close(up["unpool"], torch.where(large == blocks, large, 0))
    # Transposed convolution: lay down, add up, cut.
    full = torch.zeros((y.shape[0] - 1) * r + k, (y.shape[1] - 1) * r + k + r, dtype=y.dtype)
    full = F.pad(full, (0, 0, 0, r))
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            full[i * r : i * r + k, j * r : j * r + k] += y[i, j] * m.kernel
    cut = (k - r + 1) // 2
    torch.testing.assert_close(up["transposed"], full[cut : cut + large.shape[0], cut : cut + large.shape[1]])


@settings(deadline=None)
@given(st.integers(2, 4), st.integers(0, 4), st.sampled_from(["ones", "tent", "random"]), st.integers(0, 99))
def test_pixel_shuffle_is_a_transposed_convolution(r: int, more: int, weights: str, seed: int) -> None:
    large = torch.rand(5 * r, 4 * r, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    m = means(large, r, r + more, weights, seed)
    y = F.avg_pool2d(large[None], r)[0]
    torch.testing.assert_close(WAYS["shuffle"].up(y, m), WAYS["transposed"].up(y, m))
    assert sub_pixels(y, m).shape == (r**2, 5, 4)


@pytest.mark.parametrize("way", WAYS)
def test_products_add_up_to_what_each_way_makes(way: str) -> None:
    for r, k, weights in [
        (2, 3, "ones"),
        (2, 9, "random"),
        (3, 4, "random"),
        (4, 6, "tent"),
        (7, 9, "random"),
    ]:
        large = torch.rand(5 * r, 4 * r, generator=torch.Generator().manual_seed(r), dtype=torch.float64)
        m, y = means(large, r, k, weights), down(large, r)
        cell, tap, pixel = products(way, m, *y.shape).T
        up = torch.zeros(large.numel(), dtype=torch.float64)
        up.index_add_(0, pixel, y.flatten()[cell] * footprint(way, m)[0].flatten()[tap])
        torch.testing.assert_close(up.reshape(large.shape), WAYS[way].up(y, m))


def test_kernel() -> None:
    assert kernel(2, 4)[0].tolist() == pytest.approx([0.0625, 0.1875, 0.1875, 0.0625])
    for r, k, weights in SETTINGS:
        assert kernel(r, k, weights).sum().item() == pytest.approx(r**2)
    assert not torch.equal(kernel(2, 4, "random", 1), kernel(2, 4, "random", 2))


def test_tent_of_twice_the_factor_is_bilinear() -> None:
    y, m, _large = both(2, 4, "tent", 5, 6)
    inside = slice(2, -2)
    torch.testing.assert_close(WAYS["transposed"].up(y, m)[inside, inside], WAYS["bilinear"].up(y, m)[inside, inside])


def test_checkerboard_where_the_factor_does_not_divide_the_kernel() -> None:
    """A flat map stays flat inside for k = 4, r = 2, and does not for k = 3."""
    flat = torch.ones(6, 6, dtype=torch.float64)
    for k, even in ((2, True), (4, True), (3, False), (5, False)):
        up = WAYS["transposed"].up(flat, means(torch.rand(12, 12), 2, k, "ones"))[4:-4, 4:-4]
        assert (up.std() < 1e-12) == even, k
        assert up.mean().item() == pytest.approx(1)


@pytest.mark.parametrize("way", WAYS)
def test_gradcheck_and_linearity(way: str) -> None:
    y, m, _large = both(2, 3, "random")
    assert torch.autograd.gradcheck(lambda y: WAYS[way].up(y, m), y.clone().requires_grad_())
    torch.testing.assert_close(WAYS[way].up(2 * y + 1, m), 2 * WAYS[way].up(y, m) + WAYS[way].up(torch.ones_like(y), m))
    assert WAYS[way].title and WAYS[way].note


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 5), st.integers(0, 7))
def test_arithmetic_adds_up(row: int, column: int) -> None:
    y, m, _large = both(2, 4, "tent")
    for pixel in arithmetic(y, m, row, column):
        assert pixel.value == pytest.approx(WAYS[pixel.way].up(y, m)[row, column].item(), abs=1e-5)
        assert pixel.value == pytest.approx(sum(w * v for w, v in pixel.terms), abs=1e-4)
    assert next(p for p in arithmetic(y, m, row, column) if p.way == "nearest").terms[0][0] == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: means(torch.zeros(5, 4), 2), "multiples of 2"),
        (lambda: kernel(3, 2), "at least as large; not 3 and 2"),
        (lambda: kernel(2, 4, "sharp"), "choose ones, tent or random"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
