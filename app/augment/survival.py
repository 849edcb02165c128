"""Does the label survive? Small grey pictures under a transform, as a network reads them.

One picture at growing magnitude shows where its label is lost; many pictures show for which classes. Test-time
augmentation lets the network look at several draws of one picture and averages what it answers:

    p̄ = 1/n Σᵢ f(Tᵢ(x)),     agreement: the share of the views that say what the mean says
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import albumentations as A
import numpy as np
import torch
from PIL import Image
from torch import Tensor

# (net, pictures (n, H, W)) -> probabilities (n, classes)
Predict = Callable[[Mapping[str, Tensor], Tensor], Tensor]


@dataclass(frozen=True)
class Reading:
    """What the network says to one picture, how sure it is, and what it gives to the true label."""

    says: int
    sure: float
    truth: float


@dataclass(frozen=True)
class Poll:
    """Views of one picture: what the network says to the untouched one, to their mean, and how many views agree."""

    untouched: Reading
    mean: Reading
    agreement: float


def looks(picture: Tensor, transforms: Sequence[object], seeds: Iterable[int]) -> Tensor:
    """A picture (H, W) in 0..1 through each transform, each with its seed -> (n, H, W)."""
    height, width = picture.shape
    rgb = (picture * 255).round().byte()[..., None].expand(-1, -1, 3).contiguous().numpy()
    found = []
    for transform, seed in zip(transforms, seeds, strict=True):
        compose = A.Compose([transform])
        compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        image = np.asarray(compose(image=rgb)["image"])
        grey = image.mean(-1) if image.ndim == 3 else image
        grey = grey if image.dtype == np.uint8 else 255 * grey.clip(0, 1)
        if grey.shape != (height, width):
            small = Image.fromarray(grey.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
            grey = np.asarray(small)
        found.append(torch.from_numpy(grey.astype(np.float32) / 255))
    return torch.stack(found)


def reading(probabilities: Tensor, truth: int) -> Reading:
    """Probabilities (classes,) in three numbers."""
    says = int(probabilities.argmax())
    return Reading(says, probabilities[says].item(), probabilities[truth].item())


def readings(predict: Predict, net: Mapping[str, Tensor], picture: Tensor, truth: int, transforms: Sequence[object],
             seed: int) -> list[Reading]:  # fmt: skip
    """The same picture and seed through one transform after the other: one argument grows along them."""
    seen = looks(picture, transforms, [seed] * len(transforms))
    return [reading(p, truth) for p in predict(net, seen)]


def survival(predict: Predict, net: Mapping[str, Tensor], pictures: Tensor, labels: Tensor,
             transforms: Sequence[object], seed: int, classes: int = 10) -> Tensor:  # fmt: skip
    """The share of the pictures (N, H, W) that are still read right, by class and transform: (classes, n)."""
    n = len(transforms)
    seen = torch.cat([looks(x, transforms, [seed + i] * n) for i, x in enumerate(pictures)])
    right = predict(net, seen).argmax(1).reshape(-1, n) == labels[:, None]
    return by_class(right.T, labels, classes).T


def by_class(right: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Right or wrong (…, N) as the share of each class (…, classes)."""
    found = torch.zeros(*right.shape[:-1], classes).index_add(-1, labels, right.float())
    return found / torch.bincount(labels, minlength=classes).clamp(min=1)


def poll(predict: Predict, net: Mapping[str, Tensor], picture: Tensor, truth: int, transform: object,
         seeds: Sequence[int]) -> Poll:  # fmt: skip
    """One view of the picture for each seed, and what they say together."""
    views = predict(net, looks(picture, [transform] * len(seeds), seeds))
    mean, alone = reading(views.mean(0), truth), reading(predict(net, picture[None])[0], truth)
    return Poll(alone, mean, (views.argmax(1) == mean.says).float().mean().item())


def polled(predict: Predict, net: Mapping[str, Tensor], pictures: Tensor, labels: Tensor, transform: object, n: int,
           seed: int, classes: int = 10) -> Tensor:  # fmt: skip
    """The share of right answers by class: to the untouched picture, to one view, to the mean of n: (3, classes)."""
    seeds = [range(seed + i * n, seed + (i + 1) * n) for i in range(len(pictures))]
    seen = [torch.cat([x[None], looks(x, [transform] * n, s)]) for x, s in zip(pictures, seeds, strict=True)]
    answers = predict(net, torch.cat(seen)).unflatten(0, (-1, n + 1))  # (N, n + 1, classes)
    three = torch.stack([answers[:, 0], answers[:, 1], answers[:, 1:].mean(1)])
    return by_class(three.argmax(-1) == labels, labels, classes)
