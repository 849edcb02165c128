"""Regression of a box: a slow loop with torch's own optimizer, the flat place of IoU, who arrives."""

import pytest
import torch

from core import boxes, regress
from core.regress import LOSSES

START, TARGET = (40.0, 40.0, 120.0, 110.0), (200.0, 120.0, 300.0, 260.0)


def descend(names=tuple(LOSSES), start=START, **more):
    return regress.descend(boxes.overlap, boxes.slope, start, TARGET, names, **more)


@pytest.mark.parametrize("name", LOSSES)
def test_equals_sgd_with_a_falling_rate(name):
    """One loss alone, torch.optim.SGD and its LambdaLR, torch's own L1 losses."""
    steps, lr, goal = 40, 0.3, torch.tensor(TARGET, dtype=torch.float64) / 100
    b = (torch.tensor(START, dtype=torch.float64) / 100).requires_grad_()
    sgd = torch.optim.SGD([b], lr=lr)
    rate = torch.optim.lr_scheduler.LambdaLR(sgd, lambda t: 1 - t / steps)
    flat = {"l1": torch.nn.functional.l1_loss, "smooth_l1": torch.nn.functional.smooth_l1_loss}
    way = [b.detach().clone()]
    for _step in range(steps):
        sgd.zero_grad()
        loss = flat[name](b, goal) if name in flat else 1 - boxes.MEASURES[name](b, goal)
        loss.backward()
        sgd.step()
        rate.step()
        way.append(b.detach().clone())
    found = descend(lr=lr, steps=steps)[name]
    assert torch.allclose(found.boxes, torch.stack(way) * 100)


def test_iou_does_not_move_apart_and_the_others_arrive():
    found = descend(lr=0.5, steps=60)
    assert found["iou"].slope.tolist() == [0] * 61
    assert torch.equal(found["iou"].boxes[0], found["iou"].boxes[-1])
    for name in set(LOSSES) - {"iou", "smooth_l1"}:
        assert found[name].iou[-1] > 0.9, name
        assert found[name].slope[0] > 0.05, name


def test_once_they_overlap_iou_arrives():
    assert descend(["iou"], (150, 80, 260, 180), lr=0.5)["iou"].iou[-1] > 0.9


def test_giou_grows_first_and_diou_moves():
    found = descend(["giou", "diou"], lr=0.5)
    size = {n: (way.boxes[:, 2:] - way.boxes[:, :2]).prod(-1) for n, way in found.items()}
    touch = int((found["giou"].iou > 0).nonzero()[0])
    assert size["giou"][touch] > 1.5 * size["giou"][0]
    assert size["giou"][touch] > 1.1 * size["diou"][int((found["diou"].iou > 0).nonzero()[0])]


def test_arrivals():
    rows = {name: row for name, *row in regress.arrivals(descend(["l1", "iou"], lr=0.5), at=0)}
    assert rows["iou"] == [0, 0, -1]
    assert rows["l1"][:2] == [0, pytest.approx(0.5)]
    assert 0 < rows["l1"][2] < 60


def test_at_the_goal_it_stays():
    for name, way in descend(start=TARGET, lr=0.5, steps=5).items():
        assert torch.allclose(way.boxes, way.boxes[:1]), name


def test_bad_arguments():
    with pytest.raises(ValueError, match="no loss"):
        descend(["l2"])
    for bad in ({"lr": 0.0}, {"steps": 0}, {"lr": float("inf")}):
        with pytest.raises(ValueError, match="finite rate"):
            descend(**bad)
