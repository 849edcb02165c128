"""Regions against torch's adaptive pooling, and slow loops as torchvision and Detectron2 describe RoI pooling."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from core.regions import (
    adaptive,
    adaptive_bins,
    binned,
    outputs,
    pyramid,
    roi_align,
    roi_bins,
    roi_pool,
    roi_samples,
    rounded,
    roundings,
    touched,
)

BOX = st.tuples(st.floats(-20, 150), st.floats(-20, 150), st.floats(0, 120), st.floats(0, 120)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
SCALE = st.sampled_from([1.0, 0.5, 1 / 8, 1 / 16])


def features(h: int = 9, w: int = 12, c: int = 2) -> torch.Tensor:
    return torch.randn(c, h, w, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 9))
def test_adaptive_equals_torch(h: int, w: int, out: int) -> None:
    x = features(h, w)
    torch.testing.assert_close(adaptive(x, out), F.adaptive_max_pool2d(x, out))
    torch.testing.assert_close(adaptive(x, out, largest=False), F.adaptive_avg_pool2d(x, out))
    bins = adaptive_bins(h, out)
    assert {cell for low, high in bins for cell in range(low, high)} == set(range(h))


def test_global_and_pyramid() -> None:
    x = features()
    torch.testing.assert_close(adaptive(x, 1, largest=False), x.mean((1, 2), keepdim=True))
    torch.testing.assert_close(adaptive(x, 1), x.amax((1, 2), keepdim=True))
    for size in ((9, 12), (31, 5), (4, 4), (2, 3)):
        vector = pyramid(features(*size))
        assert vector.shape == (2 * 21,)
    levels = [F.adaptive_max_pool2d(x, n).flatten() for n in (1, 2, 4)]
    torch.testing.assert_close(pyramid(x), torch.cat(levels))


@settings(deadline=None)
@given(BOX, SCALE, st.integers(1, 7))
def test_roi_pool_equals_a_slow_loop(box, scale: float, out: int) -> None:
    x = features()
    found = roi_pool(x, box, scale, out)
    x0, y0, x1, y1 = (math.floor(v * scale + 0.5) for v in box)
    bin_w, bin_h = max(x1 - x0 + 1, 1) / out, max(y1 - y0 + 1, 1) / out
    for i in range(out):
        for j in range(out):
            rows = range(y0 + math.floor(i * bin_h), y0 + math.ceil((i + 1) * bin_h))
            columns = range(x0 + math.floor(j * bin_w), x0 + math.ceil((j + 1) * bin_w))
            cells = [x[:, r, c] for r in rows for c in columns if 0 <= r < 9 and 0 <= c < 12]
            expected = torch.stack(cells).amax(0) if cells else torch.zeros(2, dtype=x.dtype)
            torch.testing.assert_close(found[:, i, j], expected)


def bilinear(plane: list[list[float]], y: float, x: float) -> float:
    """One reading, as in Detectron2: up to a cell outside the edge value goes on, further out there is 0."""
    h, w = len(plane), len(plane[0])
    if y < -1 or y > h or x < -1 or x > w:
        return 0.0
    y, x = min(max(y, 0), h - 1), min(max(x, 0), w - 1)
    a, b = int(y), int(x)
    c, d = min(a + 1, h - 1), min(b + 1, w - 1)
    v, u = y - a, x - b
    top = plane[a][b] * (1 - u) + plane[a][d] * u
    return top * (1 - v) + (plane[c][b] * (1 - u) + plane[c][d] * u) * v


@settings(deadline=None, max_examples=50)
@given(BOX, SCALE, st.integers(1, 5), st.integers(1, 3))
def test_roi_align_equals_a_slow_loop(box, scale: float, out: int, sampling: int) -> None:
    x = features()
    found, planes = roi_align(x, box, scale, out, sampling), x.tolist()
    x0, y0, x1, y1 = (v * scale - 0.5 for v in box)
    bin_w, bin_h = (x1 - x0) / out, (y1 - y0) / out
    for i in range(out):
        for j in range(out):
            for c, plane in enumerate(planes):
                rows = [y0 + (i + (a + 0.5) / sampling) * bin_h for a in range(sampling)]
                columns = [x0 + (j + (b + 0.5) / sampling) * bin_w for b in range(sampling)]
                read = [bilinear(plane, at_y, at_x) for at_y in rows for at_x in columns]
                assert found[c, i, j].item() == pytest.approx(sum(read) / len(read), abs=1e-9)


@settings(deadline=None)
@given(st.floats(1, 4), st.floats(1, 3), st.floats(3, 6), st.floats(3, 5))
def test_roi_align_of_a_plane_is_exact(x0: float, y0: float, w: float, h: float) -> None:
    """On a slope the mean of a bin is the slope at its middle; rounding would be seen. All readings lie inside."""
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(12.0), indexing="ij")
    slope = (3 * columns - 2 * rows).double()[None]
    ys, xs = roi_samples((x0, y0, x0 + w, y0 + h), 1.0, 3, 1)
    torch.testing.assert_close(roi_align(slope, (x0, y0, x0 + w, y0 + h), 1.0, 3)[0], 3 * xs - 2 * ys[:, None])


def test_gradients() -> None:
    x = features(5, 6, 1).requires_grad_()
    box = (0.7, 0.4, 4.9, 4.3)
    assert torch.autograd.gradcheck(lambda x: roi_align(x, box, 1.0, 3), x)
    assert torch.autograd.gradcheck(lambda x: roi_pool(x, box, 1.0, 3), x)
    assert torch.autograd.gradcheck(lambda x: adaptive(x, 3, largest=False), x)
    assert torch.autograd.gradcheck(pyramid, x)
    (arrived,) = torch.autograd.grad(roi_align(x, box, 1.0, 3).sum(), x)
    assert arrived.sum().item() == pytest.approx(9)  # a mean of readings hands on all


def test_rounding_is_at_most_half_a_cell() -> None:
    box = (37.0, 52.0, 101.0, 140.0)
    assert rounded(box, 1 / 16) == (2, 3, 6, 9)
    left, _top, right, _bottom = roundings(box, 1 / 16)
    assert (left.exact, left.taken, left.off_by) == (37 / 16, 2, -5.0)
    assert (right.taken, right.off_by) == (7, 11.0)  # the last cell is taken whole
    assert rounded((0.5, 1.5, 2.5, 3.5), 1.0) == (1, 2, 3, 4)  # halves go up, not to the even one
    rows, columns = roi_bins(box, 1 / 16, 7, (9, 12))
    assert rows[0][0] == 3 and columns[-1][1] == 7


def test_contract() -> None:
    x = features()
    before = x.clone()
    for f in (lambda x: adaptive(x, 3), pyramid, lambda x: roi_pool(x, (1, 1, 6, 5), 1.0, 2),
              lambda x: roi_align(x, (1, 1, 6, 5), 1.0, 2)):  # fmt: skip
        assert f(x.float()).dtype == torch.float32
    assert torch.equal(x, before)
    assert binned(x, [(0, 0)], [(0, 3)]).tolist() == [[[0.0]], [[0.0]]]  # a bin without a cell


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: adaptive(torch.zeros(1, 0, 3), 2), "at least one cell"),
        (lambda: adaptive(torch.zeros(1, 3, 3), 0), "at least one bin"),
        (lambda: roi_align(torch.zeros(1, 3, 3), (0, 0, 1, 1), 1.0, 2, 0), "one sample"),
    ],
)
def test_bad_input_gets_a_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()


def test_what_a_page_asks_of_a_box_at_once() -> None:
    x, box = features(9, 12, 3), (17.0, 20.0, 66.0, 64.0)
    assert torch.equal(touched(x, box, 1 / 8), x[:, 2:8, 2:9])  # 2.125 … 8.25 across, 2.5 … 8 down
    found = outputs(x, box, 1 / 8, 5, False, 3)
    assert torch.equal(found["RoI pooling"], roi_pool(x, box, 1 / 8, 5, False))
    assert torch.equal(found["RoI align"], roi_align(x, box, 1 / 8, 5, 3))
    assert found["pyramid"].shape == (21,)
    assert found["pyramid"][0] == x[:, 2:8, 2:9].mean(0).max()
