"""Shifts against rolls, OpenCV's warp and functions that are known between the pixels; aliasing against a FFT."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cnn import init, predict
from core.pooling import Window, pooler
from core.shift import (
    around,
    changes,
    comparison,
    confidence,
    fitted,
    folded,
    passed,
    right_by_shift,
    translate,
)
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


KINDS = ["max", "average", "min", "blur", "max_blur", "strided", "median"]


@pytest.mark.parametrize("k", range(2, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_whole_strides_are_equivariant_whatever_the_stride(kind: str, k: int) -> None:
    x = fitted(noise(32, 5).double(), k)
    assert x.shape == (32 - 32 % k,) * 2
    read = around(pooler(kind, Window(k, k)), k, 3 * k)
    shifts = [(float(k), 0.0), (0.0, float(k)), (-2.0 * k, float(k)), (k - 1.0, 0.0)]
    *whole, part = changes(read, x, shifts, stride=k)
    assert whole == pytest.approx([0, 0, 0], abs=1e-9)
    assert part > 1e-5  # a part of a stride is not, though blurring leaves little of it


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_changes_equal_those_of_the_middle_of_a_larger_picture(kind: str, k: int) -> None:
    """The oracle never wraps: the picture lies 3 × 3 times beside itself, a plain pool reads it, the middle counts."""
    n, s = 6 * k, k
    x, plain = noise(n, 4).double(), pooler(kind, Window(k, s))
    wide = x.repeat(3, 3)
    inside = slice(n // s, 2 * n // s)
    for dx, dy in ((1, 0), (s, 0), (2, 3), (2 * s, s)):
        moved = wide.roll((dy, dx), (0, 1))  # the seam of this roll is far from the middle
        after, first = plain(moved)[inside, inside], plain(wide)[inside, inside]
        stays = (after - first).square().mean().sqrt() / x.std(correction=0)
        read = around(plain, s, 3 * k)
        assert changes(read, x, [(dx, dy)])[0] == pytest.approx(stays.item(), abs=1e-9)
        if dx % s == dy % s == 0:
            back = plain(wide)[n // s - dy // s : 2 * n // s - dy // s, n // s - dx // s : 2 * n // s - dx // s]
            assert (after - back).abs().max() < 1e-9
            assert changes(read, x, [(dx, dy)], s)[0] == pytest.approx(0, abs=1e-9)
    assert comparison({"a": plain}, x, [(1, 0)], s) == {"a": changes(plain, x, [(1, 0)], s)}


def test_what_is_moved_along_is_the_first_output() -> None:
    """By hand: max-pooling of Zhang's stripes; moved by one pixel the output is all ones, half a pixel is a blend."""
    x, read = stripes(16, 0.25, hard=True).double(), pooler("max", Window(2, 2))
    (found,) = changes(read, x, [(1.0, 0.0)], stride=2)
    # The output 1 0 1 0 … is ½ + ½ cos πj; half a pixel on it is ½ + ½ cos πj cos ½π = ½ everywhere.
    assert found == pytest.approx(0.5 / 0.5, abs=1e-6)
    assert changes(read, x, [(1.0, 0.0)])[0] == pytest.approx(math.sqrt(0.5) / 0.5, abs=1e-6)


@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_a_uniform_picture_does_not_change(grey: float) -> None:
    x = torch.full((12, 12), grey)
    for kind in KINDS:
        assert changes(pooler(kind, Window(3, 3)), x, [(1.0, 0.5), (3.0, 0.0)], 3) == [0.0, 0.0]


def test_sides_that_hold_no_whole_strides_are_refused() -> None:
    read = pooler("max", Window(3, 3))
    for call in (lambda: changes(read, noise(32), [(1.0, 0.0)], 3), lambda: around(read, 3, 9)(noise(32))):
        with pytest.raises(ValueError, match="multiples of the stride 3"):
            call()
    with pytest.raises(ValueError, match="holds no stride of 8"):
        fitted(noise(6), 8)


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
    one = {k: changes(pooler(k, n), x, [(1.0, 0.0)], stride=2)[0] for k in ("strided", "max", "average", "blur")}
    assert one["strided"] > one["max"] > one["average"] > one["blur"]


def strongest(y: torch.Tensor, stride: int) -> float:
    """The frequency that stands out along the rows of an output (H', W'), in cycles per pixel of the input."""
    spectrum = torch.fft.rfft((y - y.mean()).double(), dim=-1).abs().square().sum(0)
    return spectrum.argmax().item() / y.shape[-1] / stride


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


# --- what a classifier says ---


def test_a_classifier_is_asked_about_each_shift() -> None:
    """One that says in which half the light is, (left, right); and a network."""

    def halves(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[..., :4].mean((-2, -1)), x[..., 4:].mean((-2, -1))], -1).softmax(-1)

    x = torch.zeros(2, 8, 8)
    x[0, :, 1], x[1, :, 6] = 1, 1
    right = right_by_shift(halves, x, torch.tensor([0, 1]), [0, 1, 2, 3, 4])
    assert right.tolist() == [1, 1, 0.5, 0, 0]  # the second one comes in again at the left
    sure = confidence(halves, x[0], 0, [(0, 0), (3, 2), (2.5, 0)], linear=True)
    assert sure[0] > 0.5 > sure[1] and sure[2] == pytest.approx(0.5)
    net, digits = init(3), noise(28, 1)
    found = confidence(lambda x: predict(net, x), digits, 4, [(0, 0), (2, 0)])
    expected = torch.stack([predict(net, digits.roll(d, 1)[None])[0, 4] for d in (0, 2)])
    torch.testing.assert_close(found, expected)
