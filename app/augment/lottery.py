"""A batch of small grey pictures through a pipeline, each picture with numbers of its own from one stream."""

import random
from collections.abc import Callable
from functools import partial

import albumentations as A
import numpy as np
import torch
from PIL import Image
from torch import Tensor


def augmenter(pipeline: A.Compose) -> Callable[[Tensor, int], Tensor]:
    """A pipeline as a function of a batch and a seed."""
    return partial(lottery, pipeline)


def lottery(pipeline: A.Compose, pictures: Tensor, seed: int) -> Tensor:
    """Pictures (n, H, W) in 0..1, each changed; the same seed, the same changes."""
    height, width = pictures.shape[1:]
    rgb = (pictures * 255).round().byte()[..., None].expand(-1, -1, -1, 3).contiguous().numpy()
    pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
    return torch.stack([torch.from_numpy(grey(pipeline(image=one)["image"], height, width)) for one in rgb])


def grey(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Any result as numbers (H, W) in 0..1 of the size that the network takes."""
    found = image.mean(-1) if image.ndim == 3 else image
    found = (found / 255 if image.dtype == np.uint8 else found.clip(0, 1)).astype(np.float32)
    if found.shape != (height, width):
        found = np.array(Image.fromarray(found).resize((width, height), Image.Resampling.BILINEAR))
    return found
