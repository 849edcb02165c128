"""The way back up from what was pooled, and how much of the picture is left then.

Each pixel of the large picture takes the value of the window whose middle is nearest, or blends those around it. What
is lost is measured as peak signal-to-noise ratio: PSNR = 10 log10(1 / mean (x − y)²) decibels for values from 0 to 1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Walk(Protocol):
    """How windows lie on the pixels: their first pixels are s apart, the first one begins at −p."""

    @property
    def stride(self) -> int: ...
    @property
    def padding(self) -> int: ...
    @property
    def reach(self) -> int: ...


def back_up(y: Tensor, size: tuple[int, int], window: Walk, smooth: bool = False) -> Tensor:
    """(..., H', W') back to (..., H, W): the nearest window's value, or a linear blend of its neighbours'."""
    for dim, n in ((-1, size[1]), (-2, size[0])):  # rows last: they are copied whole
        # Window j has its middle at pixel j·s − p + (reach − 1) / 2; beyond the outermost ones their value goes on.
        at = (torch.arange(n, dtype=torch.float64) + window.padding - (window.reach - 1) / 2) / window.stride
        at = at.clamp(0, y.shape[dim] - 1).to(y.device)
        if not smooth:
            y = y.index_select(dim, (at + 0.5).long().clamp(max=y.shape[dim] - 1))
            continue
        low = at.floor()
        first, second = (y.index_select(dim, i.long().clamp(max=y.shape[dim] - 1)) for i in (low, low + 1))
        blend = (at - low).to(y)
        y = torch.lerp(first, second, blend[:, None] if dim == -2 else blend)
    return y


def psnr(x: Tensor, y: Tensor) -> float:
    """In decibels, of pictures from 0 to 1; ∞ when they are equal."""
    error = (x - y).square().mean(dtype=torch.float64).item()
    return -10 * math.log10(error) if error else math.inf


def losses(
    x: Tensor, pools: Mapping[str, Callable[[Tensor], Tensor]], window: Walk, smooth: bool = False
) -> dict[str, float]:
    """The PSNR of a picture (..., H, W) that went down and back up, for each pool."""
    return {name: psnr(x, back_up(read(x), _size(x), window, smooth)) for name, read in pools.items()}


@dataclass(frozen=True)
class Layer:
    """What is left behind one layer: its output, and that brought back up through all layers before it."""

    size_hw: tuple[int, int]
    output: Tensor
    restored: Tensor
    psnr: float


def cascade(
    x: Tensor, read: Callable[[Tensor], Tensor], window: Walk, layers: int, smooth: bool = False
) -> list[Layer]:
    """(..., H, W) through the same pooling again and again; the picture itself is layer 0."""
    y, sizes = x, [_size(x)]
    found = [Layer(_size(x), x, x, math.inf)]
    for _ in range(layers):
        y = up = read(y)
        for size in reversed(sizes):
            up = back_up(up, size, window, smooth)
        sizes.append(_size(y))
        found.append(Layer(_size(y), y, up, psnr(x, up)))
    return found


def fading(
    x: Tensor,
    pools: Mapping[str, Callable[[Tensor], Tensor]],
    window: Walk,
    layers: int,
    smooth: bool = False,
) -> dict[str, list[float]]:
    """The PSNR behind each layer of a cascade, for each pool."""
    return {name: [one.psnr for one in cascade(x, read, window, layers, smooth)[1:]] for name, read in pools.items()}


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]
