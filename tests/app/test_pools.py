"""What the pooling pages share: windows that cannot be are refused in a sentence, pictures keep their shape."""

import weakref

import pytest
import torch

from app import images
from app.domains import Refused
from app.pooling import pools, subjects
from core import drawing
from core.pooling import Window

USUAL = {"kernel": 4, "tied": True, "padding": 0, "dilation": 1, "ceil": False}


def test_stride_follows_the_kernel_unless_told_otherwise() -> None:
    assert pools.window(USUAL, (16, 16)) == Window(4, 4)
    assert pools.window(USUAL | {"tied": False, "stride": 3}, (16, 16)) == Window(4, 3)


@pytest.mark.parametrize(
    ("more", "size", "sentence"),
    [
        ({"padding": 3}, (16, 16), "2 here, not 3"),
        ({"kernel": 5, "ceil": True, "tied": False, "stride": 1}, (4, 4), "reaches over 5 pixels"),
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


PHOTO = {"source": "photo"}


def own(height: int, width: int) -> images.Photo:
    return images.Photo("own", torch.rand(3, height, width, generator=torch.Generator().manual_seed(1)))


def test_pictures_are_shrunk_in_proportion() -> None:
    photo = images.photograph("cat")
    assert subjects.picture(photo, PHOTO).shape == (3, 170, 256)
    assert subjects.picture(own(8, 640), PHOTO).shape == (3, 8, 640)
    assert subjects.picture(own(600, 40), PHOTO).shape == (3, 256, 17)
    assert subjects.square(photo, PHOTO, 96).pixels.shape == (1, 96, 96)
    x, cells = subjects.features(images.sample("digits", 3), 256, 16)
    assert x.shape == (1, 256, 256) and cells.shape == (1, 16, 16)


@pytest.mark.parametrize("size", [(20, 20), (8, 640), (640, 8), (27, 29), (28, 28), (300, 200)])
def test_a_square_is_as_large_as_asked_for_whatever_the_picture(size: tuple[int, int]) -> None:
    photo = own(*size)
    assert subjects.square(photo, PHOTO, 28).pixels.shape == (1, 28, 28)
    assert subjects.square(photo, PHOTO, 32, 96).pixels.shape == (1, *[min(96, *size)] * 2)
    assert subjects.features(photo, 256, 32)[1].shape == (3, 8, 8)
    assert set(subjects.square(own(7, 7), PHOTO, 28).pixels.unique().tolist()) == set(
        own(7, 7).pixels.mean(0).unique().tolist()
    )


def test_what_is_made_of_a_picture_is_made_once_and_dies_with_it() -> None:
    photo, now = own(40, 60), PHOTO | {"q": 0.5, "back": "nearest", "kinds": [], "layers": 2, "seed": 0}
    of = subjects.subject(photo, now)
    once = pools.pooled(of, "max", Window(), now)
    assert pools.pooled(subjects.subject(photo, now | {"seed": 3, "q": 0.2}), "max", Window(), now)[0] is once[0]
    by_lot = [pools.pooled(of, "stochastic", Window(), now | {"seed": s})[0] for s in (0, 1, 0)]
    assert by_lot[0] is by_lot[2] and not torch.equal(by_lot[0], by_lot[1])
    assert pools.layers(of, "max", Window(), now) is pools.layers(
        of, "max", Window(), now | {"q": 0.1, "kinds": ["lp"]}
    )
    gone = weakref.ref(of.pixels)
    del photo, of, once, by_lot
    assert gone() is None


def test_a_script_carries_the_picture() -> None:
    """What is printed as code gives back the picture; where it had to be made smaller, a remark says so."""
    names = {"from_text": drawing.from_text}
    digit = images.sample("digits", 3)
    call, size = subjects.small_call(digit, PHOTO)
    assert size == (28, 28) and "#" not in repr(call)
    torch.testing.assert_close(eval(repr(call), names), digit.pixels[0])
    call, size = subjects.small_call(images.photograph("cat"), PHOTO)
    assert size == (42, 64) and "PSNRs differ" in repr(call)
    assert eval(f"[{call!r}]", names)[0].shape == size
    _x, cells = subjects.features(images.photograph("cat"), 256, 16)
    found = eval(f"[{subjects.text_call(cells)!r}]", names)[0]
    torch.testing.assert_close(found, cells, atol=0.5 / 255 + 1e-6, rtol=0)


def test_the_network_holds_for_a_few_pixels_only() -> None:
    right = pools.right_by_shift(8, False)
    assert right[0] > 0.95 and right[4] > 0.9 and right[-1] < 0.5
    at, sure, label = pools.confidence(0, 0.0, 8, False)
    assert len(at) == len(sure) == 33 and label == 3 and sure[0] > 0.9
    assert torch.all((sure >= 0) & (sure <= 1))
