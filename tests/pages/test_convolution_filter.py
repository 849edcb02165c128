"""Filtering a photograph: what the page says of its picture, another way; and a kernel of the visitor's own."""

import re

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from tests.pages.screen import figures, open_page, rows, trouble
from tools.server import ROOT


def said(screen) -> list[float]:
    """Width, height, smallest and largest answer, as they stand over the picture."""
    title = figures(screen)["convolution.stage"]["panels"][1]["title"]
    return [float(n.replace("−", "-")) for n in re.findall(r"[-−]?\d+(?:\.\d+)?", title)]


@pytest.mark.parametrize("padding", [0, 1, 4])
def test_sobel_on_the_photographer_is_that_of_scipy(padding):
    with Image.open(ROOT / "assets" / "images" / "camera.png") as image:
        pixels = np.pad(np.asarray(image) / 255, padding)
    answers = ndimage.sobel(pixels, 1, mode="constant")[1:-1, 1:-1]
    screen = open_page("convolution", {"convolution.padding": str(padding)})
    expected = [*answers.shape[::-1], answers.min(), answers.max()]
    assert said(screen) == pytest.approx(expected, abs=0.0051)


def test_own_numbers_are_applied_and_wrong_ones_named():
    link = {"convolution.kernel": "own", "convolution.weights": "0 0 0; 0 2 0; 0 0 0"}
    assert said(open_page("convolution", link))[3] == pytest.approx(2.0)
    broken = open_page("convolution", {**link, "convolution.weights": "1 2; 3"})
    assert [str(i.value) for i in broken.info if "one length" in i.value] and not broken.exception
    assert not figures(broken)


def test_a_kernel_that_is_larger_than_the_picture_is_told():
    link = {"picture": "digit", "kernel": "box", "size": "11", "dilation": "8", "padding": "0"}
    screen = open_page("convolution", {f"convolution.{n}": v for n, v in link.items()})
    assert any("larger than the picture" in w.value for w in screen.warning) and not screen.exception


def test_the_saving_of_a_separable_kernel():
    link = {"convolution.kernel": "gaussian", "convolution.size": "9"}
    screen = open_page("convolution", link)
    assert trouble(screen) == []
    assert rows(figures(screen)["convolution.numbers"])[1][1:5] == ["1.000", "1", "81", "18"]


def test_grey_and_colour_and_relu_differ():
    link = {"convolution.picture": "cat"}
    grey, colour = (open_page("convolution", {**link, "convolution.colour": str(c)}) for c in (False, True))
    assert said(grey)[2:] != said(colour)[2:]
    assert said(open_page("convolution", {**link, "convolution.relu": "true"}))[2] == 0
