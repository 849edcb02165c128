"""Four pictures of one size and of different classes, to be mixed; where a network looks in the second of them."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from app import images, models
from core import cnn

SIDE = 208  # pixels of a photograph


@lru_cache
def sources(kind: str) -> Tensor:
    """Four pictures of one size (4, C, H, W), each of another class."""
    if kind == "digits":
        pictures, labels = images.collection("digits")
        return torch.stack([pictures[labels == c][4] for c in (3, 8, 1, 7)])
    found = []
    for pixels in (images.photograph(name).pixels for name in ("cat", "coffee", "astronaut", "rocket")):
        side = min(pixels.shape[1:])
        top, left = ((n - side) // 2 for n in pixels.shape[1:])
        square = pixels[None, :, top : top + side, left : left + side]
        found.append(interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True)[0])
    return torch.stack(found)


@lru_cache
def attention(kind: str) -> Tensor | None:
    """Grad-CAM of the shipped network for the 8, the second digit; there is no network here for photographs."""
    if kind != "digits":
        return None
    return cnn.grad_cam(models.classifier("digits"), sources(kind)[1, 0], cnn.Unit("head", 8))
