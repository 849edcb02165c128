"""AP: pycocotools on random scenes with classes and crowds, a curve worked by hand, and what must always hold."""

import contextlib
import io
import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core import boxes as geometry
from core import precision, scenes


def scene(seed, objects=9, each=3, noise=0.12, alarms=8, mistakes=0.15, missed=0.15):
    truth, kinds = scenes.crowd(objects, 0.4, 3, seed=seed)
    s = scenes.detections(truth, kinds, each, noise, alarms, mistakes=mistakes, missed=missed, seed=seed)
    return s.boxes, s.scores, s.classes, s.truth, s.kinds


def coco(boxes, scores, classes, truth, kinds, crowd, within=None):
    """COCO's own numbers: AP of each class at 0.50, …, 0.95; of objects with an area `within`."""

    def xywh(b):
        return [b[0], b[1], b[2] - b[0], b[3] - b[1]]

    with contextlib.redirect_stdout(io.StringIO()):
        data = COCO()
        data.dataset = {
            "info": {}, "images": [{"id": 1, "width": 480, "height": 320}],
            "categories": [{"id": k} for k in range(3)],
            "annotations": [
                {"id": i + 1, "image_id": 1, "category_id": int(kinds[i]), "bbox": xywh(b), "iscrowd": int(crowd[i]),
                 "area": (b[2] - b[0]) * (b[3] - b[1])} for i, b in enumerate(truth.tolist())],
        }  # fmt: skip
        data.createIndex()
        said = data.loadRes([{"image_id": 1, "category_id": int(classes[i]), "bbox": xywh(b), "score": scores[i].item()}
                             for i, b in enumerate(boxes.tolist())])  # fmt: skip
        run = COCOeval(data, said, "bbox")
        if within:
            run.params.areaRng, run.params.areaRngLbl = [list(within)], ["some"]
        run.evaluate()
        run.accumulate()
    table = run.eval["precision"][:, :, :, 0, -1]  # threshold, recall, class
    return [[np.nan if (c := table[t, :, k]).min() < 0 else c.mean() for k in range(3)] for t in range(10)]


@pytest.mark.parametrize("crowds", [False, True], ids=["objects", "crowds"])
def test_equals_pycocotools(crowds):
    for seed in range(60):
        parts = scene(seed, objects=seed % 12 + 1, each=seed % 4 + 1)
        crowd = torch.rand(len(parts[3]), generator=torch.Generator().manual_seed(seed)) < 0.3 * crowds
        wanted = coco(*parts, crowd)
        for t, threshold in enumerate(precision.COCO_THRESHOLDS):
            rows = precision.by_class(*parts, threshold, crowd)
            found = {kind: ap for kind, _n, _11, _all, ap in rows[:-1]}
            there = {k: v for k, v in enumerate(wanted[t]) if not math.isnan(v)}
            assert found == pytest.approx(there, abs=1e-9), (seed, threshold)
        if not crowds:
            mean = precision.over_thresholds(*parts)[-1][1]
            assert mean == pytest.approx(np.nanmean(wanted))


@pytest.mark.parametrize("crowds", [False, True], ids=["objects", "crowds"])
def test_by_size_equals_pycocotools(crowds):
    for seed in range(25):
        truth, kinds = scenes.crowd(seed % 12 + 3, 0.4, 3, seed=seed)
        random = torch.Generator().manual_seed(seed)
        stretch = torch.rand(len(truth), 1, generator=random, dtype=torch.float64)
        truth[:, 2:] = truth[:, :2] + (truth[:, 2:] - truth[:, :2]) * (0.4 + stretch)  # of many sizes
        s = scenes.detections(truth, kinds, seed % 4 + 1, 0.12, 8, mistakes=0.15, missed=0.15, seed=seed)
        parts = s.boxes, s.scores, s.classes, s.truth, s.kinds
        crowd = torch.rand(len(truth), generator=random) < 0.3 * crowds
        area = (truth[:, 2:] - truth[:, :2]).prod(-1).sort().values
        low, high = (
            area[len(area) // 3].item(),
            area[2 * len(area) // 3].item(),
        )  # limits on objects: both ends count
        means = []
        for within in [(0.0, low), (low, high), (high, 1e10)]:
            wanted = coco(*parts, crowd, within)
            for t in (0, 5, 9):
                rows = precision.by_class(*parts, precision.COCO_THRESHOLDS[t], crowd, within)
                there = {k: v for k, v in enumerate(wanted[t]) if not math.isnan(v)}
                assert {kind: ap for kind, *_n, ap in rows[:-1]} == pytest.approx(there, abs=1e-9), (
                    seed,
                    within,
                    t,
                )
            means.append(rows[-1][1:])
        if not crowds:
            sizes = precision.by_size(*parts, (low, high), precision.COCO_THRESHOLDS[9])
            assert sizes == [pytest.approx(m, nan_ok=True) for m in means]
            assert [n for n, *_ap in sizes] == [len(area) // 3 + 1, 2 * len(area) // 3 - len(area) // 3 + 1,
                                                len(area) - 2 * len(area) // 3]  # fmt: skip


def test_who_does_not_count_by_size():
    """Large objects only: the small one, its finder and a small false alarm are left out, a large alarm is not."""
    boxes, scores, zero, truth, kinds = by_hand()
    truth[1] = torch.tensor([20.0, 0, 24, 4])
    boxes[2], boxes[3] = torch.tensor([20.0, 0, 25, 4]), torch.tensor([60.0, 60, 80, 80])
    boxes[1] = torch.tensor([60.0, 0, 63, 3])
    found = precision.match(boxes, scores, zero, truth, kinds, within=(50.0, math.inf))
    assert [row[-1] for row in precision.matched(found, scores, zero)] == [
        "right",
        "ignored",
        "ignored",
        "wrong",
    ]
    assert found.claimed.tolist() == [0, -1, 1, -1]
    assert not found.missed.any()
    assert precision.match(boxes[1:], scores[1:], zero[1:], truth, kinds, within=(50.0, math.inf)).missed.tolist() \
        == [True, False]  # fmt: skip


def by_hand():
    """Two objects of a kind; right, duplicate, right, beside."""
    truth = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10]], dtype=torch.float64)
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 1, 10, 11], [21, 0, 31, 10], [60, 60, 70, 70]], dtype=torch.float64)
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6], dtype=torch.float64)
    zero = torch.zeros(4, dtype=torch.long)
    return boxes, scores, zero, truth, zero[:2]


