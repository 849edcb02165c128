"""The GIF of a walk: read back with Pillow, frame by frame."""

import io
import itertools

import torch
from PIL import Image

from app.figures import palette
from app.figures.film import FRAMES, LEGEND, WIDTH, film
from app.figures.terrain import Relief

VIEW = (-2.0, 2.0, -1.0, 1.0)


def frames(steps: int, far: float = 1.0) -> list[Image.Image]:
    z = torch.linspace(0, 1, 11).expand(11, 11)  # higher to the right
    way = torch.stack([torch.linspace(-1, far, steps + 1), torch.full((steps + 1,), 0.5)], -1)[:, None]
    gif = Image.open(io.BytesIO(film(z, Relief(z, False), VIEW, {"Спуск": way}, {"Спуск": palette.BLUE})))
    return [(gif.seek(i), gif.convert("RGB"))[1] for i in range(gif.n_frames)]


def blue(image: Image.Image) -> torch.Tensor:
    """Where the path is, without the legend."""
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).reshape(image.height, WIDTH, 3)
    wanted = torch.tensor(palette.rgb(palette.BLUE))
    return ((pixels[LEGEND:].int() - wanted).abs().amax(-1) < 40).nonzero()


def test_the_path_grows_along_its_steps():
    ends = [blue(f)[:, 1].max().item() for f in frames(10)]
    assert len(ends) == 11
    assert all(a < b for a, b in itertools.pairwise(ends))
    assert abs(ends[-1] - (0.75 * WIDTH + 5)) <= 3  # x = 1 is three quarters to the right; the dot reaches 5 on
    rows = blue(frames(10)[-1])[:, 0].double()
    assert abs(rows.mean().item() - 0.25 * WIDTH) <= 3  # y = 0.5 is a quarter from the top


def test_low_is_dark():
    image = frames(1)[-1]
    left, right = (sum(image.getpixel((x, LEGEND + WIDTH - 5))) for x in (5, WIDTH - 5))
    assert left < right


def test_long_walks_are_thinned_and_short_ones_stand():
    assert len(frames(3000)) == FRAMES + 1
    assert len(frames(0)) == 1


def test_a_path_that_leaves_the_view_or_is_no_number_does_not_break_the_film():
    for far in (1e8, float("inf"), float("nan")):
        assert {image.size for image in frames(5, far)} == {(WIDTH, WIDTH + LEGEND)}
