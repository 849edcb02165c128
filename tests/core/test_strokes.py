"""Strokes: there and back through the text, against a slow loop and Pillow as pictures, evenly as points."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core import strokes

PAPER = (0.0, 0.0, 28.0, 28.0)
lattice = st.integers(0, strokes.LATTICE - 1)
drawings = st.lists(st.lists(st.tuples(lattice, lattice), min_size=1, max_size=12), max_size=6)


def tensors(drawn, scale: float = 1.0) -> list[torch.Tensor]:
    return [torch.tensor(s, dtype=torch.float64) * scale / (strokes.LATTICE - 1) for s in drawn]


@settings(max_examples=40)
@given(drawings)
def test_a_drawing_comes_back_from_its_text(drawn):
    text = strokes.pack(tensors(drawn))
    assert len(text) == sum(1 + 3 * len(s) for s in drawn)
    for sent, received in zip(tensors(drawn), strokes.unpack(text), strict=True):
        assert torch.equal(sent, received)
    plane = (-1.3, 1.3, 1.3, -1.3)  # up is up
    assert strokes.pack(strokes.unpack(text, plane), plane) == text


@settings(max_examples=60)
@given(st.text(max_size=20) | st.text(alphabet="AZaz09-_.", max_size=20).map(".{}".format))
def test_any_text_is_a_drawing_or_a_value_error(text):
    try:
        drawn = strokes.unpack(text)
    except ValueError as error:
        assert "stroke" in str(error) or "characters" in str(error)
        return
    assert strokes.pack(drawn) == text


@pytest.mark.parametrize("junk", ["nan", "AAA", ".", ".AAAA", "..AAA", ".AAA.", ".AA+", ".AAA" * 376, ".ААА"])
def test_junk_is_refused(junk):
    with pytest.raises(ValueError):
        strokes.unpack(junk)


def test_what_cannot_be_written_is_refused():
    for wrong in ([torch.tensor([[0.5, 1.1]])], [torch.zeros(0, 2)], [torch.tensor([[torch.nan, 0]])],
                  [torch.rand(600, 2)]):  # fmt: skip
        with pytest.raises(ValueError):
            strokes.pack(wrong)
    for wrong in ({"side": 0}, {"width": 0.0}, {"soft": 0.0}, {"soft": float("nan")}):
        with pytest.raises(ValueError):
            strokes.raster([torch.rand(2, 2)], **wrong)


def slow_raster(drawn, side, width, soft):
    """Pixel by pixel, piece by piece."""
    picture = torch.zeros(side, side)
    for row in range(side):
        for column in range(side):
            nearest, at = float("inf"), np.array([column + 0.5, row + 0.5])
            for stroke in drawn:
                for a, b in pairwise(stroke) if len(stroke) > 1 else [stroke[[0, 0]]]:
                    a, b = a.numpy(), b.numpy()
                    long = float((b - a) @ (b - a))
                    t = min(1.0, max(0.0, float((at - a) @ (b - a)) / long)) if long else 0.0
                    nearest = min(nearest, float(np.linalg.norm(at - a - t * (b - a))))
            picture[row, column] = min(1.0, max(0.0, (width / 2 - nearest) / soft + 0.5))
    return picture


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.tuples(lattice, lattice), min_size=1, max_size=4), max_size=3),
       st.sampled_from([(12, 2.6, 1.0), (9, 1.0, 2.0)]))  # fmt: skip
def test_picture_is_that_of_a_slow_loop(drawn, pen):
    side, width, soft = pen
    drawn = tensors(drawn, side)
    made, expected = strokes.raster(drawn, side, width, soft), slow_raster(drawn, side, width, soft)
    assert made.shape == (side, side) and made.dtype == torch.float32
    assert (made - expected).abs().max() <= 0.5 / 255 + 1e-4
    assert torch.equal((made * 255).round() / 255, made), "256 levels, as every picture of a collection has"


def test_many_pieces_are_drawn_as_few():
    stroke = torch.rand(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 28
    each = [strokes.raster([piece]) for piece in stroke.unfold(0, 2, 1).mT]
    assert torch.equal(strokes.raster([stroke]), torch.stack(each).amax(0))


def test_picture_covers_what_pillow_covers():
    """Pillow draws without soft edges, 16 times as large; the mean of each block is the share that is covered."""
    way, fine, width = [(5.0, 5.0), (25.0, 7.5), (18.0, 27.0), (8.0, 19.0)], 16, 4
    board = Image.new("L", (32 * fine, 32 * fine))
    pen = ImageDraw.Draw(board)
    for (x, y), (to_x, to_y) in pairwise(way):
        pen.line([x * fine, y * fine, to_x * fine, to_y * fine], 255, width * fine)
    for x, y in way:
        pen.circle([x * fine, y * fine], width * fine / 2, 255)
    covered = torch.from_numpy(np.array(board)).float().reshape(32, fine, 32, fine).mean((1, 3)) / 255
    ours = strokes.raster([torch.tensor(way, dtype=torch.float64)], 32, width, soft=1.0)
    assert (ours - covered).abs().max() < 0.12
    assert (ours - covered).abs().mean() < 0.007


def test_centred_as_mnist_does():
    drawn = [torch.tensor([[3.0, 2.0], [3.0, 9.0], [6.0, 9.0]], dtype=torch.float64)]
    for moved in (drawn, [s * 1.7 + 4 for s in drawn]):
        ink = strokes.raster(strokes.centred(moved)).double()
        at = torch.arange(28) + 0.5
        assert float((ink.sum(0) * at).sum() / ink.sum()) == pytest.approx(14.5, abs=0.02)
        assert float((ink.sum(1) * at).sum() / ink.sum()) == pytest.approx(14.5, abs=0.02)
        rows = (ink.amax(1) > 0.45).sum()
        assert rows == 20, "20 pixels high, like every digit of MNIST that is higher than wide"
    assert strokes.centred([]) == []
    dot = strokes.centred([torch.tensor([[3.0, 5.0]], dtype=torch.float64)])
    assert torch.allclose(dot[0], torch.tensor([[14.5, 14.5]], dtype=torch.float64), atol=0.01)


def test_points_lie_evenly_along_all_strokes():
    corner = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    dot, line = torch.tensor([[9.0, 9.0]]).double(), torch.tensor([[-1.0, 5.0], [-1.0, 6.0]]).double()
    found = strokes.spread([corner, dot, line], 8300, dot=0.1)
    assert found.shape == (8300, 2) and found.dtype == torch.float32
    on_dot = (found == 9).all(1)
    assert int(on_dot.sum()) == pytest.approx(100, abs=1)
    on_line = found[:, 0] == -1
    assert int(on_line.sum()) == pytest.approx(1100, abs=1)
    assert ((found[on_line, 1] >= 5) & (found[on_line, 1] <= 6)).all()
    rest = found[~on_dot & ~on_line]
    gaps = (rest[1:] - rest[:-1]).abs().sum(1)[110:]  # past the rest at the start
    assert gaps.max() < 0.0021 and gaps.min() > 0.0004
    assert (((rest[:, 1] == 0) | (rest[:, 0] == 3)) & (rest >= 0).all(1)).all()
    assert torch.allclose(strokes.spread([dot], 3), dot.float().expand(3, 2))
    with pytest.raises(ValueError, match="a drawing needs a stroke"):
        strokes.spread([], 5)
