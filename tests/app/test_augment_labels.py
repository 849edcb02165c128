"""Labels under transforms: what the network is shown, what is counted, views together; a pipeline for a training."""

import numpy as np
import pytest
import torch

from app import models
from app.augment import controls, readings, survival, trial
from app.augment.lottery import augmenter
from app.augment.pipeline import Stage, compose, of_plain
from app.domains import Refused
from core import cnn

import albumentations as A  # isort: skip  (app.augment keeps it from asking the network)

NOW = {"data": "digits", "label": "6", "which": 0, "seed": 0}
pytestmark = pytest.mark.filterwarnings("ignore")  # the library warns of what is slow or has another name


def test_a_look_is_what_the_library_makes_of_the_picture():
    x = readings.picture(NOW)
    upside, away = survival.looks(x, [A.VerticalFlip(p=1), A.RandomCrop(14, 14, p=1)], [0, 1])
    assert torch.equal(upside, x.flip(0)) and away.shape == x.shape
    again = survival.looks(x, [A.GaussNoise(p=1)] * 3, [5, 5, 6])
    assert torch.equal(again[0], again[1]) and not torch.equal(again[0], again[2])


def test_a_six_becomes_a_nine_and_an_eight_stays():
    curve = readings.curve("Rotate", "limit", tuple(NOW.items()))
    assert curve.values[0] == -180 and curve.values[-1] == 180 and 0.0 in curve.values
    says = curve.said.argmax(1).tolist()
    assert says[curve.values.index(0.0)] == 6 and says[0] == says[-1] == 9
    eight = readings.curve("Rotate", "limit", tuple({**NOW, "label": "8"}.items()))
    assert eight.said.argmax(1)[-1] == 8


def test_shares_by_class_are_counted_as_by_hand():
    net, (x, y) = models.classifier("digits"), readings.some("digits")
    made = [A.Rotate((a, a), p=1) for a in (0, 90)]
    found = survival.survival(cnn.predict, net, x, y, made, 0)
    for c in range(10):
        for i, transform in enumerate(made):
            seen = torch.cat([survival.looks(one, [transform], [0]) for one in x[y == c]])
            assert found[c, i] == pytest.approx((cnn.predict(net, seen).argmax(1) == c).float().mean().item())


def test_views_are_averaged_and_agreement_counts_them():
    net, x = models.classifier("digits"), readings.picture(NOW)
    poll = survival.poll(cnn.predict, net, x, 6, A.Rotate((-90, 90), p=1), range(10))
    each = torch.stack([cnn.predict(net, survival.looks(x, [A.Rotate((-90, 90), p=1)], [s]))[0] for s in range(10)])
    best = each.mean(0).argmax()
    assert poll.mean.says == best and poll.mean.truth == pytest.approx(each.mean(0)[6].item(), abs=1e-5)
    assert poll.agreement == pytest.approx((each.argmax(1) == best).float().mean().item())
    assert poll.untouched.sure == pytest.approx(cnn.predict(net, x[None]).max().item())
    alone, one, mean = survival.polled(cnn.predict, net, *readings.some("digits"), A.NoOp(p=1), 2, 0)
    assert torch.equal(alone, one) and torch.equal(alone, mean)


def test_every_growing_argument_has_a_curve_or_a_sentence():
    """Few transforms refuse at all values here: what is made for large pictures, and regions with a fixed end."""
    refused = []
    for name in readings.growing():
        grows = next(iter(controls.sweepable(name, {})))
        try:
            assert readings.grown(name, grows, NOW, 3)
        except Refused:
            refused.append(name)
    assert len(readings.growing()) > 60 and len(refused) < 4, refused


def test_a_batch_is_changed_picture_by_picture_and_alike_from_the_same_seed():
    x = models.held_back("digits")[0][:4]
    change = augmenter(A.Compose([A.Rotate((-40, 40), p=1)]))
    assert torch.equal(change(x, 3), change(x, 3)) and not torch.equal(change(x, 3), change(x, 4))
    same = change(x[:1].expand(4, -1, -1), 3)
    assert len({one.numpy().tobytes() for one in same}) == 4
    assert torch.equal(augmenter(A.Compose([A.VerticalFlip(p=1)]))(x, 0), x.flip(1))


def test_the_pipeline_of_a_run_is_the_one_of_the_controls():
    stage = compose((Stage("Rotate", {"limit": (-30, 30)}, 0.5), Stage("Affine", {"shear": (-5, 5)})), "some", 1)
    assert A.to_dict(of_plain(stage.plain()).made()) == A.to_dict(stage.made())
    x = trial.examples("digits", 50, 0)[0][:4]
    assert torch.equal(trial.Changed(stage)(x, 1), augmenter(stage.made())(x, 1))
    labels = trial.examples("fashion", 100, 2)[1]
    assert np.bincount(labels.numpy()).tolist() == [10] * 10
