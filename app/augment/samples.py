"""A transform drawn several times: each seed gives a sample and the values that were drawn for it.

albumentations draws its random numbers from generators of the transform's own. A Compose with a seed starts them
afresh: the same seed, the same picture, in every process. Each stage is started with that same seed by itself, so
two equal stages draw equal numbers.
"""

import copy
import random
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import albumentations as A
import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Sample:
    """One draw: `image` (H, W, 3) in bytes, and the numbers that the transform drew for it."""

    seed: int
    drawn: dict[str, Any]
    size: str  # width × height
    image: np.ndarray = field(repr=False)


def given(height: int, width: int, which: int = 1) -> np.ndarray:
    """The picture that the command line names (the first, the second), at this size; without one a test card."""
    if len(sys.argv) <= which:
        return card(height, width)
    with Image.open(sys.argv[which]) as image:
        return resized(np.asarray(image.convert("RGB")), height, width)


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def card(height: int, width: int) -> np.ndarray:
    """A test card: red grows to the right, green downwards, and blue stands in squares."""
    y, x = np.mgrid[0:height, 0:width]
    squares = (x * 8 // width + y * 8 // height) % 2
    return np.stack([x * 255 // width, y * 255 // height, squares * 200], -1).astype(np.uint8)


def samples(picture: np.ndarray, transform: Any, seeds: Iterable[int], other: np.ndarray | None = None) -> list[Sample]:
    """One sample for each seed."""
    return list(draw(picture, transform, seeds, other))


def draw(
    picture: np.ndarray, transform: Any, seeds: Iterable[int], other: np.ndarray | None = None
) -> Iterator[Sample]:
    """Samples one after the other. `other` is the second picture of transforms that need one."""
    more = companions(transform, picture, picture[::-1].copy() if other is None else other)
    boxes = A.BboxParams("albumentations", label_fields=["labels"]) if "bboxes" in more else None
    pipeline = A.Compose([transform], bbox_params=boxes)
    for seed in seeds:
        pipeline.set_random_seed(seed)
        image = seen(pipeline(image=picture, **more)["image"])
        size = f"{image.shape[1]} × {image.shape[0]}"
        yield Sample(seed, drawn(transform.get_applied_params()), size, image)


def companions(transform: Any, picture: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """What some transforms want beside the picture: a box and an oval mask in its middle, or a second picture."""
    name, (height, width) = type(transform).__name__, picture.shape[:2]
    if name == "RandomCropNearBBox":
        return {"cropping_bbox": (width // 4, height // 5, width * 3 // 4, height * 4 // 5)}
    if "BBox" in name:
        return {"bboxes": np.array([[0.25, 0.2, 0.75, 0.8]]), "labels": ["object"]}
    if ("Mask" in name and "Masking" not in name) or name == "ConstrainedCoarseDropout":
        y, x = np.mgrid[0:height, 0:width]
        oval = (2 * x / width - 1) ** 2 + (2 * y / height - 1) ** 2 < 0.25
        return {"mask": oval.astype(np.uint8)}
    wanted = getattr(transform, "metadata_key", "")
    if name == "Mosaic":
        return {wanted: [{"image": np.ascontiguousarray(turned)} for turned in (other, picture[:, ::-1], other[::-1])]}
    if name == "OverlayElements":
        small = resized(other, max(1, height // 3), max(1, width // 3))
        return {wanted: [{"image": small}]}
    return {wanted: [other]} if wanted else {}


def drawn(params: dict[str, Any]) -> dict[str, Any]:
    """The numbers that were drawn, by name: single ones and short rows of them; of large arrays their size."""
    fixed = ("shape", "interpolation", "fill", "fill_mask", "mask_interpolation", "cols", "rows")
    found: dict[str, Any] = {}
    for name, value in params.items():
        for key, part in value.items() if isinstance(value, dict) else (("", value),):
            told = _told(part)
            if name not in fixed and told is not None:
                found[f"{name}.{key}" if key else name] = told
    return found


def _told(value: Any) -> Any:
    """A plain number, or a word or two; None for what cannot be said shortly."""
    if isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, list | tuple | np.ndarray):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        return f"× {len(value)}"
    if array.dtype == object or array.dtype.kind in "US":
        return f"× {len(value)}"
    if array.ndim == 1 and 0 < array.size <= 4:
        return ", ".join(f"{number:.4g}" for number in array.tolist())
    return " × ".join(map(str, array.shape))


def seen(image: np.ndarray) -> np.ndarray:
    """Any result as RGB bytes: numbers beyond 0..1 are spread over it."""
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        inside = low >= 0 and high <= 1
        image = ((image if inside else (image - low) / max(high - low, 1e-9)) * 255).round().astype(np.uint8)
    image = image[..., None] if image.ndim == 2 else image
    return np.ascontiguousarray(image[..., :3] if image.shape[-1] >= 3 else image[..., :1].repeat(3, -1))


def run(picture: np.ndarray, pipeline: Any, seeds: Iterable[int], alike: bool = False) -> list[Sample]:
    """Samples of a whole pipeline, and which stages were applied.

    All stages draw from one stream of numbers. With `alike` they do as Compose(seed=…) makes them: each starts with
    the same seed by itself, so that stages of equal probability are applied together or not at all.
    """
    pipeline.save_applied_params = True
    found = []
    for seed in seeds:
        if alike:
            pipeline.set_random_seed(seed)
        else:
            pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
        result = pipeline(image=picture)
        applied = [name for name, params in result["applied_transforms"] if name in vars(A)]
        image = seen(result["image"])
        found.append(Sample(seed, {"applied": ", ".join(applied)}, f"{image.shape[1]} × {image.shape[0]}", image))
    return found


def swapped(picture: np.ndarray, first: Any, second: Any, seed: int, alike: bool = False) -> list[np.ndarray]:
    """Two stages in this order and in the other one; each draws the values that it draws in a pipeline with them."""
    numbers, python = np.random.default_rng(seed), random.Random(seed)
    python.random()  # a pipeline asks first whether it is to run
    started, found = [(first, copy.deepcopy((numbers, python)))], []
    first.set_random_state(numbers, python)
    first(image=picture)
    started.append((second, (numbers, python)))
    for order in (started, started[::-1]):
        image = picture
        for stage, state in order:
            if alike:
                stage.set_random_seed(seed)
            else:
                stage.set_random_state(*copy.deepcopy(state))
            image = stage(image=image)["image"]
        found.append(seen(image))
    return found


def augmix(picture: np.ndarray, operations: Any, seeds: Iterable[int], width: int = 3) -> list[Sample]:
    """AugMix: `width` chains of one to three operations each, blended by random shares, and with the original."""
    found = []
    for seed in seeds:
        numbers = np.random.default_rng(seed)
        shares, blend, mixed = (
            numbers.dirichlet([1.0] * width),
            float(numbers.beta(1, 1)),
            np.zeros(picture.shape),
        )
        for share in shares:
            chain = A.Compose([A.SomeOf(operations, n=int(numbers.integers(1, 4)), p=1.0)])
            chain.set_random_state(numbers, random.Random(int(numbers.integers(1 << 30))))
            mixed += share * resized(seen(chain(image=picture)["image"]), *picture.shape[:2])
        image = ((1 - blend) * picture + blend * mixed).round().astype(np.uint8)
        told = {"share of the original": 1 - blend, "chains": ", ".join(f"{s:.3g}" for s in shares)}
        found.append(Sample(seed, told, f"{image.shape[1]} × {image.shape[0]}", image))
    return found
