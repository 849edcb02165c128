"""The small detector: the same as PyTorch's modules, its anchors in order, its shipped weights; proposals."""

import json
from functools import cache

import pytest
import torch
from scipy import ndimage
from torch import nn

from core import anchors, boxes, detector, precision, proposals, regions, scenes, suppress
from tests.core.test_cnn import MODELS, held_back

PLACES = anchors.grid((128, 128), detector.STRIDE, detector.SCALES, detector.RATIOS)


@cache
def shipped():
    from safetensors.torch import load_file

    return {n: w.float() for n, w in load_file(MODELS / "detector.safetensors").items()}


@cache
def held_back_scenes(n=25):
    random = torch.Generator().manual_seed(5)
    source = []
    for first, name in ((0, "digits"), (10, "fashion")):
        pictures, labels = held_back(name)
        source.append(([scenes.cut(p) for p in pictures[:400]], labels[:400] + first))
    return [scenes.mixed(source, random) for _scene in range(n)]


def test_equals_pytorch_modules_and_keeps_the_anchors_in_order():
    net, x = shipped(), torch.rand(2, 128, 128, generator=torch.Generator().manual_seed(1))
    y = x[:, None]
    for name, (into, out, k, stride, dilation) in detector.CONVOLUTIONS.items():
        conv = nn.Conv2d(into, out, k, stride, k // 2 * dilation, dilation)
        conv.load_state_dict({"weight": net[f"{name}.weight"], "bias": net[f"{name}.bias"]})
        y = conv(y) if name == "head" else conv(y).relu()
    said = detector.judge(net, x)
    assert said.objectness.shape == (2, len(PLACES)) == (2, 2304)
    row, column, shape = 5, 11, 4  # the anchor of one place, found by hand
    at = (row * 16 + column) * 9 + shape
    by_hand = y[1, shape * detector.OUTPUTS : (shape + 1) * detector.OUTPUTS, row, column]
    mine = torch.cat([said.objectness[1, at, None], said.offsets[1, at], said.classes[1, at]])
    torch.testing.assert_close(mine, by_hand)
    assert PLACES[at].reshape(2, 2).mean(0).tolist() == [(column + 0.5) * 8, (row + 0.5) * 8]


def test_shipped_weights_keep_their_promise():
    """The first of the scenes that tools/train_detector.py judges by: made and judged again."""
    noted = json.loads((MODELS / "detector.json").read_text())["judged"]
    random, source, judged = torch.Generator().manual_seed(1), [], []
    for first, name in ((0, "digits"), (10, "fashion")):
        pictures, labels = held_back(name)
        source.append(([scenes.cut(p) for p in pictures], labels + first))
    for _scene in range(noted["first"]["scenes"]):
        canvas, truth, kinds = scenes.mixed(source, random)
        found = detector.detect(shipped(), canvas, PLACES, anchors.decode, noted["confidence"])
        kept = suppress.suppress(
            "classes", found.boxes, found.scores, found.classes, boxes.iou, noted["nms_iou"], floor=0
        ).kept
        judged.append((found.boxes[kept], found.scores[kept], found.classes[kept], truth, kinds))
    assert precision.over_scenes(judged)[-1][-1] == pytest.approx(noted["first"]["AP50"], abs=0.005)
    assert noted["AP50"] > 0.7


def test_stages_shrink_and_scores_fall():
    canvas = held_back_scenes()[0][0]
    all_of_them = detector.detect(shipped(), canvas, PLACES, anchors.decode, 0.0)
    some = detector.detect(shipped(), canvas, PLACES, anchors.decode, 0.3)
    assert len(all_of_them.boxes) == 2304 > len(some.boxes)
    assert (some.scores.diff() <= 0).all() and some.scores.min() >= 0.3
    kept = torch.zeros(len(some.boxes), dtype=torch.bool)
    assert detector.funnel(some, kept, 2304) == [
        ("anchors", 2304),
        ("confident", len(some.boxes)),
        ("left", 0),
    ]
    objects = detector.objects(shipped(), canvas, PLACES, anchors.decode, 10)
    sure = detector.judge(shipped(), canvas[None]).objectness[0].sigmoid()
    torch.testing.assert_close(objects.scores, sure.sort(descending=True).values[:10])


def test_travels_as_text():
    net = shipped()
    back = detector.from_weights_text(detector.as_weights_text(net))
    assert all(torch.equal(net[n], back[n]) for n in net)
    with pytest.raises(ValueError, match="numbers"):
        detector.from_weights_text(detector.as_weights_text(net)[:-5])
    with pytest.raises(ValueError, match="128"):
        detector.judge(net, torch.zeros(1, 64, 64))


def test_scattered_boxes_lie_inside_and_apart():
    random = torch.Generator().manual_seed(0)
    for _scene in range(20):
        found = scenes.scattered([1.0, 0.4, 2.5, 1.0], random)
        assert found.min() >= 0 and found.max() <= 128
        assert ((found[:, 2:] - found[:, :2]) > 8).all()


# --- proposals ---


def test_merged_ink_is_what_scipy_labels():
    picture = held_back_scenes()[3][0]
    found = {tuple(b) for b in proposals.merged(picture, reaches=(0,), smallest=1).tolist()}
    labels, n = ndimage.label((picture > 0.3).numpy(), structure=[[1] * 3] * 3)
    assert n > 1
    assert found == {
        (float(x.start), float(y.start), float(x.stop), float(y.stop)) for y, x in ndimage.find_objects(labels)
    }


def test_best_proposals_are_those_of_hard_suppression():
    found = detector.objects(shipped(), held_back_scenes()[1][0], PLACES, anchors.decode, 60)
    kept = suppress.suppress("hard", found.boxes, found.scores, found.classes, boxes.iou, 0.7, floor=0.0).kept
    best = proposals.best(found, boxes.iou, 0.7)
    assert torch.equal(best.boxes, found.boxes[kept])
    assert len(proposals.best(found, boxes.iou, 0.7, most=2).boxes) == 2


def test_recall_grows_with_the_proposals():
    table = torch.tensor([[0.2, 0.6], [0.1, 0.9], [0.5, 0.0]])
    assert proposals.recall(table).tolist() == [0.5, 0.5, 1.0]
    assert proposals.recall(torch.zeros(3, 0)).isnan().all()


def test_a_crop_of_its_own_size_is_the_picture():
    picture = held_back_scenes()[2][0]
    cut = proposals.crops(picture, torch.tensor([[40.0, 20.0, 68.0, 48.0], [-14.0, -14.0, 14.0, 14.0]]), align_once)
    torch.testing.assert_close(cut[0], picture[20:48, 40:68])
    assert cut[1][:14].abs().max() == 0  # beyond the picture there is no ink
    around = proposals.around(torch.tensor([[10.0, 10.0, 20.0, 30.0]]), 2.0)
    assert around.tolist() == [[-5.0, 0.0, 35.0, 40.0]]
    with pytest.raises(ValueError, match="context"):
        proposals.around(torch.zeros(1, 4), 0.0)


def align_once(x, box, scale, out, sampling):
    return regions.roi_align(x, box, scale, out, 1)
