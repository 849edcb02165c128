"""Filtering against torch's own operator, SciPy and a loop over every pixel."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from core.convolution import PADDINGS, by_shifts, filtered, grey, largest_difference, output_size, padded
from core.kernels import kernel

G = torch.Generator().manual_seed(0)
PICTURE = torch.rand(3, 13, 17, generator=G, dtype=torch.float64)
WEIGHTS = torch.randn(3, 4, generator=G, dtype=torch.float64)
SCIPY = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "wrap"}


def loop(picture: torch.Tensor, w: torch.Tensor, s: int, p: int, d: int, mode: str, b: float) -> torch.Tensor:
    """The definition, one product after the other."""
    how = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    wide = np.pad(picture.numpy(), ((0, 0), (p, p), (p, p)), how)
    k, m = w.shape
    rows, columns = (wide.shape[1] - d * (k - 1) - 1) // s + 1, (wide.shape[2] - d * (m - 1) - 1) // s + 1
    out = np.full((len(picture), rows, columns), b)
    for c, y, x in np.ndindex(out.shape):
        for i, j in np.ndindex(k, m):
            out[c, y, x] += w[i, j].item() * wide[c, s * y + d * i, s * x + d * j]
    return torch.from_numpy(out)


@pytest.mark.parametrize("by", [filtered, by_shifts])
@pytest.mark.parametrize("mode", PADDINGS)
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 3, 1), (3, 1, 2), (1, 5, 3), (8, 12, 4)])
def test_equals_the_loop(by, mode, stride, padding, dilation):
    ours = by(PICTURE, WEIGHTS, stride, padding, dilation, mode, 0.25)
    assert torch.allclose(ours, loop(PICTURE, WEIGHTS, stride, padding, dilation, mode, 0.25))


@pytest.mark.parametrize("by", [filtered, by_shifts])
@pytest.mark.parametrize("mode", SCIPY)
def test_equals_scipy(by, mode):
    w = kernel("gabor", size=5, angle=30.0)
    theirs = np.stack([ndimage.correlate(c, w.numpy(), mode=SCIPY[mode]) for c in PICTURE.numpy()])
    assert np.allclose(by(PICTURE, w, padding=2, mode=mode), theirs)
    flipped = np.stack([ndimage.convolve(c, w.numpy(), mode=SCIPY[mode]) for c in PICTURE.numpy()])
    assert np.allclose(by(PICTURE, w, padding=2, mode=mode, flip=True), flipped)


def test_equals_torch():
    theirs = F.conv2d(PICTURE[:, None], WEIGHTS[None, None], padding=2, stride=2, dilation=2)[:, 0]
    assert torch.allclose(by_shifts(PICTURE, WEIGHTS, stride=2, padding=2, dilation=2), theirs)


@given(n=st.integers(1, 40), k=st.integers(1, 11), s=st.integers(1, 8), p=st.integers(0, 12), d=st.integers(1, 8))
def test_the_size_is_that_of_torch(n, k, s, p, d):
    reach = d * (k - 1) + 1
    if n + 2 * p < reach:
        with pytest.raises(ValueError, match=f"{reach} pixels"):
            output_size(n, k, s, p, d)
        return
    made = F.conv1d(torch.zeros(1, 1, n), torch.zeros(1, 1, k), stride=s, padding=p, dilation=d)
    assert output_size(n, k, s, p, d) == made.shape[-1]


@given(amount=st.integers(0, 14), mode=st.sampled_from(list(PADDINGS)))
def test_padding_is_what_it_says_or_is_refused(amount, mode):
    n = 9
    most = {"reflect": n - 1, "circular": n}.get(mode, 99)
    if amount > most:
        with pytest.raises(ValueError, match=str(most)):
            padded(PICTURE[:, :n, :n], amount, mode)
        return
    assume(amount)
    wide = padded(PICTURE[:, :n, :n], amount, mode)
    assert torch.equal(wide[:, amount:-amount, amount:-amount], PICTURE[:, :n, :n])
    edge = {
        "zeros": 0.0,
        "reflect": PICTURE[0, 1, 0],
        "replicate": PICTURE[0, 0, 0],
        "circular": PICTURE[0, n - 1, 0],
    }
    assert wide[0, amount - 1, amount] == edge[mode]


def test_unknown_padding_and_sizes_are_refused():
    with pytest.raises(ValueError, match="circular"):
        padded(PICTURE, 1, "nonsense")
    with pytest.raises(ValueError, match="at least 1"):
        output_size(5, 3, stride=0)


def test_grey_is_the_brightness_that_pillow_knows():
    from PIL import Image

    colours = (torch.rand(3, 8, 9, generator=G) * 255).round()
    image = Image.fromarray(colours.byte().movedim(0, -1).numpy()).convert("L")
    assert np.abs(grey(colours)[0].numpy() - np.asarray(image, dtype=float)).max() <= 1
    assert grey(colours[:1]) is not None and torch.equal(grey(colours[:1]), colours[:1])


def test_the_difference_would_show_a_wrong_operator(monkeypatch):
    given = {"stride": 2, "padding": 3, "dilation": 2, "mode": "reflect", "bias": 0.5, "flip": True}
    assert 0 <= largest_difference(kernel("gabor"), **given) < 1e-5
    monkeypatch.setattr("core.convolution.filtered", lambda *a, **k: by_shifts(*a, **{**k, "flip": False}))
    assert largest_difference(kernel("sobel_x"), **given) > 0.1


@given(k=st.integers(1, 11), m=st.integers(1, 11), s=st.integers(1, 8), d=st.integers(1, 8), n=st.integers(0, 40))
@settings(max_examples=25, deadline=None)
def test_a_photograph_is_filtered_as_torch_does_it(k, m, s, d, n):
    """A large picture takes another way than a small one."""
    photo, w = torch.rand(2, 150, 300 + n, generator=G), torch.randn(k, m, generator=G)
    theirs = F.conv2d(photo[:, None], w[None, None], stride=s, dilation=d)[:, 0]
    assert torch.allclose(filtered(photo, w, s, 0, d), theirs, atol=1e-4)
