"""Suppression: OpenCV's NMS and soft-NMS on thousands of scenes, slow loops, and what must always hold."""

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import boxes as geometry
from core import precision, scenes, suppress
from core.suppress import RULES


def scene(seed, n=20, classes=3):
    random = torch.Generator().manual_seed(seed)
    corner = torch.rand(n, 2, generator=random, dtype=torch.float64) * 60
    size = 5 + torch.rand(n, 2, generator=random, dtype=torch.float64) * 40
    scores = torch.rand(n, generator=random, dtype=torch.float64)
    return torch.cat([corner, corner + size], 1), scores, torch.randint(classes, (n,), generator=random)


def run(rule, boxes, scores, classes, **more):
    return suppress.suppress(rule, boxes, scores, classes, geometry.iou, **more)


def xywh(boxes):
    return torch.cat([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1).tolist()


def kept(found):
    return set(found.kept.nonzero().flatten().tolist())


def test_hard_equals_opencv_on_thousands_of_scenes():
    for seed in range(1500):
        boxes, scores, classes = scene(seed, n=seed % 25 + 1)
        threshold, floor = (seed % 9 + 1) / 10, (seed % 5) / 10
        found = run("hard", boxes, scores, classes, threshold=threshold, floor=floor)
        # OpenCV cuts scores at > floor, in float32; none of ours is that close to it.
        wanted = cv2.dnn.NMSBoxes(xywh(boxes), scores.tolist(), floor, threshold)
        assert kept(found) == set(np.ravel(wanted).tolist()), seed


def test_class_aware_equals_opencv_batched():
    for seed in range(1000):
        boxes, scores, classes = scene(seed, n=seed % 25 + 1)
        found = run("classes", boxes, scores, classes, threshold=0.4, floor=0.1)
        wanted = cv2.dnn.NMSBoxesBatched(xywh(boxes), scores.tolist(), classes.tolist(), 0.1, 0.4)
        assert kept(found) == set(np.ravel(wanted).tolist()), seed


@pytest.mark.parametrize("rule", ["linear", "gaussian"])
def test_soft_equals_opencv(rule):
    """Scores and survivors. OpenCV works without classes; its boxes are whole pixels."""
    method = {"linear": 1, "gaussian": 2}[rule]
    for seed in range(700):
        boxes, scores, classes = scene(seed, n=seed % 20 + 1, classes=1)
        boxes = boxes.round()
        found = run(rule, boxes, scores, classes, threshold=0.3, sigma=0.5, floor=0.1)
        rects = [[int(v) for v in row] for row in xywh(boxes)]
        after, wanted = cv2.dnn.softNMSBoxes(rects, scores.tolist(), 0.1, 0.3, 0, 0.5, method)
        assert kept(found) == set(np.ravel(wanted).tolist()), seed
        order = [i for i in found.order.tolist() if found.kept[i]]
        assert found.score[order].tolist() == pytest.approx(np.ravel(after).tolist(), abs=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_at_most_is_a_sort_and_a_cut_at_the_end(rule):
    for seed in range(30):
        boxes, scores, classes = scene(seed, n=seed % 30 + 1)
        scores = (scores * 8).round() / 8  # many are equal
        free, most = run(rule, boxes, scores, classes, floor=0.1), seed % 7
        found = run(rule, boxes, scores, classes, floor=0.1, most=most)
        ranked = sorted(kept(free), key=lambda i: (-free.score[i].item(), i))
        assert kept(found) == set(ranked[:most]), seed
        assert found.order.tolist() == free.order.tolist()
        for place, stays, _before, after, by, u in suppress.reasons(found, scores):
            i = found.order.tolist()[place - 1]
            assert (not stays and not by) == (i in ranked[most:])  # nobody dropped it: the limit did
            if i in ranked[most:]:
                assert (after, u) == (0, 0)
            else:
                assert (after, by, u) == suppress.reasons(free, scores)[place - 1][3:]
        for name, n, *_more in suppress.compare(boxes, classes, boxes, scores, classes, geometry.iou, most=most):
            assert n <= most, name


@pytest.mark.parametrize("rule", ["linear", "gaussian"])
def test_at_most_equals_opencv_in_soft(rule):
    """There top_k counts what was kept; in NMSBoxes it is a cut before the rule, which is another thing."""
    method = {"linear": 1, "gaussian": 2}[rule]
    for seed in range(200):
        boxes, scores, classes = scene(seed, n=seed % 20 + 1, classes=1)
        boxes, most = boxes.round(), seed % 6 + 1
        found = run(rule, boxes, scores, classes, threshold=0.3, sigma=0.5, floor=0.1, most=most)
        rects = [[int(v) for v in row] for row in xywh(boxes)]
        _after, wanted = cv2.dnn.softNMSBoxes(rects, scores.tolist(), 0.1, 0.3, most, 0.5, method)
        assert kept(found) == set(np.ravel(wanted).tolist()), seed


def slow_matrix(boxes, scores, classes, sigma):
    """SOLOv2, Matrix NMS with the Gaussian kernel, box by box."""
    after = []
    for j in range(len(scores)):
        factor = 1.0
        better = [i for i in range(len(scores)) if scores[i] > scores[j] and classes[i] == classes[j]]
        for i in better:
            above = [k for k in range(len(scores)) if scores[k] > scores[i] and classes[k] == classes[i]]
            most = max((geometry.iou(boxes[i], boxes[k]).item() for k in above), default=0.0)
            u = geometry.iou(boxes[i], boxes[j]).item()
            factor = min(factor, math.exp(-(u**2) / sigma) / math.exp(-(most**2) / sigma))
        after.append(scores[j].item() * factor)
    return after


def test_matrix_equals_its_formula_written_out():
    for seed in range(12):
        boxes, scores, classes = scene(seed, n=12, classes=2)
        found = run("matrix", boxes, scores, classes, sigma=0.5, floor=0.0)
        assert found.score.tolist() == pytest.approx(slow_matrix(boxes, scores, classes, 0.5))


def test_fusion_by_hand():
    boxes = torch.tensor([[0.0, 0, 10, 10], [2, 0, 12, 10], [50, 50, 60, 60], [1, 0, 11, 10]], dtype=torch.float64)
    scores, classes = torch.tensor([0.9, 0.3, 0.5, 0.6], dtype=torch.float64), torch.tensor([0, 0, 0, 1])
    found = run("fusion", boxes, scores, classes, threshold=0.5)
    assert kept(found) == {0, 2, 3}  # the last one is of another class
    assert found.boxes[0].tolist() == pytest.approx([0.5, 0, 10.5, 10])
    assert found.score.tolist() == pytest.approx([0.6, 0, 0.5, 0.6])
    assert found.by.tolist() == [-1, 0, -1, -1]


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(0, 30), st.floats(0, 1), st.floats(0, 0.9))
def test_what_every_rule_owes(seed, n, threshold, floor):
    boxes, scores, classes = scene(seed, n)
    before = boxes.clone()
    for rule in RULES:
        found = run(rule, boxes, scores, classes, threshold=threshold, floor=floor)
        assert torch.equal(boxes, before)
        assert sorted(found.order.tolist()) == (scores >= floor).nonzero().flatten().tolist()
        assert kept(found) <= set(found.order.tolist())
        assert (found.score[~found.kept] == 0).all()
        if n and scores.max() >= floor:
            assert found.kept[scores.argmax()], rule  # the best box always stays
        if rule != "fusion":
            assert (found.score <= scores + 1e-12).all()
        if rule != "hard":
            blamed = (found.by >= 0).nonzero().flatten()
            assert torch.equal(classes[blamed], classes[found.by[blamed]])
    hard = run("hard", boxes, scores, classes, threshold=threshold, floor=floor)
    for i in hard.order.tolist():  # a reason for each drop, and it is true
        j = int(hard.by[i])
        assert bool(hard.kept[i]) == (j == -1)
        if j >= 0:
            assert hard.kept[j]
            assert scores[j] >= scores[i]
            assert geometry.iou(boxes[i], boxes[j]) == hard.overlap[i] > threshold
    left = sorted(kept(hard))
    for a in left:
        assert all(geometry.iou(boxes[a], boxes[b]) <= threshold for b in left if b != a)
    again = run("hard", boxes[left], scores[left], classes[left], threshold=threshold, floor=floor)
    assert again.kept.all()  # twice is once


def test_ties_odd_boxes_and_nobody():
    same = torch.tensor([[0.0, 0, 10, 10]] * 3, dtype=torch.float64)
    scores, classes = torch.full((3,), 0.5, dtype=torch.float64), torch.zeros(3, dtype=torch.long)
    for rule in RULES:
        assert 0 in kept(run(rule, same, scores, classes)), rule  # of equal scores the first comes first
        none = run(rule, same[:0], scores[:0], classes[:0])
        assert len(none.kept) == len(none.order) == 0
    assert kept(run("hard", same, scores, classes)) == {0}
    odd = torch.tensor([[0.0, 0, 10, 10], [0, 0, 0, 0], [0, 0, math.nan, 10], [8, 8, 2, 2]], dtype=torch.float64)
    scores, classes = (
        torch.tensor([0.9, 0.8, 0.7, 0.6], dtype=torch.float64),
        torch.zeros(4, dtype=torch.long),
    )
    for rule in RULES:
        assert kept(run(rule, odd, scores, classes)) == {0, 1, 2, 3}, rule  # what has no area overlaps nobody


def test_outcome_counts_duplicates_as_false():
    truth = torch.tensor([[0.0, 0, 10, 10], [30, 0, 40, 10]], dtype=torch.float64)
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 1, 10, 11], [70, 0, 80, 10]], dtype=torch.float64)
    scores, zero = torch.tensor([0.9, 0.8, 0.7], dtype=torch.float64), torch.zeros(3, dtype=torch.long)
    loose = run("hard", boxes, scores, zero, threshold=1.0)
    assert suppress.outcome(loose, truth, zero[:2], zero, geometry.iou) == (
        3,
        pytest.approx(1 / 3),
        0.5,
        0.5,
        1,
    )
    strict = run("hard", boxes, scores, zero, threshold=0.5)
    assert suppress.outcome(strict, truth, zero[:2], zero, geometry.iou) == (2, 0.5, 0.5, 0.5, 1)
    assert suppress.reasons(strict, scores)[1] == (2, False, 0.8, 0.0, 1, pytest.approx(90 / 110))


