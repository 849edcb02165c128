"""The receptive field: how much of the picture one unit sees, in theory and in effect.

Layer by layer, with kernel k, stride s, dilation d and padding p (Araujo et al., "Computing receptive fields of
convolutional neural networks", 2019):

    field  r ← r + d(k − 1)·j        jump  j ← j·s        centre of the first unit  c ← c + (d(k − 1)/2 − p)·j

The effective field (Luo et al., 2016) is how much a change of each pixel changes the centre unit: the gradient, and
here its square, which is the pixel's share when all pixels tremble alike. It is bell-shaped and far smaller than the
theoretical field, because most ways lead through the middle.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Layer:
    """One layer of the stack."""

    k: int = 3
    s: int = 1
    d: int = 1
    kind: str = "conv"  # or "max", "average"

    @property
    def reach(self) -> int:
        """From the first to the last pixel under the kernel."""
        return self.d * (self.k - 1) + 1


@dataclass(frozen=True)
class Seen:
    """What one unit of a layer sees: the layer's output is `size` long, its first unit lies at `centre`."""

    size: int
    jump: int  # pixels of the picture from one unit to the next
    field: int  # pixels of the picture that reach a unit
    centre: float  # of the first unit's field; pixel 0 lies at 0


@dataclass(frozen=True)
class Effect:
    """How much each pixel matters for one unit (H, W), summing to 1; and the unit's place in the last layer."""

    weight: Tensor
    unit: int
    middle: float  # of its field, in pixels

    def share_within(self, low: float, high: float) -> float:
        """The share of all influence that comes from the square low..high."""
        at = torch.arange(len(self.weight))
        inside = (at >= low) & (at <= high)
        return self.weight[inside][:, inside].sum().item()

    def square(self, share: float = 0.5) -> int:
        """The side of the smallest square about the middle that holds this share of the influence, in pixels."""
        n, wanted = len(self.weight), share * self.weight.sum().item() * (1 - 1e-6)
        half = self.middle % 1  # between two pixels the square begins with both
        halves = (half + h for h in range(n))
        return next((round(2 * h + 1) for h in halves
                     if self.share_within(self.middle - h, self.middle + h) >= wanted), n)  # fmt: skip


def stack(kernels: Sequence[int], strides: Sequence[int], dilations: Sequence[int],
          kinds: Sequence[str]) -> list[Layer]:  # fmt: skip
    """Layers from four lists, first layer first."""
    return [Layer(*layer) for layer in zip(kernels, strides, dilations, kinds, strict=True)]


def padding(layer: Layer, padded: bool) -> int:
    """As much as keeps the size at stride 1 (for odd kernels); pooling is never padded."""
    return (layer.reach - 1) // 2 if padded and layer.kind == "conv" else 0


