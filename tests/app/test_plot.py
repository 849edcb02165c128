"""Tensors -> Plotly figures: what goes in comes out, and Plotly accepts it."""

import base64
import io
import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.figures import palette
from app.figures.axes import columns, decades, stable_range
from app.figures.picture import SMALL, Picture, Table, backdrop, panel, signed
from app.figures.plot import Plot, dots, encode, layout, line, play, to_json
from app.figures.violins import growing_range

WIDTHS = {"f4": torch.float32, "f8": torch.float64, "i4": torch.int32, "u1": torch.uint8}


def decoded(packed: dict[str, str]) -> torch.Tensor:
    """As the browser reads it."""
    flat = torch.frombuffer(bytearray(base64.b64decode(packed["bdata"])), dtype=WIDTHS[packed["dtype"]])
    return flat.reshape([int(n) for n in packed["shape"].split(", ")]) if "shape" in packed else flat


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32, torch.uint8, torch.int64])
@pytest.mark.parametrize("shape", [(5,), (2, 3), (1, 2, 3)])
def test_encode_keeps_every_number(dtype, shape):
    tensor = (torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 200).to(dtype)
    assert torch.equal(decoded(encode(tensor)).to(dtype), tensor)


def test_encode_takes_any_tensor():
    tensor = torch.tensor([1.5, math.nan, math.inf, -math.inf])
    assert torch.equal(decoded(encode(tensor)).nan_to_num(), tensor.nan_to_num())
    assert torch.equal(decoded(encode(torch.eye(3, dtype=torch.float64).T[::2])), torch.eye(3)[::2].double())
    assert decoded(encode(torch.tensor([0.5], dtype=torch.float16, requires_grad=True))).tolist() == [0.5]
    assert decoded(encode(torch.tensor([True, False]))).tolist() == [1.0, 0.0]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_keeps_python_numbers(value):
    assert json.loads(to_json({"v": value}))["v"] == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_no_word_for_nan(value):
    with pytest.raises(TypeError, match="not finite"):  # not a sentence for the visitor
        to_json({"v": value})


def test_json_refuses_what_a_figure_cannot_hold():
    with pytest.raises(TypeError, match="object cannot go into a figure"):
        to_json({"v": object()})


def test_plotly_accepts_the_figures():
    x = torch.linspace(-1, 1, 5)
    grid = columns(["f", "g", "h"], (-1, 1), [(0, 1), (0, 1), (0, 1)])
    data = [
        line(x, x**2, "curve", palette.BLUE, dash="dot", axes="x2y2", legendgroup="a"),
        dots(x, x, "points", [palette.RED] * 5, legend=False, marker={"symbol": "x"}),
        play(line(x, x, "path", palette.GREEN), "trail"),
        {"type": "heatmap", "z": torch.rand(3, 4)},
    ]
    plot = Plot(data, layout(**grid), "three panels", steps=5)
    figure = go.Figure(json.loads(to_json(plot.header()["figure"])))
    assert [t.type for t in figure.data] == ["scatter", "scatter", "scatter", "heatmap"]
    assert figure.data[0].xaxis == "x2" and figure.data[0].yaxis == "y2"
    assert figure.data[0].line.width == 2.5 and not figure.data[1].showlegend
    assert figure.layout.font.size >= 14 and figure.layout.xaxis3.range == (-1, 1)
    assert figure.layout.xaxis3.domain[1] == pytest.approx(1)
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]


def test_plotly_would_refuse_a_wrong_figure():
    wrong = line(torch.zeros(2), torch.zeros(2), "", palette.BLUE, nonsense=1)
    with pytest.raises(ValueError, match="nonsense"):
        go.Figure(json.loads(to_json({"data": [wrong]})))


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_stable_range_holds_every_value(values):
    low, high = stable_range([torch.tensor(values), torch.tensor([math.nan, math.inf])])
    # a value far from zero with no spread is known to float32 only so well
    slack = 1e-6 * max(abs(v) for v in values)
    assert low - slack <= min(values) <= max(values) <= high + slack
    assert low < high


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_growing_range_holds_every_value_and_rests(values):
    low, high = growing_range(torch.tensor(values, dtype=torch.float64))
    assert low < 0 < high and all(low <= v <= high for v in values)
    stops = {tuple(growing_range(torch.tensor([0.0, 1.0]) * 1.01**n)) for n in range(70)}  # together they double
    assert len(stops) <= 2