def test_bad_arguments():
    boxes, scores, classes = scene(0, 3)
    for given_, sentence in (("soft", "no rule"), ("hard", "threshold")):
        with pytest.raises(ValueError, match=sentence):
            run(given_, boxes, scores, classes, threshold=1.5)
    with pytest.raises(ValueError, match="one score"):
        run("hard", boxes, scores[:2], classes)
    with pytest.raises(ValueError, match="At most -1"):
        run("hard", boxes, scores, classes, most=-1)


def test_two_in_a_crowd_lose_one_box_and_soft_nms_saves_it():
    """What two presets of the page say: hard NMS loses the neighbour, soft-NMS keeps both and no more."""
    truth, kinds = scenes.crowd(2, 0.6, 3, (320, 480), seed=3)
    s = scenes.detections(truth, kinds, each=4, noise=0.07, alarms=0, seed=3)
    left = {}
    for rule, threshold in (("classes", 0.3), ("gaussian", 0.45)):
        found = run(rule, s.boxes, s.scores, s.classes, threshold=threshold, sigma=0.5, floor=0.2)
        left[rule] = suppress.outcome(found, truth, kinds, s.classes, geometry.iou)
    assert {rule: row[:-1] for rule, row in left.items()} == {
        "classes": (1, 1.0, 0.5, 0.5),
        "gaussian": (2, 1.0, 1.0, 1.0),
    }


