"""Pictures as text, and strokes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core import drawing

coordinate = st.floats(2, 25)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_text_brings_back_the_picture(height: int, width: int, seed: int) -> None:
    picture = torch.randint(0, 256, (height, width), generator=torch.Generator().manual_seed(seed)) / 255
    assert torch.equal(drawing.from_text(drawing.as_text(picture), width), picture)


def test_channels_stand_below_each_other() -> None:
    x = torch.arange(24).reshape(3, 2, 4) / 255
    assert torch.equal(drawing.from_text(drawing.as_text(x.flatten(0, 1)), 4, channels=3), x)


def test_a_text_that_does_not_fill_its_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="rows of 4"):
        drawing.from_text("000102", 4)
    with pytest.raises(ValueError, match="two points"):
        drawing.ink([(3.0, 3.0)])


@given(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6))
def test_the_curve_goes_through_its_points(points: list[tuple[float, float]]) -> None:
    way = drawing.curve(points, each=5)
    torch.testing.assert_close(way[::5], torch.tensor(points, dtype=torch.float64))


def test_ink_is_what_pillow_draws() -> None:
    """A straight stroke, against Pillow's line at eight times the size."""
    board = Image.new("L", (28 * 8, 28 * 8))
    ends = [(6.0, 5.0), (20.0, 22.0)]
    ImageDraw.Draw(board).line([c for x, y in ends for c in ((x + 0.5) * 8, (y + 0.5) * 8)], 255, width=24)
    small = torch.tensor(list(board.resize((28, 28), Image.Resampling.BOX).tobytes())).reshape(28, 28) / 255
    drawn = drawing.ink(ends, width=3.0)
    inside = torch.ones(28, 28, dtype=torch.bool)
    for x, y in ends:  # Pillow's ends are flat, ours are round
        inside[int(y) - 3 : int(y) + 4, int(x) - 3 : int(x) + 4] = False
    assert (drawn - small).abs()[inside].max() < 0.25
    assert (drawn - small).abs()[inside].mean() < 0.01
