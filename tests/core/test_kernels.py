"""Kernels against SciPy, OpenCV and their formulas."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from core.kernels import (
    KERNELS,
    gabor,
    gaussian,
    kernel,
    line,
    motion,
    normalised,
    parse,
    response,
    separate,
    written,
)

PICTURE = torch.rand(23, 31, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()


def applied(w: torch.Tensor) -> np.ndarray:
    return ndimage.correlate(PICTURE, w.numpy(), mode="nearest")


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("sobel_x", lambda p: ndimage.sobel(p, 1, mode="nearest")),
        ("sobel_y", lambda p: ndimage.sobel(p, 0, mode="nearest")),
        ("prewitt_x", lambda p: ndimage.prewitt(p, 1, mode="nearest")),
        ("prewitt_y", lambda p: ndimage.prewitt(p, 0, mode="nearest")),
        ("scharr_x", lambda p: cv2.Scharr(p, cv2.CV_64F, 1, 0, borderType=cv2.BORDER_REPLICATE)),
        ("scharr_y", lambda p: cv2.Scharr(p, cv2.CV_64F, 0, 1, borderType=cv2.BORDER_REPLICATE)),
        ("laplacian", lambda p: ndimage.laplace(p, mode="nearest")),
        ("identity", lambda p: p),
    ],
)
def test_answers_as_scipy_and_opencv_do(name, oracle):
    assert np.allclose(applied(kernel(name)), oracle(PICTURE))


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 11])
def test_box_is_the_mean(size):
    assert np.allclose(applied(kernel("box", size=size)), ndimage.uniform_filter(PICTURE, size, mode="nearest"))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.7])
@pytest.mark.parametrize("size", [1, 5, 11])
def test_gaussian_is_that_of_opencv(size, sigma):
    column = cv2.getGaussianKernel(size, sigma, cv2.CV_64F)
    assert np.allclose(gaussian(size, sigma), column @ column.T, atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 135.0])
def test_gabor_is_that_of_opencv_but_for_its_mean(angle):
    ours, t = gabor(11, 0.2, angle, 2.5), math.radians(angle)
    theirs = torch.from_numpy(cv2.getGaborKernel((11, 11), 2.5, -t, 5.0, 1.0, 0.0, cv2.CV_64F).copy())
    y, x = torch.meshgrid(*[torch.arange(-5.0, 6).double()] * 2, indexing="ij")
    bell = torch.exp(-(x**2 + y**2) / 12.5)
    balanced = theirs - bell * theirs.sum() / bell.sum()
    assert torch.allclose(ours, balanced / balanced.abs().sum(), atol=1e-9) or torch.allclose(
        ours, balanced.flip(0, 1) / balanced.abs().sum(), atol=1e-9
    )


SUMS = {"identity": 1, "box": 1, "gaussian": 1, "motion": 1, "sharpen": 1, "unsharp": 1, "emboss": 1}


@pytest.mark.parametrize("name", KERNELS)
def test_keeps_the_brightness_or_answers_nothing_on_even_grey(name):
    w = kernel(name)
    assert w.dtype == torch.float64 and w.ndim == 2
    assert abs(float(w.sum()) - SUMS.get(name, 0)) < 1e-12


@pytest.mark.parametrize("name", ["box", "gaussian", "unsharp", "log", "gabor", "motion", "identity"])
@pytest.mark.parametrize("size", range(1, 12))
def test_every_size_is_finite(name, size):
    assert kernel(name, size=size).isfinite().all() and kernel(name, size=size).shape == (size, size)


@pytest.mark.parametrize("angle", [0, 45, 90, 135])
def test_a_line_detector_answers_most_to_its_line(angle):
    picture, at = np.zeros((15, 15)), np.arange(-7, 8)
    rows, columns = {0: (0 * at, at), 45: (-at, at), 90: (at, 0 * at), 135: (at, at)}[angle]
    picture[rows + 7, columns + 7] = 1
    answers = {a: ndimage.correlate(picture, line(float(a)).numpy())[7, 7] for a in (0, 45, 90, 135)}
    assert max(answers, key=answers.get) == angle and answers[angle] == 6
    with pytest.raises(ValueError, match="45"):
        line(30.0)


def test_a_camera_that_moves_along_x_smears_along_x():
    assert torch.allclose(motion(5, 0.0)[2], torch.full((5,), 0.2, dtype=torch.float64), atol=0.06)
    assert motion(5, 0.0)[[0, 1, 3, 4]].abs().max() < 1e-12
    assert torch.allclose(motion(7, 90.0), motion(7, 0.0).T, atol=1e-12)
    assert torch.allclose(motion(7, 180.0), motion(7, 0.0), atol=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_columns_times_rows_are_the_kernel(name):
    w = kernel(name)
    parts = separate(w)
    assert torch.allclose(parts.columns.T @ parts.rows, w, atol=1e-9)
    assert parts.rank == np.linalg.matrix_rank(w.numpy())
    assert (parts.full, parts.split) == (w.numel(), parts.rank * sum(w.shape))


def test_ranks_of_the_lecture():
    ranks = {n: separate(kernel(n)).rank for n in ("box", "gaussian", "sobel_x", "laplacian", "outline")}
    assert ranks == {"box": 1, "gaussian": 1, "sobel_x": 1, "laplacian": 2, "outline": 2}
    assert separate(gabor(angle=0.0)).rank == 1 and separate(gabor(angle=30.0)).rank == 3
    assert separate(torch.zeros(3, 3)).rank == 0


@given(st.integers(-32, 32), st.integers(-32, 32))
def test_the_response_is_the_sum_of_waves(u, v):
    w = kernel("emboss", angle=20.0)
    y, x = torch.meshgrid(torch.arange(3.0).double(), torch.arange(3.0).double(), indexing="ij")
    wave = torch.polar(w.new_ones(3, 3), -2 * math.pi * (u * y + v * x) / 65)
    assert abs(float(response(w)[u + 32, v + 32]) - float((w * wave).sum().abs())) < 1e-9


@given(
    st.lists(
        st.lists(st.floats(-1e5, 1e5).map(lambda v: float(f"{v:.4g}")), min_size=3, max_size=3),
        min_size=1,
        max_size=11,
    )
)
def test_what_is_written_is_read(rows):
    w = torch.tensor(rows, dtype=torch.float64)
    assert torch.equal(parse(written(w)), w)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "1 2; 3",
        "a b",
        "1e999",
        "nan 1",
        "__import__('os')",
        "1 " * 12,
        "1;" * 12,
        "inf",
        "2e6",
        "١ ２ x",
    ],
)
def test_what_is_no_kernel_is_refused(text):
    with pytest.raises(ValueError, match=r"\.$"):
        parse(text)


def test_normalised_weights_sum_to_one_in_size():
    assert abs(float(normalised(kernel("sobel_x")).abs().sum()) - 1) < 1e-12
    assert normalised(torch.zeros(2, 2)).eq(0).all()
    with pytest.raises(ValueError, match="sobel_x"):
        kernel("nonsense")