def test_ap_of_what_is_left_equals_the_curve_of_precision():
    """Where nothing is taken away; the other module matches with a table and a loop of its own."""
    for seed in range(60):
        truth, kinds = scenes.crowd(8, 0.4, 1, (320, 480), seed)
        s = scenes.detections(truth, kinds, 3, 0.12, 8, classes=1, missed=0.2, seed=seed)
        found = run("hard", s.boxes, s.scores, s.classes, threshold=1.0, floor=0.0)
        curve = precision.curve(precision.match(s.boxes, s.scores, s.classes, truth, kinds), s.scores, len(truth))
        *_rest, ap, _fit = suppress.outcome(found, truth, kinds, s.classes, geometry.iou)
        assert ap == pytest.approx(precision.area(curve), abs=1e-12), seed


def test_fused_boxes_fit_better_than_the_best():
    """What a preset of the page says, and its table shows."""
    truth, kinds = scenes.crowd(8, 0.3, 3, (320, 480), seed=0)
    s = scenes.detections(truth, kinds, each=8, noise=0.15, alarms=0, seed=0)
    rows = suppress.compare(truth, kinds, s.boxes, s.scores, s.classes, geometry.iou, threshold=0.45, floor=0.2)
    found = {rule: row for rule, *row in rows}
    assert found["fusion"][-1] > found["classes"][-1] + 0.04
    assert found["fusion"][1] > found["classes"][1]
