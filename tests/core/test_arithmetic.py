"""Sliding windows against torch.nn.functional, slow loops, autograd, and the size formula over all settings."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from core import arithmetic as a

SETTINGS = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(-9, 10, shape, generator=torch.Generator().manual_seed(seed)).double()


def operands(kind: str, n: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    dims = a.KINDS[kind].dims
    return (numbers(n, n + 1), numbers(k, k, seed=1)) if dims == 2 else (numbers(1, n), numbers(1, k, seed=1))


def slow(x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int, dilation: int) -> list[list[float]]:
    """y[r, c] by four loops; what lies outside is 0."""
    (h, w), (kh, kw) = x.shape, kernel.shape
    tall = (h + 2 * padding * (kh > 1 or h > 1) - dilation * (kh - 1) - 1) // stride + 1 if h > 1 else 1
    wide = (w + 2 * padding - dilation * (kw - 1) - 1) // stride + 1

    def pixel(r: int, c: int) -> float:
        return x[r, c].item() if 0 <= r < h and 0 <= c < w else 0.0

    up = padding if h > 1 else 0
    return [[sum(kernel[i, j].item() * pixel(r * stride + i * dilation - up, c * stride + j * dilation - padding)
                 for i in range(kh) for j in range(kw)) for c in range(wide)] for r in range(tall)]  # fmt: skip


@pytest.mark.parametrize("kind", a.KINDS)
@given(SETTINGS, st.integers(0, 2))
def test_equals_torch(kind, settings, extra):
    """Whatever PyTorch takes we take, with the same sizes and numbers; what it refuses we refuse with a sentence."""
    n, k, s, p, d = settings
    x, kernel = operands(kind, n, k)
    try:
        own = a.by_torch(x, kernel, kind, s, p, d, extra)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"\.$"):
            a.windows(kind, x.shape, k, s, p, d, extra)
        return
    extra = extra if a.KINDS[kind].transposed else 0
    w = a.windows(kind, x.shape, k, s, p, d, extra)
    assert w.shape == tuple(own.shape)
    torch.testing.assert_close(a.convolve(x, kernel, w, kind), own)
    # The two ways of writing it as a matrix.
    torch.testing.assert_close((a.slid(kernel, kind).reshape(1, -1) @ a.columns(x, w)).reshape(w.shape), own)
    torch.testing.assert_close((a.matrix(kernel, w, kind) @ x.flatten()).reshape(w.shape), own)


@given(SETTINGS)
def test_equals_a_slow_loop(settings):
    n, k, s, p, d = settings
    assume(d * (k - 1) + 1 <= n + 2 * p)
    for kind in ("2d", "1d") if n > 1 else ("1d",):
        x, kernel = operands(kind, n, k)
        w = a.windows(kind, x.shape, k, s, p, d)
        assert a.convolve(x, kernel, w, kind).tolist() == slow(x, kernel, s, p, d)


@given(SETTINGS)
def test_the_formula_says_the_size(settings):
    n, k, s, p, d = settings
    assume(d * (k - 1) + 1 <= n + 2 * p)
    axis = a.axis("2d", n, k, s, p, d)
    assert axis.out == (n + 2 * p - d * (k - 1) - 1) // s + 1
    left, _, said = axis.formula.rpartition(" = ")
    assert eval(left.translate({ord("⌊"): "(", ord("⌋"): ")", ord("·"): "*", ord("−"): "-"}).replace("/", "//")) == int(
        said
    )
    assert int(said) == axis.out == len(axis.place)


@given(SETTINGS)
def test_a_pixel_is_dropped_where_no_gradient_comes_back(settings):
    n, k, s, p, d = settings
    assume(d * (k - 1) + 1 <= n + 2 * p)
    x = torch.ones(1, 1, n, n, requires_grad=True)
    (reached,) = torch.autograd.grad(F.conv2d(x, torch.ones(1, 1, k, k), stride=s, padding=p, dilation=d).sum(), x)
    w = a.windows("2d", (n, n), k, s, p, d)
    assert ((w.marks == a.DROPPED)[w.pixel >= 0] == (reached.flatten() == 0)).all()
    assert ((w.marks == a.PADDING) == (w.pixel < 0)).all()


@pytest.mark.parametrize("kind", a.KINDS)
def test_gradients_are_a_row_of_the_matrix_and_a_column_of_the_windows(kind):
    x, kernel = operands(kind, 5, 3)
    settings = {"stride": 2, "padding": 1, "dilation": 1}
    w = a.windows(kind, x.shape, 3, **settings)
    at = tuple(size // 2 for size in w.shape)
    dx, dw = a.gradients(x, kernel, kind, at, **settings)
    index = at[0] * w.shape[1] + at[1]
    torch.testing.assert_close(dx.flatten(), a.matrix(kernel, w, kind)[index])
    torch.testing.assert_close(a.slid(dw, kind).flatten(), a.columns(x, w)[:, index])


def test_a_causal_output_sees_nothing_of_the_future():
    x, kernel = numbers(1, 9), numbers(1, 3, seed=1)
    w = a.windows("causal1d", x.shape, 3, dilation=2)
    assert w.shape == (1, 9)
    assert a.matrix(kernel, w, "causal1d").triu(1).abs().max() == 0


def test_coverage_counts_the_pixels_of_each_output():
    """k = 3, s = 2: one, two, one, two; k = 4, s = 2: two everywhere but at the ends."""
    uneven = a.coverage(a.windows("transposed1d", (1, 4), 3, 2, 1)).flatten().tolist()
    assert uneven == [1, 2, 1, 2, 1, 2, 1]
    even = a.coverage(a.windows("transposed1d", (1, 4), 4, 2, 1)).flatten().tolist()
    assert even == [1, *[2] * 6, 1]
    w = a.windows("transposed2d", (4, 4), 3, 2, 1)
    ones = F.conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3), stride=2, padding=1)
    assert a.coverage(w).tolist() == ones[0, 0].tolist()


@pytest.mark.parametrize("k", range(1, 7))
@pytest.mark.parametrize("stride", range(1, 5))
def test_it_is_even_exactly_where_the_stride_divides_the_kernel(k, stride):
    fewest, most = a.evenness(a.windows("transposed1d", (1, 9), k, stride))
    assert (fewest == most) == (k % stride == 0)
    ends = a.windows("transposed1d", (1, 2), 6, 1)  # every window hangs over the edge: all count
    assert a.evenness(ends) == (1, 2)


@given(SETTINGS, st.booleans(), st.booleans(), st.sampled_from(list(a.POOLS)))
def test_pools_equal_torch(settings, ceil, count, how):
    n, k, s, p, d = settings
    d, p, ceil = (1 if how in ("average", "lp") else d), (0 if how == "lp" else p), ceil and how != "lp"
    x = numbers(n, n + 1).abs()
    try:
        own = a.pool_by_torch(x, how, k, s, p, d, ceil, 3, count)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"\.$"):
            a.pool_windows(x.shape, k, s, p, d, ceil)
        return
    w = a.pool_windows(x.shape, k, s, p, d, ceil)
    pooled = a.pool(x, how, w, 3, count)
    assert w.shape == tuple(own.shape)
    assert w.rows.formula.endswith(f" {w.rows.out}")
    torch.testing.assert_close(pooled.y, own)


@given(SETTINGS, st.booleans())
def test_the_winner_is_that_of_torch(settings, ceil):
    """Also at a tie; and all that are as large are marked."""
    n, k, s, p, d = settings
    assume(p <= k // 2 and d * (k - 1) + 1 <= n + 2 * p)
    x = torch.randint(0, 3, (n, n), generator=torch.Generator().manual_seed(n)).double()
    w = a.pool_windows(x.shape, k, s, p, d, ceil)
    role = a.pool(x, "max", w).role
    pixels = w.pixel.flatten()[w.place]
    own = F.max_pool2d(x[None, None], k, s, p, d, ceil, return_indices=True)[1].flatten()
    some = (pixels >= 0).any(1)  # a dilated window may hold padding alone: nothing wins
    assert pixels[role == a.WINNER].tolist() == own[some].tolist()
    pixels, role, own = pixels[some], role[some], own[some]
    for cells, roles, best in zip(pixels, role, own, strict=True):
        equal = [c for c in cells.tolist() if c >= 0 and x.flatten()[c] == x.flatten()[best]]
        assert int((roles >= a.TIED).sum()) == len(equal)


def test_reports_hold_what_they_say():
    told = a.report("2d", numbers(6, 6).tolist(), numbers(3, 3, seed=1).tolist(), stride=2)
    assert told.rows == "⌊(6 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 2"
    assert (told.dropped, told.pixels, told.products, told.difference) == (11, 36, 36, 0.0)
    pooled = a.pool_report("max", torch.ones(5, 5).tolist(), 2, 2)
    assert (pooled.dropped, pooled.ties, pooled.output, pooled.difference) == (9, 4, [[1.0, 1.0]] * 2, 0.0)


@pytest.mark.parametrize(
    "call",
    [lambda: a.axis("2d", 3, 5), lambda: a.axis("2d", 0, 1), lambda: a.axis("2d", 3, 1, padding=-1),
     lambda: a.axis("transposed2d", 3, 2, 2, extra=2), lambda: a.axis("transposed2d", 2, 2, 1, 2),
     lambda: a.axis("4d", 3, 1), lambda: a.pool_axis(4, 2, 1, padding=2), lambda: a.pool_axis(2, 3, 1),
     lambda: a.pool(numbers(4, 4), "best", a.pool_windows((4, 4), 2, 2))],
)  # fmt: skip
def test_what_is_not_possible_is_said(call):
    with pytest.raises(ValueError, match=r"\.$"):
        call()
