"""Four pictures of one size and of different classes, to be mixed; where a network looks in the second of them."""

from functools import lru_cache

import torch
from torch import Tensor

from app import images, models
from app.images import Photo
from core import cnn

SIDE = 208  # pixels of a photograph
PHOTOS = ("cat", "coffee", "astronaut", "rocket")
DIGITS = (3, 8, 1, 7)


def photos(first: Photo) -> list[Photo]:
    """Four of them: this one, and three that are shipped."""
    return [first, *(images.photograph(name) for name in PHOTOS if name != first.name)][:4]


@lru_cache
def digits() -> Tensor:
    """Four digits (4, 1, 28, 28), each another one."""
    pictures, labels = images.collection("digits")
    return torch.stack([pictures[labels == c][4] for c in DIGITS])


def sources(first: Photo | None) -> tuple[Tensor, list[str]]:
    """Four pictures of one size (4, C, H, W), each of another class, and their names; without a photograph, digits."""
    if first is None:
        return digits(), [str(c) for c in DIGITS]
    found = photos(first)
    pixels = torch.stack([images.middle(photo, SIDE).expand(3, -1, -1) for photo in found])
    return pixels, [images.title(photo) for photo in found]


@lru_cache
def attention() -> Tensor:
    """Grad-CAM of the shipped network for the 8, the second digit. For photographs there is no network here."""
    return cnn.grad_cam(models.classifier("digits"), digits()[1, 0], cnn.Unit("head", 8))
