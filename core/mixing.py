"""Mixing pictures and their labels: mixup, CutMix, cutout, random erasing, GridMask, mosaic, attentive CutMix.

    mixup    x = λ x₁ + (1 − λ) x₂,  y = λ y₁ + (1 − λ) y₂,  λ ~ Beta(α, α)
    CutMix   a rectangle of x₂ with the area 1 − λ is put into x₁; the labels mix by the area that is left

Erasing methods put nothing in place of what they take, and leave the label alone.

Zhang et al. 2018 (mixup); Yun et al. 2019 (CutMix); DeVries & Taylor 2017 (cutout); Zhong et al. 2020 (random erasing);
Chen et al. 2020 (GridMask); Bochkovskiy et al. 2020 (mosaic); Walawalkar et al. 2020 (attentive CutMix).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Mixed:
    """A mixed picture (C, H, W), where each picture shows (n, H, W), and the label: shares that sum to 1."""

    picture: Tensor = field(repr=False)
    shown: Tensor = field(repr=False)
    label: Tensor
    lam: float = 1.0


@dataclass(frozen=True)
class Method:
    """A way to mix: `mix(pictures, lam, generator, attention)`; `pictures` is how many of them it takes."""

    title: str
    note: str
    pictures: int
    mix: Callable[..., Mixed]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def share(alpha: float, seed: int, draws: int = 1) -> Tensor:
    """λ ~ Beta(α, α), from two Gamma numbers: (draws,) in 0..1."""
    if not 0 < alpha <= 100:
        raise ValueError("α is a number above 0, and at most 100.")
    # Marsaglia & Tsang 2000 as torch has it; below α ≈ 0.01 both numbers may underflow, so they are drawn in logs.
    a, b = (_log_gamma(alpha, draws, generator(2 * seed + i)) for i in (0, 1))
    return torch.sigmoid(a - b)


def _log_gamma(alpha: float, draws: int, g: torch.Generator) -> Tensor:
    """log of Gamma(α) numbers: Gamma(α) = Gamma(α + 1) · U^(1/α)."""
    shape = torch.full((draws,), alpha + 1, dtype=torch.float64)
    u = torch.rand(draws, generator=g, dtype=torch.float64).clamp(min=1e-300)
    return torch._standard_gamma(shape, generator=g).log() + u.log() / alpha


def density(alpha: float, x: Tensor) -> Tensor:
    """The density of Beta(α, α) at x in (0, 1)."""
    logs = (alpha - 1) * (x.log() + (1 - x).log())
    return (logs + math.lgamma(2 * alpha) - 2 * math.lgamma(alpha)).exp()


def mix(method: str, pictures: Tensor, lam: float, seed: int = 0, attention: Tensor | None = None) -> Mixed:
    """Pictures (n, C, H, W) of one size -> one; λ is the share that the first one keeps (where it has a say)."""
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}; there are {', '.join(METHODS)}.")
    if not 0 <= lam <= 1:
        raise ValueError("λ lies between 0 and 1.")
    if pictures.ndim != 4 or len(pictures) < METHODS[method].pictures:
        raise ValueError(f"{method} takes {METHODS[method].pictures} pictures of one size.")
    return replace(METHODS[method].mix(pictures, lam, generator(seed), attention), lam=lam)


def drawn(method: str, pictures: Tensor, alpha: float, seed: int, n: int, lam: float | None = None,
          attention: Tensor | None = None) -> list[Mixed]:  # fmt: skip
    """n mixtures from seeds on end, each with its own λ ~ Beta(α, α), or all with the λ that is given."""
    lams = [float(share(alpha, s)) if lam is None else lam for s in range(seed, seed + n)]
    return [mix(method, pictures, each, seed + i, attention) for i, each in enumerate(lams)]


def _by_mask(pictures: Tensor, shown: Tensor, label: Tensor | None = None) -> Mixed:
    """Each picture where it is shown; the label by area unless it is given."""
    label = shown.flatten(1).mean(1) if label is None else label
    return Mixed((shown.unsqueeze(1) * pictures[: len(shown)]).sum(0), shown, label)


def _mixup(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    shares = torch.tensor([lam, 1 - lam], dtype=pictures.dtype)
    return _by_mask(pictures, shares[:, None, None].expand(2, *pictures.shape[-2:]), shares)


def rectangle(pictures: Tensor, area: float, g: torch.Generator, inside: bool = False) -> Tensor:
    """A mask (H, W): a rectangle with a share of the area and the sides of the picture, anywhere.

    Its middle is drawn evenly, as CutMix does it: near the border a part is cut off. With `inside` it is whole.
    """
    height, width = pictures.shape[-2:]
    h, w = round(height * math.sqrt(area)), round(width * math.sqrt(area))
    y, x = torch.rand(2, generator=g).tolist()
    top = round(y * (height - h)) if inside else round(y * height) - h // 2
    left = round(x * (width - w)) if inside else round(x * width) - w // 2
    mask = torch.zeros(height, width)
    mask[max(0, top) : max(0, top + h), max(0, left) : max(0, left + w)] = 1
    return mask


def _cutmix(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    mask = rectangle(pictures, 1 - lam, g)
    return _by_mask(pictures, torch.stack([1 - mask, mask]))


def _erased(pictures: Tensor, mask: Tensor, filling: Tensor) -> Mixed:
    """The first picture without the mask; what is gone does not touch the label."""
    picture = pictures[0] * (1 - mask) + filling * mask
    return Mixed(picture, (1 - mask).unsqueeze(0), torch.ones(1))


def _cutout(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    grey = torch.full_like(pictures[0], 0.5)
    return _erased(pictures, rectangle(pictures, 1 - lam, g), grey)


def _erasing(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    mask = rectangle(pictures, 1 - lam, g, inside=True)
    return _erased(pictures, mask, torch.rand(pictures[0].shape, generator=g))


def _gridmask(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    """Squares on a grid of five units; their side is chosen so that λ of the picture is left."""
    height, width = pictures.shape[-2:]
    unit = max(2, min(height, width) // 5)
    side = round(unit * math.sqrt(1 - lam))
    dy, dx = torch.randint(unit, (2,), generator=g).tolist()
    y, x = (torch.arange(height) + dy) % unit < side, (torch.arange(width) + dx) % unit < side
    return _erased(pictures, (y[:, None] & x).float(), torch.zeros_like(pictures[0]))


def _mosaic(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    """Four pictures, each shrunk into its own corner; λ is where they meet, from the middle's left to its right."""
    height, width = pictures.shape[-2:]
    y, x = round(height * (0.25 + 0.5 * float(torch.rand(1, generator=g)))), round(width * (0.2 + 0.6 * lam))
    shown, picture = torch.zeros(4, height, width), torch.zeros_like(pictures[0])
    corners = [(0, y, 0, x), (0, y, x, width), (y, height, 0, x), (y, height, x, width)]
    for i, (top, bottom, left, right) in enumerate(corners):
        shown[i, top:bottom, left:right] = 1
        size = (bottom - top, right - left)
        small = torch.nn.functional.interpolate(pictures[i : i + 1], size, mode="bilinear", antialias=True)
        picture[:, top:bottom, left:right] = small[0]
    return Mixed(picture, shown, shown.flatten(1).mean(1))


