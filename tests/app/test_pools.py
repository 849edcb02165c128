"""What the pooling pages share: windows that cannot be are refused in a sentence, pictures keep their shape."""

import pytest
import torch

from app import images, pools
from app.domains import Refused
from core.pooling import Window

USUAL = {"kernel": 4, "tied": True, "padding": 0, "dilation": 1, "ceil": False}


def test_stride_follows_the_kernel_unless_told_otherwise() -> None:
    assert pools.window(USUAL, (16, 16)) == Window(4, 4)
    assert pools.window(USUAL | {"tied": False, "stride": 3}, (16, 16)) == Window(4, 3)


@pytest.mark.parametrize(
    ("more", "size", "sentence"),
    [
        ({"padding": 3}, (16, 16), "2 here, not 3"),
        ({"dilation": 8}, (16, 30), "reaches over 25 pixels, the picture has only 16"),
        ({"kernel": 2, "padding": 1, "dilation": 8}, (7, 7), "nothing but padding"),
        ({"kernel": 16, "tied": False, "stride": 1}, (190, 190), "larger stride"),
    ],
)
def test_impossible_windows_get_a_sentence(more, size, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        pools.window(USUAL | more, size)


def test_p_reaches_both_ends() -> None:
    assert [pools.p_of(q) for q in (0.0, 0.5, 0.75, 1.0)] == [1, 2, 4, float("inf")]
    assert [pools.p_text(q) for q in (0.0, 0.9, 1.0)] == ["1", "10", "∞"]


def test_pictures_are_shrunk_in_proportion() -> None:
    photo = images.photograph("cat")
    assert pools.shrunk(photo, 192, False).shape == (3, 128, 192)
    assert pools.shrunk(photo, 96, True).shape == (3, 96, 96)
    x, cells = pools.features(images.sample("digits", 3), 256, 16)
    assert x.shape == (1, 256, 256) and cells.shape == (1, 16, 16)


def test_the_network_holds_for_a_few_pixels_only() -> None:
    right = pools.right_by_shift(8, False)
    assert right[0] > 0.95 and right[4] > 0.9 and right[-1] < 0.5
    at, sure, label = pools.confidence(0, 0.0, 8, False)
    assert len(at) == len(sure) == 33 and label == 3 and sure[0] > 0.9
    assert torch.all((sure >= 0) & (sure <= 1))
