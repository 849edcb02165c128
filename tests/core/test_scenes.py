"""Scenes: what was asked for is there, and the same seed gives the same scene."""

import pytest
import torch

from core import boxes, scenes


@pytest.mark.parametrize("overlap", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("number", [1, 2, 7, 24])
def test_a_crowd_stands_in_pairs_on_the_canvas(number, overlap):
    truth, kinds = scenes.crowd(number, overlap, 3, (320, 480), seed=4)
    assert truth.shape == (number, 4)
    assert kinds.shape == (number,)
    assert (truth[:, 2:] > truth[:, :2]).all()
    assert truth.min() >= 0
    assert (truth[:, 2:] <= torch.tensor([480.0, 320.0])).all()
    for a, b in zip(truth[0::2], truth[1::2], strict=False):
        shared = (a[2] - b[0]) / min(a[2] - a[0], b[2] - b[0])
        assert shared.item() == pytest.approx(overlap, abs=1e-6)


def test_without_noise_the_detections_are_the_truth():
    truth, kinds = scenes.crowd(6, seed=1)
    scene = scenes.detections(truth, kinds, each=3, noise=0.0, alarms=0)
    assert (scene.boxes - truth.repeat_interleave(3, 0)).abs().max() <= 0.051
    assert torch.equal(scene.classes, kinds.repeat_interleave(3))


def test_noise_moves_boxes_and_lowers_scores():
    truth, kinds = scenes.crowd(20, seed=1)
    fit, score = [], []
    for noise in (0.02, 0.1, 0.3):
        scene = scenes.detections(truth, kinds, each=4, noise=noise, alarms=0)
        fit.append(boxes.iou(scene.boxes, truth.repeat_interleave(4, 0)).mean().item())
        score.append(scene.scores.mean().item())
    assert fit == sorted(fit, reverse=True)
    assert score == sorted(score, reverse=True)
    assert fit[0] > 0.9


def test_counts_seed_and_mistakes():
    truth, kinds = scenes.crowd(10, seed=2)
    scene = scenes.detections(truth, kinds, each=5, alarms=7, seed=3)
    assert len(scene.boxes) == len(scene.scores) == len(scene.classes) == 57
    assert torch.equal(scene.boxes, scenes.detections(truth, kinds, each=5, alarms=7, seed=3).boxes)
    assert not torch.equal(scene.boxes, scenes.detections(truth, kinds, each=5, alarms=7, seed=4).boxes)
    wrong = scenes.detections(truth, kinds, each=5, alarms=0, mistakes=1.0)
    assert (wrong.classes != kinds.repeat_interleave(5)).all()
    assert len(scenes.detections(truth, kinds, each=5, alarms=0, missed=1.0).boxes) == 0
    more = scenes.joined(scene, (1, 2, 3, 4), 0.5, 2)
    assert more.boxes[-1].tolist() == [1, 2, 3, 4]
    assert (more.scores[-1].item(), int(more.classes[-1]), len(more.boxes)) == (0.5, 2, 58)


def test_glyphs_lie_in_their_boxes():
    truth = torch.tensor([[2.0, 3, 12, 9], [-4, 0, 4, 2], [90, 90, 99, 99]])
    ink = scenes.painted(truth, torch.ones(3, 1, 28, 28), (20, 30))
    assert ink[3:9, 2:12].min() > 0.999
    assert ink[0:2, 0:4].min() > 0.999
    assert ink.sum().item() == pytest.approx(68)


def test_bad_arguments():
    with pytest.raises(ValueError, match="overlap"):
        scenes.crowd(4, 1.0)
    with pytest.raises(ValueError, match="shares"):
        scenes.detections(torch.zeros(1, 4), torch.zeros(1), mistakes=2)
