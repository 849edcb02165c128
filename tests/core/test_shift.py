"""Shifts against rolls, OpenCV's warp and functions that are known between the pixels; aliasing against a FFT."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pooling import Window, pooler
from core.shift import around, changes, folded, passed, strongest, translate
from core.testcards import noise, stripes

SHIFT = st.floats(-20, 20)


@settings(deadline=None)
@given(st.integers(-9, 9), st.integers(-9, 9), st.booleans(), st.integers(5, 12), st.integers(5, 12))
def test_whole_shifts_are_rolls(dx: int, dy: int, linear: bool, h: int, w: int) -> None:
    x = torch.rand(2, h, w, generator=torch.Generator().manual_seed(h), dtype=torch.float64)
    torch.testing.assert_close(translate(x, dx, dy, linear), x.roll((dy, dx), (-2, -1)))


@settings(deadline=None)
@given(SHIFT, SHIFT, st.integers(0, 7), st.integers(0, 7))
def test_fourier_shift_is_exact_for_a_wave(dx: float, dy: float, fx: int, fy: int) -> None:
    at = torch.arange(16, dtype=torch.float64)
    wave = lambda x, y: torch.cos(2 * math.pi * (fx * x + fy * y) / 16 + 0.4)  # noqa: E731
    shifted = translate(wave(at[None], at[:, None]), dx, dy)
    torch.testing.assert_close(shifted, wave(at[None] - dx, at[:, None] - dy))


@settings(deadline=None)
@given(SHIFT, SHIFT)
def test_fourier_shift_can_be_undone(dx: float, dy: float) -> None:
    x = torch.rand(9, 15, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(translate(translate(x, dx, dy), -dx, -dy), x)


@pytest.mark.parametrize(("dx", "dy"), [(0.5, 0.25), (-1.75, 2.5), (3.0, -0.125)])
def test_linear_shift_equals_opencv(dx: float, dy: float) -> None:
    x = noise(24, 2)
    matrix = np.float32([[1, 0, dx], [0, 1, dy]])
    expected = cv2.warpAffine(x.numpy(), matrix, (24, 24), flags=cv2.INTER_LINEAR)
    inside = slice(5, -5)  # the edges run round here
    found = translate(x, dx, dy, linear=True)[inside, inside]
    torch.testing.assert_close(found, torch.from_numpy(expected)[inside, inside], atol=2e-2, rtol=0)


def test_the_pair_of_zhang() -> None:
    """0 0 1 1 0 0 1 1: max-pooling makes stripes of it, one pixel further nothing but ones."""
    x = stripes(16, 0.25, hard=True)
    read = pooler("max", Window(2, 2))
    assert read(x)[0].tolist() == [1, 0] * 4
    assert read(translate(x, 1, 0).round())[0].tolist() == [1] * 8


@pytest.mark.parametrize("kind", ["max", "average", "blur", "max_blur", "strided", "median"])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_around_sees_no_edge(kind: str, k: int) -> None:
    """A shift by a whole stride moves the output by a pixel, and nothing else; inside it is the plain reader."""
    x, plain = noise(24, 3).double(), pooler(kind, Window(k, 2))
    read = around(plain, 2, 3 * k)
    assert read(x).shape == (12, 12)
    torch.testing.assert_close(read(x.roll((4, 2), (0, 1))), read(x).roll((2, 1), (0, 1)))
    torch.testing.assert_close(read(x)[5:8, 5:8], plain(x)[5:8, 5:8])
    assert changes(read, x, [(2.0, -4.0)], stride=2)[0] == pytest.approx(0, abs=1e-9)


def test_changes_equal_a_slow_loop() -> None:
    x, shifts = noise(16, 4).double(), [(0.0, 0.0), (1.0, 0.0), (0.5, 2.25), (4.0, 2.0)]
    for kind in ("max", "average", "blur", "strided"):
        read = pooler(kind, Window(2, 2))
        for stride in (0, 2):
            for (dx, dy), found in zip(shifts, changes(read, x, shifts, stride), strict=True):
                first = translate(read(x), dx / 2, dy / 2) if stride else read(x)
                error = (read(translate(x, dx, dy)) - first).square().mean().sqrt()
                contrast = (x - x.mean()).square().mean().sqrt()
                assert found == pytest.approx((error / contrast).item(), abs=1e-9)


def test_what_moves_along_does_not_change() -> None:
    """Smooth stripes are read without aliasing by everything linear; and whole strides move the output by a pixel."""
    coarse, n = stripes(64, 2 / 64).double(), Window(2, 2)
    shifts = [(0.3 * i, 0.0) for i in range(9)]
    for kind in ("average", "strided"):
        inside = [pooler(kind, n)(translate(coarse, dx, dy)) for dx, dy in shifts]
        moved = [translate(inside[0], dx / 2, dy / 2) for dx, dy in shifts]
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(inside, moved, strict=True))
    x = noise(32, 1)
    assert changes(pooler("max", n), x, [(2.0, 4.0)], stride=2)[0] == pytest.approx(0, abs=1e-5)
    one = {
        k: changes(pooler(k, n), x, [(1.0, 0.0)], stride=2)[0] for k in ("strided", "max", "average", "blur")
    }
    assert one["strided"] > one["max"] > one["average"] > one["blur"]


@settings(deadline=None)
@given(st.integers(1, 31), st.sampled_from([1, 2, 4]))
def test_stripes_fold_over(cycles: int, stride: int) -> None:
    """The formula against what a Fourier transform finds after keeping every stride-th pixel."""
    x = stripes(64, cycles / 64)
    kept = x[::stride, ::stride]
    expected = folded(cycles / 64, stride)
    assert 0 <= expected <= 0.5 / stride + 1e-9
    if expected > 0:
        assert strongest(kept, stride) == pytest.approx(expected)
    else:
        assert kept.std() < 1e-5  # a whole number of stripes for each step: one grey


def test_contrast_that_passes_equals_the_frequency_response() -> None:
    """Of a mean of k pixels: |sin πfk / (k sin πf)|."""
    frequencies = [n / 64 for n in (1, 3, 7, 12, 20, 29)]
    found = passed(pooler("average", Window(4, 1)), frequencies)
    for f, share in zip(frequencies, found, strict=True):
        exact = abs(math.sin(math.pi * f * 4) / (4 * math.sin(math.pi * f)))
        assert share == pytest.approx(exact, abs=0.03)  # the edges cut a wave
    assert passed(pooler("strided", Window(1, 1)), frequencies) == pytest.approx([1.0] * 6)
    smooth = passed(pooler("blur", Window(4, 4)), [20 / 64])[0]
    assert smooth < passed(pooler("average", Window(4, 4)), [20 / 64])[0]
