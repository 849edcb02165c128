"""Targets go where the picture goes; what is dropped is what albumentations drops."""

import numpy as np
import pytest

from app.augment import annotations, targets
from app.augment.samples import card

import albumentations as A  # isort: skip  (app.augment keeps it from asking the network)

PICTURE = card(120, 160)
BOXES = {"a": (0.1, 0.2, 0.4, 0.6), "b": (0.6, 0.5, 0.95, 0.98), "c": (0.45, 0.1, 0.6, 0.3)}
GEOMETRY = {
    "flip": A.HorizontalFlip(p=1), "upside": A.VerticalFlip(p=1), "transpose": A.Transpose(p=1), "d4": A.D4(p=1),
    "rotate": A.Rotate((-60, 60), p=1), "affine": A.Affine(scale=(0.7, 1.3), rotate=(-30, 30), shear=(-10, 10), p=1),
    "shift": A.Affine(translate_percent=(-0.4, 0.4), p=1), "crop": A.RandomCrop(80, 80, p=1), "pad": A.Pad(20, p=1),
    "perspective": A.Perspective((0.05, 0.15), p=1), "scale": A.RandomScale((-0.4, 0.4), p=1),
    "resized": A.RandomResizedCrop((100, 100), p=1),
}  # fmt: skip
each = pytest.mark.parametrize("transform", GEOMETRY.values(), ids=GEOMETRY.keys())


@each
def test_boxes_agree_with_the_boxes_of_the_transformed_masks(transform, monkeypatch):
    def filled(box, height, width):  # a full rectangle: its box is the box
        left, top, right, bottom = (round(v * n) for v, n in zip(box, (width, height, width, height), strict=True))
        mask = np.zeros((height, width), np.uint8)
        mask[top:bottom, left:right] = 1
        return mask

    monkeypatch.setattr(targets, "oval", filled)
    compared = 0
    for sample in targets.follow(PICTURE, [transform], BOXES, [], range(8)):
        for fate, mask in zip(sample.fates, sample.masks, strict=True):
            y, x = np.nonzero(mask)
            if fate.box is None or fate.visible < 0.5 or len(x) < 100:
                continue  # of a corner that looks in, box and mask may differ as they like
            left, top, right, bottom = fate.box
            across = min(right, x.max() + 1) - max(left, x.min())
            down = min(bottom, y.max() + 1) - max(top, y.min())
            union = (x.max() + 1 - x.min()) * (y.max() + 1 - y.min()) + (right - left) * (bottom - top) - across * down
            assert across * down / union > (0.8 if fate.visible > 0.99 else 0.6), (sample.seed, fate)
            compared += 1
    assert compared


@each
def test_what_is_dropped_is_what_the_library_drops(transform):
    params = A.BboxParams("albumentations", label_fields=["which"], min_area=600, min_visibility=0.55)
    for seed in range(8):
        ours = targets.follow(PICTURE, [transform], BOXES, [], [seed], 600, 0.55)[0]
        compose = A.Compose([transform], bbox_params=params)
        compose.set_random_state(np.random.default_rng(seed), __import__("random").Random(seed))
        theirs = compose(image=PICTURE, bboxes=np.array(list(BOXES.values())), which=list(BOXES))["which"]
        near = {f.name for f in ours.fates if abs(f.visible - 0.55) < 0.02}  # on the edge pixels decide
        assert {f.name for f in ours.fates if f.verdict in ("kept", "clipped")} - near == {*theirs} - near


def test_key_points_go_along_and_the_picture_is_the_one_without_targets():
    sample = targets.follow(PICTURE, [A.VerticalFlip(p=1)], BOXES, [(0.25, 0.5)], [1])[0]
    assert sample.points == pytest.approx(np.array([[40, 59]]))
    assert np.array_equal(sample.image, PICTURE[::-1])


def test_nothing_to_follow_is_possible_and_what_leaves_is_told():
    assert targets.follow(PICTURE, [A.HorizontalFlip(p=1)], {}, [], [0])[0].fates == []
    away = A.Affine(translate_percent=(0.7, 0.7), p=1)
    fates = targets.follow(PICTURE, [away], {"b": BOXES["b"]}, [], [0])[0].fates
    assert [f.verdict for f in fates] == ["gone"]


def test_a_transform_of_colours_moves_nothing():
    fates = targets.follow(PICTURE, [A.InvertImg(p=1)], BOXES, [(0.5, 0.5)], [0])[0].fates
    assert [f.verdict for f in fates] == ["kept"] * 3
    assert fates[0].box == pytest.approx((16, 24, 64, 72), abs=1e-3)


def test_the_four_formats_mean_the_same_box():
    found = targets.formats((40.0, 30.0, 80.0, 90.0), 120, 160)
    assert found["pascal_voc"] == (40, 30, 80, 90) and found["coco"] == (40, 30, 40, 60)
    assert found["albumentations"] == (0.25, 0.25, 0.5, 0.75) and found["yolo"] == (0.375, 0.5, 0.25, 0.5)


@pytest.mark.parametrize("name", annotations.OBJECTS)
def test_a_script_has_the_masks_of_the_page_and_they_lie_in_their_boxes(name):
    masks = annotations.masks(name, 170, 256)
    written = eval(repr(annotations.written(name, 170, 256)), {"outlines": targets.outlines})
    assert all(np.array_equal(a, b) for a, b in zip(written, masks, strict=True))
    for (left, top, right, bottom), mask in zip(annotations.OBJECTS[name].values(), masks, strict=True):
        y, x = np.nonzero(mask)
        assert left * 256 - 3 <= x.min() and x.max() <= right * 256 + 3
        assert top * 170 - 3 <= y.min() and y.max() <= bottom * 170 + 3


def test_a_box_without_a_mask_gets_the_oval_in_it():
    given = [np.ones((120, 160), np.uint8)]
    sample = targets.follow(PICTURE, [A.NoOp(p=1)], BOXES, [], [0], masks=given)[0]
    ovals = [targets.oval(box, 120, 160) for box in BOXES.values()]
    assert np.array_equal(sample.masks, np.stack([*given, *ovals[1:]]))