def test_a_curve_by_hand():
    parts = by_hand()
    found = precision.match(*parts)
    assert [row[-1] for row in precision.matched(found, parts[1], parts[2])] == [
        "right",
        "duplicate",
        "right",
        "wrong",
    ]
    curve = precision.curve(found, parts[1], 2)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 2 / 4])
    assert curve.recall.tolist() == pytest.approx([0.5, 0.5, 1, 1])
    assert curve.envelope.tolist() == pytest.approx([1, 2 / 3, 2 / 3, 1 / 2])
    assert precision.area(curve) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert precision.area(curve, 11) == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)
    assert precision.area(curve, 101) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert not found.missed.any()


def test_the_best_score_claims_and_not_the_best_fit():
    boxes, scores, zero, truth, kinds = by_hand()
    found = precision.match(boxes, scores.flip(0), zero, truth, kinds)
    assert found.claimed.tolist() == [-1, 0, 1, -1]
    assert found.duplicate.tolist() == [True, False, False, False]


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(0, 4), st.floats(0, 0.4))
def test_what_always_holds(seed, objects, each, noise):
    parts = scene(seed, objects, each, noise, alarms=seed % 5)
    boxes, scores, classes, truth, kinds = parts
    found = precision.match(*parts)
    claims = [c for c in found.claimed.tolist() if c >= 0]
    assert len(claims) == len(set(claims))  # each object once
    assert int(found.missed.sum()) + len(claims) == objects
    for i, j in enumerate(found.claimed.tolist()):
        if j >= 0:
            assert classes[i] == kinds[j]
            assert geometry.iou(boxes[i], truth[j]) >= 0.5
    curve = precision.curve(found, scores, objects)
    assert (torch.diff(curve.recall) >= 0).all()
    assert (torch.diff(curve.envelope) <= 0).all()
    assert all(0 <= precision.area(curve, n) <= 1 for n in (0, 11, 101))
    ladder = [ap for _t, ap in precision.over_thresholds(*parts)[:-1]]
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(ladder))  # stricter is never better
    table = precision.confusion(*parts, 3)
    assert sum(map(sum, table[:3])) == objects
    assert sum(row[k] for row in table for k in range(3)) == len(boxes)


def test_nothing_said_nothing_there_and_odd_boxes():
    boxes, scores, zero, truth, kinds = by_hand()
    assert precision.by_class(boxes[:0], scores[:0], zero[:0], truth, kinds)[-1][2:] == (0, 0, 0)
    none = precision.by_class(boxes, scores, zero, truth[:0], kinds[:0])
    assert none[0][:2] == (-1, 0)
    assert math.isnan(none[0][2])
    boxes[0, 2] = math.nan
    boxes[1] = torch.tensor([9.0, 9, 1, 1])
    found = precision.match(boxes, scores, zero, truth, kinds)
    assert found.claimed.tolist() == [-1, -1, 1, -1]
    assert found.missed.tolist() == [True, False]


def test_bad_arguments():
    boxes, scores, zero, truth, kinds = by_hand()
    with pytest.raises(ValueError, match="threshold"):
        precision.match(boxes, scores, zero, truth, kinds, 0.0)
    with pytest.raises(ValueError, match="one score"):
        precision.match(boxes, scores[:2], zero, truth, kinds)


def test_sampled_points_lie_on_the_envelope():
    boxes, scores, classes, truth, kinds = scene(3)
    c = precision.curve(precision.match(boxes, scores, classes, truth, kinds), scores, len(truth))
    for points in (11, 101):
        at, p = precision.sampled(c, points)
        by_hand = [
            max(
                (q for q, r in zip(c.precision.tolist(), c.recall.tolist(), strict=True) if r >= a - 1e-12),
                default=0.0,
            )
            for a in at.tolist()
        ]
        assert p.tolist() == pytest.approx(by_hand)
        assert precision.area(c, points) == pytest.approx(sum(by_hand) / points)


def test_many_scenes_are_one_scene_laid_far_apart():
    """Boxes of different pictures cannot meet: pictures side by side on one long canvas give the same AP."""
    parts = [scene(seed) for seed in range(4)]
    away = torch.tensor([10_000.0, 0, 10_000.0, 0], dtype=torch.float64)
    moved = [(b + i * away, s, c, t + i * away, k) for i, (b, s, c, t, k) in enumerate(parts)]
    whole = precision.by_class(*(torch.cat(part) for part in zip(*moved, strict=True)))
    for row, other in zip(precision.over_scenes(parts), whole, strict=True):
        assert row == pytest.approx(other)