GRID = 7  # cells a side among which attention chooses


def _attentive(pictures: Tensor, lam: float, g: torch.Generator, attention: Tensor | None) -> Mixed:
    """The k most telling of 7 × 7 cells of the second picture are pasted; the label by k / 49."""
    height, width = pictures.shape[-2:]
    found = saliency(pictures[1]) if attention is None else attention
    cells = torch.nn.functional.adaptive_avg_pool2d(found[None, None].float(), GRID).flatten()
    k = round((1 - lam) * GRID * GRID)
    chosen = torch.zeros(GRID * GRID)
    chosen[cells.topk(k).indices] = 1
    mask = torch.nn.functional.interpolate(chosen.reshape(1, 1, GRID, GRID), (height, width))[0, 0]
    left = torch.tensor([1 - k / GRID**2, k / GRID**2])
    return _by_mask(pictures, torch.stack([1 - mask, mask]), left)


def saliency(picture: Tensor) -> Tensor:
    """A stand-in for a network's attention (C, H, W) -> (H, W): where a picture has edges, seen from afar."""
    grey = picture.mean(0)
    dy, dx = torch.zeros_like(grey), torch.zeros_like(grey)
    dy[1:], dx[:, 1:] = grey.diff(dim=0), grey.diff(dim=1)
    return torch.nn.functional.avg_pool2d(torch.hypot(dy, dx)[None, None], 9, 1, 4)[0, 0]


METHODS: dict[str, Method] = {
    "mixup": Method("mixup", "Both pictures shine through each other; the label is as mixed as they are.", 2, _mixup),
    "cutmix": Method("CutMix", "A rectangle of the other picture; the label by area.", 2, _cutmix),
    "attentive": Method("Attentive CutMix", "Of 7 × 7 cells the k that say most; the label by k/49.", 2, _attentive),
    "mosaic": Method("Mosaic", "Four pictures meet at one point, further right at a larger λ; the label by area.", 4,
                     _mosaic),
    "cutout": Method("Cutout", "A grey rectangle; the label stays, whatever it hides.", 1, _cutout),
    "erasing": Method("Random erasing", "A rectangle of noise, wholly inside; the label stays.", 1, _erasing),
    "gridmask": Method("GridMask", "Squares on a grid: something of every part is left.", 1, _gridmask),
}  # fmt: skip
