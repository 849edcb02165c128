"""Pooling against torch.nn.functional, a slow loop over windows, and its invariants."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.arithmetic import pool_axis
from core.pooling import (
    KINDS,
    Window,
    landing,
    most_layers,
    pool,
    pooler,
    shares,
    sides,
    spline,
    windows,
)

WINDOWS = [Window(2, 2), Window(3, 2, 1), Window(3, 1), Window(2, 3, 1, 2), Window(3, 2, 1, 2, True),
           Window(2, 2, 0, 1, True), Window(5, 4, 2, 1, True), Window(1, 1)]  # fmt: skip
ANY = st.builds(
    lambda k, s, p, d, c: Window(k, s, min(p, k // 2), d, c),
    st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.integers(1, 3), st.booleans(),
)  # fmt: skip


def picture(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def looped(x: torch.Tensor, w: Window, reduce) -> torch.Tensor:
    """Window by window, pixel by pixel, over (H, W)."""
    h, width = x.shape
    out = torch.empty(w.size(h), w.size(width), dtype=x.dtype)
    for i, j in itertools.product(*map(range, out.shape)):
        rows = [i * w.stride - w.padding + a * w.dilation for a in range(w.kernel)]
        columns = [j * w.stride - w.padding + b * w.dilation for b in range(w.kernel)]
        seen = [x[r, c].item() for r in rows for c in columns if 0 <= r < h and 0 <= c < width]
        out[i, j] = reduce(sorted(seen))
    return out


@pytest.mark.parametrize("w", WINDOWS, ids=str)
def test_equals_torch(w: Window) -> None:
    x = picture(2, 3, 11, 14) - 0.3
    settings = (w.kernel, w.stride, w.padding)
    expected = F.max_pool2d(x, *settings, w.dilation, w.ceil)
    torch.testing.assert_close(pool(x, "max", w), expected)
    torch.testing.assert_close(pool(x, "max_shared", w), expected)
    torch.testing.assert_close(pool(x, "lp", w, p=math.inf), F.max_pool2d(x.abs(), *settings, w.dilation, w.ceil))
    torch.testing.assert_close(pool(x, "lp", w, p=1), pool(x.abs(), "average", w))
    if w.dilation == 1:
        torch.testing.assert_close(pool(x, "average", w), F.avg_pool2d(x, *settings, w.ceil, count_include_pad=False))
    if w.dilation == 1 and not w.padding and not w.ceil:
        for p in (1.0, 2.0, 3.5):  # torch's Lp pooling is a sum
            summed = F.lp_pool2d(x.abs(), p, w.kernel, w.stride)
            torch.testing.assert_close(pool(x, "lp", w, p), summed / w.kernel ** (2 / p))


@pytest.mark.parametrize("w", WINDOWS, ids=str)
def test_equals_a_slow_loop(w: Window) -> None:
    x = picture(9, 12)
    by_loop = {
        "max": lambda v: v[-1],
        "max_shared": lambda v: v[-1],
        "min": lambda v: v[0],
        "average": lambda v: sum(v) / len(v),
        "lp": lambda v: (sum(a**3 for a in v) / len(v)) ** (1 / 3),
        "median": lambda v: v[(len(v) - 1) // 2],
    }
    for kind, reduce in by_loop.items():
        torch.testing.assert_close(pool(x, kind, w, p=3), looped(x, w, reduce), msg=kind)


@pytest.mark.parametrize("w", WINDOWS, ids=str)
def test_blur_is_a_weighted_mean_of_the_pixels_that_are_there(w: Window) -> None:
    x, taps, more = picture(9, 12), spline(w.kernel), w.kernel - 1
    assert len(taps) == 3 * w.kernel - 2
    found = pool(x, "blur", w)
    highest = pool(x, "max_blur", w)
    before = w.dilation * (w.kernel - 1) // 2

    def largest_around(r: int, c: int) -> float:
        reach = [m * w.dilation - before for m in range(w.kernel)]
        return max(x[r + a, c + b].item() for a in reach for b in reach if 0 <= r + a < 9 and 0 <= c + b < 12)

    for i, j in itertools.product(*map(range, found.shape)):
        total = weight = top = 0.0
        for a, b in itertools.product(range(len(taps)), repeat=2):
            r = i * w.stride - w.padding + (a - more) * w.dilation
            c = j * w.stride - w.padding + (b - more) * w.dilation
            if 0 <= r < 9 and 0 <= c < 12:
                share = (taps[a] * taps[b]).item()
                total, weight = total + share * x[r, c].item(), weight + share
                top += share * largest_around(r, c)
        assert found[i, j].item() == pytest.approx(total / weight)
        assert highest[i, j].item() == pytest.approx(top / weight)


def test_blur_of_kernel_2_is_the_filter_of_zhang() -> None:
    """In the middle of a picture: reflect-pad, [1 3 3 1] ⊗ [1 3 3 1] / 64, every second pixel."""
    x, taps = picture(1, 1, 12, 12), torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)
    padded = F.pad(x, (1, 2, 1, 2), mode="reflect")
    expected = F.conv2d(padded, (taps[:, None] * taps / 64)[None, None], stride=2)
    torch.testing.assert_close(pool(x, "blur", Window(2, 2))[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])
    dense = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-math.inf), 2, 1)
    torch.testing.assert_close(pool(x, "max_blur", Window(2, 2)), pool(dense, "blur", Window(2, 2)))


@pytest.mark.parametrize("w", [w for w in WINDOWS if not w.ceil], ids=str)
def test_strided_convolution_equals_torch(w: Window) -> None:
    x = picture(1, 1, 11, 14)
    weight = torch.full((1, 1, w.kernel, w.kernel), -0.5 / w.kernel**2, dtype=x.dtype)
    weight[..., w.kernel // 2, w.kernel // 2] += 1.5
    expected = F.conv2d(x, weight, stride=w.stride, padding=w.padding, dilation=w.dilation)
    torch.testing.assert_close(pool(x, "strided", w), expected)


# --- sizes ---


@settings(deadline=None)
@given(st.integers(1, 40), ANY)
def test_size_formula(n: int, w: Window) -> None:
    """The formula that is shown, and what torch makes of it, in both modes; where there is no window, both say so."""
    x = torch.zeros(1, 1, 1, n)

    def by_torch() -> torch.Tensor:
        return F.max_pool2d(x, (1, w.kernel), (1, w.stride), (0, w.padding), (1, w.dilation), w.ceil)

    try:
        w.size(n)
    except ValueError:
        with pytest.raises(RuntimeError, match="too small"):
            by_torch()
        with pytest.raises(ValueError, match="reaches over"):
            pool_axis(n, w.kernel, w.stride, w.padding, w.dilation, w.ceil)
        return
    assert w.size(n) == pool_axis(n, w.kernel, w.stride, w.padding, w.dilation, w.ceil).out
    exact = (n + 2 * w.padding - w.dilation * (w.kernel - 1) - 1) / w.stride + 1
    if not w.ceil:
        assert w.size(n) == math.floor(exact)
    else:
        assert w.size(n) in (math.ceil(exact), math.ceil(exact) - 1)
    expected = by_torch()
    assert w.size(n) == expected.shape[-1]
    try:
        places = w.places(n)
    except ValueError:  # a dilated window can miss a small picture
        assert expected.isneginf().any()
        return
    assert not expected.isneginf().any()
    read = {int(i) for i in places.flatten() if 0 <= i < n}
    assert w.unread(n) == n - len(read)


def test_ceil_mode_lets_a_window_be_larger_than_the_picture() -> None:
    x, w = picture(1, 1, 2, 2), Window(3, 3, ceil=True)
    torch.testing.assert_close(pool(x, "max", w), F.max_pool2d(x, 3, 3, ceil_mode=True))
    torch.testing.assert_close(pool(x, "median", w), x.flatten(-2).sort().values[..., 1][..., None, None])


def test_floor_mode_drops_what_ceil_mode_reads() -> None:
    assert (Window(2, 2).size(7), Window(2, 2).unread(7)) == (3, 1)
    assert (Window(2, 2, ceil=True).size(7), Window(2, 2, ceil=True).unread(7)) == (4, 0)
    assert Window(2, 4).unread(8) == 4  # a stride beyond the kernel leaves gaps


# --- values ---


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), ANY, st.floats(1, 60), st.floats(0, 20))
def test_order_of_the_kinds(seed: int, w: Window, p: float, more: float) -> None:
    x = picture(17, 18, seed=seed)
    low, high, mean = (pool(x, kind, w) for kind in ("min", "max", "average"))
    for kind in KINDS:
        if kind == "strided":  # its kernel has negative weights
            continue
        y = pool(x, kind, w, p, seed)
        assert y.shape == low.shape
        if kind not in ("blur", "max_blur"):  # they look beyond the window
            assert (low - 1e-9 <= y).all() and (y <= high + 1e-9).all(), kind
    assert (mean <= pool(x, "lp", w, p) + 1e-9).all()
    assert (pool(x, "lp", w, p) <= pool(x, "lp", w, p + more) + 1e-9).all()


def test_power_mean_at_its_ends() -> None:
    x = torch.tensor([[1e-3, 2e-3], [0.0, 4e-3]])
    assert pool(x, "lp", Window(), p=1).item() == pytest.approx(1.75e-3)
    assert pool(x, "lp", Window(), p=1000.0).item() == pytest.approx(4e-3, rel=2e-3)  # no power underflows
    assert pool(x, "lp", Window(), p=math.inf).item() == pytest.approx(4e-3)


def test_stochastic_draws_by_value() -> None:
    block = torch.tensor([[0.1, 0.2], [0.0, 0.7]])
    n = 120
    y = pool(block.repeat(n, n), "stochastic", Window(), seed=5)
    for value, share in ((0.1, 0.1), (0.2, 0.2), (0.0, 0.0), (0.7, 0.7)):
        assert ((y - value).abs() < 1e-6).double().mean().item() == pytest.approx(share, abs=0.015)
    assert torch.equal(y, pool(block.repeat(n, n), "stochastic", Window(), seed=5))
    assert not torch.equal(y, pool(block.repeat(n, n), "stochastic", Window(), seed=6))
    assert (pool(torch.zeros(6, 6), "stochastic", Window(3, 2, 1)) == 0).all()  # never NaN of the padding


# --- gradients ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("w", WINDOWS, ids=str)
def test_gradcheck(kind: str, w: Window) -> None:
    x = (picture(1, 7, 8) + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(pooler(kind, w, 3.0, 1), x)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), ANY)
def test_sums_of_gradients(seed: int, w: Window) -> None:
    """What is an average or a choice hands on the whole gradient, no more and no less; ties or not."""
    x = (picture(1, 17, 18, seed=seed) * 4).round()
    sent = picture(*pool(x, "max", w).shape, seed=seed + 1) - 0.4
    for kind in ("max", "max_shared", "min", "average", "median", "stochastic", "blur"):
        arrived = landing(x, kind, w, sent, seed=seed)
        assert arrived.shape == x.shape
        assert arrived.sum().item() == pytest.approx(sent.sum().item(), abs=1e-9), kind


def test_who_gets_the_gradient() -> None:
    x = torch.tensor([[1.0, 3.0], [3.0, 2.0]])
    one = torch.ones(1, 1)
    assert landing(x, "max", Window(), one).tolist() == [[0, 1], [0, 0]]  # the first of the two
    assert landing(x, "max_shared", Window(), one).tolist() == [[0, 0.5], [0.5, 0]]
    assert landing(x, "average", Window(), one).tolist() == [[0.25] * 2] * 2
    y = pool(x, "lp", Window(), p=2)
    torch.testing.assert_close(landing(x, "lp", Window(), one, p=2), x / (4 * y))  # by share
    torch.testing.assert_close(landing(x, "lp", Window(), one, p=1), torch.full((2, 2), 0.25))
    assert landing(torch.zeros(2, 2), "lp", Window(), one, p=2).abs().sum() == 0


def test_euler_sum_of_lp() -> None:
    """Lp is homogeneous: Σ x ∂y/∂x = y, whatever p is."""
    x = picture(6, 6)
    for p in (1.0, 1.7, 2.0, 8.0):
        y = pool(x, "lp", Window(3, 3), p)
        arrived = landing(x, "lp", Window(3, 3), torch.ones_like(y), p)
        assert (x * arrived).sum().item() == pytest.approx(y.sum().item())


@pytest.mark.parametrize("p", [1.0, 2.0, 5.0])
def test_shares_of_one_window(p: float) -> None:
    values = [[0.2, 0.9], [0.9, 0.0]]
    found = {s.kind: s for s in shares(values, ["max", "max_shared", "average", "lp"], p)}
    assert (found["max"].pixels, found["max"].largest, found["max"].total) == (1, 1.0, 1.0)
    assert (found["max_shared"].pixels, found["max_shared"].largest) == (2, 0.5)
    assert (found["average"].pixels, found["average"].value) == (4, pytest.approx(0.5))
    mean = (0.2**p + 2 * 0.9**p) / 4
    assert found["lp"].value == pytest.approx(mean ** (1 / p))
    assert found["lp"].largest == pytest.approx(0.25 * (0.9 / mean ** (1 / p)) ** (p - 1))


def test_most_layers() -> None:
    assert [most_layers(n, Window()) for n in (1, 2, 64, 65)] == [0, 1, 6, 6]
    assert most_layers(9, Window(3, 1, 1)) == 0 and most_layers(5, Window(3, 3)) == 1
    assert [s.unread for s in sides((28, 29), Window(3, 3))] == [1, 2]


# --- the contract of the family ---


@pytest.mark.parametrize("kind", KINDS)
def test_contract(kind: str) -> None:
    x = picture(3, 2, 10, 9)
    before = x.clone()
    read = pooler(kind, Window(3, 2, 1, ceil=True), 2.0, 0)
    y = read(x)
    assert torch.equal(x, before) and read(x.float()).dtype == torch.float32
    assert read(x[:0]).shape == (0, *y.shape[1:])
    if kind != "stochastic":  # each picture of a batch draws for itself
        torch.testing.assert_close(torch.stack([read(each) for each in x]), y)
    assert KINDS[kind].title and KINDS[kind].note


def test_windows_hold_each_pixel_once() -> None:
    x = picture(6, 9)
    found = windows(x, Window(3, 3), math.nan)
    assert found.shape == (2, 3, 9)
    assert torch.equal(found.flatten().sort().values, x.flatten().sort().values)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Window(0), "at least 1"),
        (lambda: Window(2, 2, 2), "at most half the kernel: 1 here, not 2"),
        (lambda: Window(5).size(4), "does not fit"),
        (lambda: pool(torch.zeros(4, 4), "mode", Window()), "choose one of max, average"),
        (lambda: pool(torch.zeros(4), "max", Window()), "shape"),
        (lambda: pool(torch.zeros(4, 4, dtype=torch.int64), "max", Window()), "floating-point"),
        (lambda: pool(torch.zeros(4, 4), "lp", Window(), p=0.5), "p must be at least 1"),
        (lambda: pool(torch.zeros(4, 4), "lp", Window(), p=math.nan), "p must be at least 1"),
        (lambda: pool(-torch.ones(4, 4), "stochastic", Window()), "from 0 on"),
        (lambda: pool(torch.zeros(1, 4), "max", Window(2, 2, 1, 2)), "nothing but padding"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