def test_decades_rest_where_the_range_is_wide():
    """A signal that explodes faster and faster changes the axis a few times only."""
    axes = [decades([torch.tensor([1.0, 10.0**n])])["range"] for n in range(36)]
    assert all(low <= 0 and n <= high for n, (low, high) in enumerate(axes))
    assert len({tuple(range) for range in axes}) <= 7


def test_stable_range_rests_under_small_changes():
    x = torch.linspace(0.01, 0.99, 50)
    assert stable_range([x]) == stable_range([x * 0.99])
    assert stable_range([torch.tensor([math.nan])]) == [-1.0, 1.0]


def test_small_pictures_are_lossless_and_carry_their_values():
    image = torch.rand(8, 8, generator=torch.Generator().manual_seed(0))
    small = Picture([panel("", image)], "noise")
    (drawn,) = json.loads(to_json(small.header()))["panels"]
    assert drawn["mime"] == "raw" and small.payload() == (image * 255).round().byte().numpy().tobytes()
    assert torch.equal(decoded(drawn["pixels"]), image)
    middling = Picture([panel("", torch.rand(SMALL, SMALL))], "noise")
    assert middling.header()["panels"][0]["mime"] == "image/png" and middling.payload().startswith(b"\x89PNG")
    (large,) = Picture([panel("", torch.rand(SMALL + 1, 8, 3))], "noise").header()["panels"]
    assert large["mime"] == "image/jpeg" and large["pixels"] is None
    assert (large["height"], large["width"]) == (SMALL + 1, 8)


def test_panels_lie_behind_one_another_in_the_payload():
    both = Picture([panel("a", torch.zeros(4, 5)), panel("b", torch.ones(3, 100, 7))], "two")
    first, second = both.header()["panels"]
    data = both.payload()
    assert len(data) == first["length"] + second["length"]
    assert (first["width"], first["height"], data[: first["length"]]) == (5, 4, bytes(20))
    image = Image.open(io.BytesIO(data[first["length"] :]))
    assert image.size == (7, 100) and set(image.convert("L").get_flattened_data()) == {255}


def test_a_raw_picture_makes_a_file_of_the_same_pixels():
    """Grey, RGB and RGBA; two of the same bytes and another shape are two pictures."""
    for shape in ((6, 9), (6, 9, 3), (6, 9, 4)):
        drawn = panel("", torch.rand(*shape, generator=torch.Generator().manual_seed(0)))
        pixels = np.asarray(Image.open(io.BytesIO(drawn.file())))
        assert pixels.shape == shape and pixels.tobytes() == drawn.data
    assert panel("", torch.zeros(4, 6)).id != panel("", torch.zeros(6, 4)).id


def test_signed_numbers_are_orange_white_and_blue():
    low, none, high = signed(torch.tensor([[-2.0, 0.0, 2.0]]))[0].int()
    assert none.tolist() == [255, 255, 255]
    assert low[0] > low[2] and high[2] > high[0]
    assert (signed(torch.tensor([[1.0]]), most=2.0)[0, 0] - (high + 255) / 2).abs().max() <= 2
    assert signed(torch.zeros(2, 2)).min() == 255


def test_tables_write_text_not_markup():
    header = Table(["a", "b"], [["<script>", "1 < 2"]], "a table").header()
    assert "<script>" not in to_json(header)


def test_a_picture_under_a_plot_is_sent_once():
    """The live road leaves out what came with the page; the browser finds it again by its name."""
    under = backdrop(torch.rand(40, 60, generator=torch.Generator().manual_seed(0)), fade=0.25)
    plot = Plot([line(torch.arange(3.0), torch.arange(3.0), "", palette.BLUE)], layout(**under), "a picture")
    (name,) = plot.images()
    (image,) = plot.without({name}).layout["images"]
    assert "source" not in image
    assert image == {n: v for n, v in under["images"][0].items() if n != "source"}
    assert image["opacity"] == 0.75
    assert len(to_json(plot.without({name}).header())) < len(to_json(plot.header())) / 2
    assert plot.without({name + 1}) is plot
    assert plot.layout["images"][0]["source"].startswith("data:image/png")
    go.Figure(json.loads(to_json(plot.header()))["figure"])