def fields(layers: Sequence[Layer], size: int, padded: bool) -> list[Seen]:
    """The picture itself, then each layer; a size of 0 says that a kernel did not fit."""
    seen = [Seen(size, 1, 1, 0.0)]
    for layer in layers:
        last, p = seen[-1], padding(layer, padded)
        seen.append(Seen(
            size=max(0, (last.size + 2 * p - layer.reach) // layer.s + 1) if last.size else 0,
            jump=last.jump * layer.s,
            field=last.field + (layer.reach - 1) * last.jump,
            centre=last.centre + ((layer.reach - 1) / 2 - p) * last.jump,
        ))  # fmt: skip
    return seen


def too_long(layers: Sequence[Layer], size: int, padded: bool) -> int | None:
    """The first layer, from 0, whose kernel is longer than its padded input."""
    return next((i for i, seen in enumerate(fields(layers, size, padded)[1:]) if not seen.size), None)


def span(seen: Seen, unit: int) -> tuple[float, float]:
    """The first and the last pixel that the unit sees; outside of the picture they lie in the padding."""
    centre = seen.centre + unit * seen.jump
    return centre - (seen.field - 1) / 2, centre + (seen.field - 1) / 2


def effect(layers: Sequence[Layer], picture: Tensor, padded: bool, weights: str = "random", relu: bool = True,
           seed: int = 0, nets: int = 16, channels: int = 4, unit: int | None = None) -> Effect:  # fmt: skip
    """The mean (∂ unit / ∂ pixel)² over `nets` networks with random weights; or of one whose weights are all alike.

    `picture` is (H, H): where ReLU and max pooling let the gradient through depends on it. The unit is the middle one.
    """
    if (wrong := too_long(layers, len(picture), padded)) is not None:
        raise ValueError(f"The kernel of layer {wrong + 1} is longer than its input.")
    last, size = fields(layers, len(picture), padded)[-1], len(picture)
    at = last.size // 2 if unit is None else unit
    low, high = (round(end) for end in span(last, at))
    x, own = picture - picture.mean(), padded
    inside = low >= 0 and high < size
    if inside:  # the rest of the picture, and the padding, do not reach this unit: a cut-out gives the same
        x, own, at = x[low : high + 1, low : high + 1], False, 0
    nets, channels = (1, 1) if weights == "ones" else (nets, channels)
    generator = torch.Generator().manual_seed(seed)
    y = x = x.expand(1, nets, -1, -1).clone().requires_grad_()  # one channel for each network
    for layer in layers:
        if layer.kind == "conv":
            into = y.shape[1] // nets
            y = F.conv2d(y, _weights(layer, into, channels, nets, weights, generator), stride=layer.s,
                         padding=padding(layer, own), dilation=layer.d, groups=nets)  # fmt: skip
            y = y.relu() if relu and weights != "ones" else y
        elif layer.kind == "max":
            y = F.max_pool2d(y, layer.k, layer.s, dilation=layer.d)
        else:
            y = _average(y, layer)
    (slope,) = torch.autograd.grad(y[0, :, at, at].sum(), x)
    weight = slope[0].square().sum(0)
    if inside:
        weight = F.pad(weight, [low, size - 1 - high] * 2)
    shown = last.size // 2 if unit is None else unit
    return Effect(weight / weight.sum().clamp(min=1e-30), shown, last.centre + shown * last.jump)


def paths(layers: Sequence[Layer], size: int, padded: bool, unit: int | None = None) -> list[list[int]]:
    """In one dimension, the units of each layer that reach the unit of the last: the picture's first."""
    seen = fields(layers, size, padded)
    reached = [{seen[-1].size // 2 if unit is None else unit}]
    for layer, below in zip(reversed(layers), reversed(seen[:-1]), strict=True):
        p = padding(layer, padded)
        inputs = {i * layer.s - p + j * layer.d for i in reached[-1] for j in range(layer.k)}
        reached.append({i for i in inputs if 0 <= i < below.size})
    return [sorted(units) for units in reversed(reached)]


def ways(layers: Sequence[Layer], size: int, padded: bool) -> Tensor:
    """In one dimension, every step that leads to the middle unit of the last layer: (steps, 3), the number of the
    layer above, and where in the picture the two units lie, the lower one first."""
    seen, reached = fields(layers, size, padded), paths(layers, size, padded)
    found = []
    for n, layer in enumerate(layers):
        below, above, known, p = seen[n], seen[n + 1], set(reached[n]), padding(layer, padded)
        for unit in reached[n + 1]:
            inputs = (unit * layer.s - p + j * layer.d for j in range(layer.k))
            end = above.centre + unit * above.jump
            found += [(n + 1, below.centre + i * below.jump, end) for i in inputs if i in known]
    return torch.tensor(found)


def _weights(layer: Layer, into: int, out: int, nets: int, how: str, generator: torch.Generator) -> Tensor:
    shape = (nets * out, into, layer.k, layer.k)
    if how == "ones":
        return torch.ones(shape) / layer.k**2  # the size of the gradient does not matter
    return torch.randn(shape, generator=generator) * math.sqrt(2 / (into * layer.k**2))


def _average(y: Tensor, layer: Layer) -> Tensor:
    """Average pooling; F.avg_pool2d knows no dilation."""
    weight = torch.full((y.shape[1], 1, layer.k, layer.k), 1 / layer.k**2)
    return F.conv2d(y, weight, stride=layer.s, dilation=layer.d, groups=y.shape[1])
