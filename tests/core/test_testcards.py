"""Patterns: what a Fourier transform and a look at single pixels say about them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.testcards import checkerboard, noise, rings, stripes


@settings(deadline=None)
@given(st.integers(1, 31), st.booleans())
def test_stripes_have_their_frequency(cycles: int, upright: bool) -> None:
    x = stripes(64, cycles / 64, 0.0 if upright else 90.0).double()
    spectrum = torch.fft.rfft((x - 0.5).mean(0 if upright else 1)).abs()
    assert spectrum.argmax().item() == cycles
    assert spectrum[cycles].item() == pytest.approx(16, rel=1e-5)  # amplitude ½ of 64 pixels
    assert x.min() >= 0 and x.max() <= 1


def test_hard_stripes() -> None:
    assert stripes(8, 0.25, hard=True)[3].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    assert stripes(8, 0.25, 90, hard=True)[:, 3].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    assert stripes(9, 1 / 3, hard=True)[0].tolist() == [1, 1, 0] * 3


def test_checkerboard() -> None:
    assert checkerboard(4, 1).tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]] * 2
    assert checkerboard(4, 2)[0].tolist() == [1, 1, 0, 0]
    assert checkerboard(64, 4).mean() == 0.5


def test_rings_are_round_and_grow_finer() -> None:
    x = rings(65)
    assert x[32, 32] == 1
    torch.testing.assert_close(x, x.T)
    torch.testing.assert_close(x, x.flip(0))
    phase = math.pi * torch.arange(33.0) ** 2 / 65  # from the middle to the edge
    torch.testing.assert_close(x[32, 32:], 0.5 + 0.5 * phase.cos(), atol=1e-5, rtol=0)


def test_noise_is_of_its_seed() -> None:
    assert torch.equal(noise(16, 3), noise(16, 3)) and not torch.equal(noise(16, 3), noise(16, 4))
    assert noise(64).mean().item() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: checkerboard(8, 0), "at least 1 pixel wide, not 0"),
        (lambda: stripes(0), "at least 1 pixel wide, not 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
