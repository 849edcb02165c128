"""Boxes, masks and key points go where the picture goes: what becomes of each, and why some are dropped.

A box is kept by the rule of albumentations: after the transform it is cut to the picture; what is left must have at
least `min_area` pixels and at least the share `min_visibility` of the area that the box had before it was cut.
"""

import base64
import io
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import albumentations as A
import numpy as np
from PIL import Image

Box = tuple[float, float, float, float]  # left, top, right, bottom; in shares of the picture


@dataclass(frozen=True)
class Fate:
    """What became of one object: `box` in pixels (None when nothing is left), its share that is still seen."""

    name: str
    box: Box | None
    visible: float
    verdict: str  # "kept", "clipped", "gone", "min_area", "min_visibility"
    written: dict[str, tuple[float, ...]] = field(default_factory=dict)  # the box in the four formats


@dataclass(frozen=True)
class Moved:
    """A sample with its targets: `masks` (n, H, W), `points` (k, 2) in pixels."""

    seed: int
    fates: list[Fate]
    image: np.ndarray = field(repr=False)
    masks: np.ndarray = field(repr=False)
    points: np.ndarray = field(repr=False)


def given(height: int, width: int) -> np.ndarray:
    """The picture that the command line names, at this size; without one an even grey."""
    if len(sys.argv) < 2:
        return np.full((height, width, 3), 128, np.uint8)
    with Image.open(sys.argv[1]) as image:
        return np.array(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def oval(box: Box, height: int, width: int) -> np.ndarray:
    """The mask (H, W) of an oval that fills a box."""
    left, top, right, bottom = box
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    across = (2 * x - left - right) / max(right - left, 1e-9)
    down = (2 * y - top - bottom) / max(bottom - top, 1e-9)
    return (across[None] ** 2 + down[:, None] ** 2 <= 1).astype(np.uint8)


def outlines(png: str, count: int, height: int, width: int) -> list[np.ndarray]:
    """The masks (H, W) of `count` objects, out of a picture in Base64 that holds the number of the object, from 1."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as file:
        index = np.asarray(file.resize((width, height), Image.Resampling.NEAREST))
    return [(index == i).astype(np.uint8) for i in range(1, count + 1)]


def follow(picture: np.ndarray, pipeline: Sequence[Any], boxes: dict[str, Box], points: Sequence[tuple[float, float]],
           seeds: Iterable[int], min_area: float = 0, min_visibility: float = 0,
           masks: Sequence[np.ndarray] = ()) -> list[Moved]:  # fmt: skip
    """Samples with all their targets; a box that has no mask (H, W) of its own gets the oval in it.

    The library cuts boxes to the picture; how large each was before, its corners tell, which go along as key points.
    """
    height, width = picture.shape[:2]
    scale, names = np.array([width, height, width, height]), list(boxes)
    flat = np.array([scale * box for box in boxes.values()]).reshape(-1, 4)
    corners = flat[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    spots = np.concatenate([corners, np.array([scale[:2] * p for p in points]).reshape(-1, 2)])
    kept = A.BboxParams("pascal_voc", label_fields=["which"])
    compose = A.Compose(
        [*pipeline, A.NoOp()],
        bbox_params=kept,
        keypoint_params=A.KeypointParams("xy", remove_invisible=False),
    )
    covers = [*masks, *(oval(box, height, width) for box in list(boxes.values())[len(masks) :])]
    found = []  # NoOp takes boxes: alone, a transform of colours would be refused
    for seed in seeds:
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        result = compose(image=picture, masks=covers, bboxes=flat, which=names, keypoints=spots)
        image, back = result["image"], dict(zip(result["which"], result["bboxes"], strict=True))
        moved = np.array(result["keypoints"]).reshape(-1, 2)
        fates = []
        for i, name in enumerate(names):
            four = moved[4 * i : 4 * i + 4]
            before = float(np.prod(four.max(0) - four.min(0))) if len(moved) == len(spots) else 0.0
            fates.append(fate(name, back.get(name), before, image.shape[:2], min_area, min_visibility))
        found.append(Moved(seed, fates, image, np.array(result["masks"]), moved[len(corners) :]))
    return found


def fate(name: str, box: Any, before: float, size: tuple[int, ...], min_area: float, min_visibility: float) -> Fate:
    """What is left of a box that had the area `before`, and the verdict of the two thresholds."""
    if box is None:
        return Fate(name, None, 0.0, "gone")
    left, top, right, bottom = (float(v) for v in box[:4])
    after = (right - left) * (bottom - top)
    share = min(1.0, after / before) if before > 0 else 1.0
    verdict = "kept" if share > 0.99 else "clipped"
    verdict = "min_visibility" if share < min_visibility else "min_area" if after < min_area else verdict
    return Fate(
        name,
        (left, top, right, bottom),
        share,
        verdict,
        formats((left, top, right, bottom), size[0], size[1]),
    )


def formats(box: Box, height: int, width: int) -> dict[str, tuple[float, ...]]:
    """The same box, cut to the picture, in the four ways to write it."""
    left, top, right, bottom = box
    w, h = right - left, bottom - top
    return {
        "pascal_voc": (left, top, right, bottom),
        "albumentations": (left / width, top / height, right / width, bottom / height),
        "coco": (left, top, w, h),
        "yolo": ((left + w / 2) / width, (top + h / 2) / height, w / width, h / height),
    }
