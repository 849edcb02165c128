"""Number grids: what the browser is told of the links between cells makes the same numbers as PyTorch."""

import base64
import json
import string

import numpy as np
import pytest
import torch

from app import sliding
from app.domains import Refused
from app.figures.grids import Grids
from app.figures.plot import to_json
from core import arithmetic, patterns

SETTINGS = {"stride": 2, "padding": 1, "dilation": 1, "extra": 0}


def convolution(kind: str, view: str = "none", **more) -> Grids:
    dims = arithmetic.KINDS[kind].dims
    x = patterns.pattern("random", 5)
    return sliding.convolution(x if dims == 2 else x[:1], patterns.kernel("count", 3, dims), kind,
                               SETTINGS | more.pop("settings", {}), (0, 1), view, **more)  # fmt: skip


def taps(drawing: Grids) -> np.ndarray:
    """As the browser reads them."""
    links = drawing.header()["links"]
    payload = drawing.payload()
    n = len(payload) // (2 * links + (drawing.roles is not None))
    return np.frombuffer(payload[: 2 * n * links], dtype="<i2").reshape(n, links)


@pytest.mark.parametrize("view", ["none", "matrix", "columns", "coverage"])
@pytest.mark.parametrize("kind", arithmetic.KINDS)
def test_the_products_of_the_taps_sum_to_each_output(kind, view):
    drawing = convolution(kind, view)
    values = {
        grid.link: grid.values.flatten().numpy() for grid in reversed(drawing.grids)
    }  # the first of a link names it
    links, sums = taps(drawing), np.zeros(len(values[2]))
    np.add.at(sums, links[:, 2], values[0][links[:, 0]] * values[1][links[:, 1]])
    assert (sums == values[2]).all()
    if view == "matrix":  # each entry is the weight of its tap
        real = links[:, 4] >= 0
        assert (values[4][links[real, 4]] == values[1][links[real, 1]]).all()
    if view == "columns":
        assert (values[4][links[:, 4]] == values[0][links[:, 0]]).all()


@pytest.mark.parametrize("kind", arithmetic.KINDS)
def test_links_stay_inside_their_grids_and_sentences_know_their_fields(kind):
    header = json.loads(to_json(convolution(kind, "matrix", gradients=True).header()))
    links = taps(convolution(kind, "matrix", gradients=True))
    assert {grid["link"] for grid in header["grids"]} == {0, 1, 2, 3, 4}
    known = {"at", "value", "n", "terms", *"01234", *(f"at{i}" for i in range(5))}
    for grid in header["grids"]:
        assert (
            len(base64.b64decode(grid["values"]["bdata"])) / 4
            == grid["rows"] * grid["columns"]
            > links[:, grid["link"]].max()
        )
        for text in (grid["say"], grid["term"], grid["idle"]):
            assert {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name} <= known


def test_the_chosen_output_is_the_cell_of_its_row_and_column():
    drawing = convolution("2d")
    assert drawing.chosen == (2, 1)
    outside = sliding.convolution(torch.ones(3, 3), torch.ones(3, 3), "2d", SETTINGS, (5, 5), gradients=True)
    assert outside.chosen is None and len(outside.grids) == 3  # no output, no gradient of it


def test_the_gradients_are_those_of_the_chosen_output():
    *_others, dx, dw = convolution("2d", gradients=True).grids
    x = patterns.pattern("random", 5).requires_grad_()
    w = patterns.kernel("count", 3).requires_grad_()
    torch.nn.functional.conv2d(x[None, None], w[None, None], stride=2, padding=1)[0, 0, 0, 1].backward()
    assert torch.equal(dx.values, x.grad) and torch.equal(dw.values, w.grad)


def test_the_meter_tells_a_checkerboard():
    settings, x = SETTINGS | {"padding": 0}, torch.ones(4, 4)
    three, four = (sliding.convolution(x, torch.ones(k, k), "transposed2d", settings, (0, 0)) for k in (3, 4))
    assert any("1 to 4" in fact for fact in three.facts) and any("4 pixels in every" in fact for fact in four.facts)


def test_a_pool_tells_its_winners():
    settings = {"k": 2, "stride": 2, "padding": 0, "dilation": 1, "ceil": False}
    x = torch.tensor([[1.0, 7.0, 2.0, 2.0], [7.0, 3.0, 2.0, 2.0]]).double()
    drawing = sliding.pooling(x, "max", settings, (0, 0))
    assert taps(drawing).tolist() == [[0, 0], [1, 0], [4, 0], [5, 0], [2, 1], [3, 1], [6, 1], [7, 1]]
    assert list(drawing.payload()[-8:]) == [1, 3, 2, 1, 3, 2, 2, 2]


def test_padding_that_does_not_count_is_in_no_window():
    settings = {"k": 3, "stride": 2, "padding": 1, "dilation": 1, "ceil": False}
    counted, left_out = (
        sliding.pooling(torch.ones(4, 4).double(), "average", settings, (0, 0), count_padding=c) for c in (True, False)
    )
    assert (taps(counted)[:, 1] == 0).sum() == 9 and (taps(left_out)[:, 1] == 0).sum() == 4


def test_padding_never_wins_and_what_is_beyond_is_blank():
    settings = {"k": 3, "stride": 3, "padding": 1, "dilation": 1, "ceil": True}
    shown = sliding.pooling(torch.ones(6, 6).double(), "max", settings, (0, 0)).grids[0].values
    assert (shown[0] == -torch.inf)[:8].all() and shown[8:].isnan().all()


@pytest.mark.parametrize(
    "call",
    [lambda: sliding.refuse("2d", 3, 5, 1, 0, 1, 0), lambda: sliding.refuse("2d", 16, 3, 1, 7, 1, 0),
     lambda: sliding.refuse("transposed2d", 4, 3, 2, 0, 1, 2), lambda: sliding.refuse("transposed2d", 2, 1, 1, 1, 1, 0),
     lambda: sliding.refuse("transposed2d", 16, 3, 3, 0, 1, 0), lambda: sliding.refuse_pool(4, 2, 1, 2, 1, False),
     lambda: sliding.refuse_pool(2, 3, 1, 0, 1, False), lambda: sliding.picture("drawn", 3, 0, "<b>"),
     lambda: sliding.convolution(torch.ones(13, 13), torch.ones(1, 1), "2d", SETTINGS, (0, 0), "matrix")],
)  # fmt: skip
def test_what_is_not_possible_is_said(call):
    with pytest.raises(Refused, match=r"\.$"):
        call()


@pytest.mark.parametrize("kind", arithmetic.KINDS)
def test_the_page_refuses_what_the_core_refuses(kind):
    """Whatever passes `refuse` can be computed; whatever it stops, the core stops, too, unless it is only too large."""
    for n in (1, 2, 7, 16):
        for k in (1, 2, 5):
            for settings in ((1, 0, 1, 0), (2, 6, 1, 1), (3, 1, 4, 3)):
                named = dict(zip(("stride", "padding", "dilation", "extra"), settings, strict=True))
                named["extra"] *= arithmetic.KINDS[kind].transposed
                try:
                    sliding.refuse(kind, n, k, **named)
                except Refused as refusal:
                    if "read any more" in str(refusal):
                        continue
                    with pytest.raises(ValueError):
                        arithmetic.axis(kind, n, k, **named)
                else:
                    assert arithmetic.axis(kind, n, k, **named).out <= sliding.MOST
