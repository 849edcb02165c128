"""What the pages on detection share: cells of the grid, the mark of the confidence, results worked out once."""

import pytest
import torch

from app.detection import anchored, detected, seeing, staged
from core import anchors, precision

SIZE = (512, 500)


@pytest.mark.parametrize("stride", [16, 32, 64])
def test_each_cell_shows_all_of_its_anchors(stride):
    places = anchors.grid(SIZE, stride, [64.0, 128.0, 256.0], [0.5, 1.0, 2.0])
    rows, columns = (-(-n // stride) for n in SIZE)
    seen = []
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5) * stride, (row + 0.5) * stride
            cell = anchored.cell(places, SIZE, stride, x, y)
            assert cell.shape == (9, 4)
            middle = (cell[:, :2] + cell[:, 2:]) / 2
            torch.testing.assert_close(middle, torch.tensor([[x, y]]).expand(9, 2))
            seen.append(cell)
    assert torch.equal(torch.cat(seen), places)
    assert torch.equal(anchored.cell(places, SIZE, stride, 640, 640), places[-9:])
    one = torch.arange(len(places)) == len(places) - 3
    assert anchored.middles(one, SIZE, stride).tolist() == [[x, y]]


def test_a_confidence_that_nothing_reaches_has_no_mark():
    ramp = torch.tensor([0.5, 1.0], dtype=torch.float64)
    curve = precision.Curve(ramp, ramp, ramp, torch.tensor([0.8, 0.4]))
    marks = [detected.worth(c, (curve, 0.7, 2)).data[1]["x"] for c in (0.9, 0.8, 0.1)]
    assert [list(x) for x in marks] == [[], [0.5], [1.0]]


def test_a_move_is_worked_out_once_and_fewer_proposals_begin_the_same():
    now = {"number": 2, "noise": 0.05, "which": 1, "confidence": 0.3, "t": 0.45, "rule": "classes"}
    for i, (kind, *place) in enumerate(seeing.DIGITS, 1):
        now |= {f"o{i}": str(kind), **{f"b{i}_{part}": v for part, v in zip("xywh", place, strict=True)}}
    assert seeing.seen(now) is seeing.seen(dict(now))
    assert seeing.seen(now).every is seeing.seen(now | {"confidence": 0.5}).every
    assert not torch.equal(seeing.laid(now).canvas, seeing.laid(now | {"b1_x": 60}).canvas)
    for way in staged.ways():
        few, all_of_them = (staged.proposed(now, way, n).boxes for n in (2, 60))
        assert torch.equal(few, all_of_them[:2])
    assert {len(share) > 1 for share in staged.reached(staged.scene_of(now | {"data": "digits"})).values()} == {True}
