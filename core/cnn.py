"""A small convolutional network for pictures of 28 × 28, and four ways to look inside.

    picture → conv 5×5 → ReLU → pool → conv 3×3 → ReLU → pool → conv 3×3 → ReLU → linear → 10 scores

A network is a dict of tensors, nothing more. What looks inside asks the gradient: of a unit with respect to the
picture (saliency: Simonyan et al., 2013), to the last maps (Grad-CAM: Selvaraju et al., 2017), or it climbs that
gradient from noise until the picture shows what the unit is fond of (Erhan et al., 2009).
"""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Net = Mapping[str, Tensor]
SIDE, CLASSES = 28, 10
# name -> (channels in, channels out, kernel size); after the first two the maps are halved by max pooling
LAYERS = {"conv1": (1, 8, 5), "conv2": (8, 16, 3), "conv3": (16, 32, 3)}
SHAPES: dict[str, tuple[int, ...]] = {f"{name}.weight": (out, into, k, k) for name, (into, out, k) in LAYERS.items()}
SHAPES |= {f"{name}.bias": (out,) for name, (_into, out, _k) in LAYERS.items()}
SHAPES |= {"head.weight": (CLASSES, 32 * 7 * 7), "head.bias": (CLASSES,)}


@dataclass(frozen=True)
class Trace:
    """A forward pass with all that lies on its way: "conv1" before its ReLU, "relu1" after it, "pool1", …"""

    maps: dict[str, Tensor]  # name -> (N, C, H, W)
    logits: Tensor  # (N, 10)

    @property
    def probabilities(self) -> Tensor:
        return self.logits.softmax(1)


@dataclass(frozen=True)
class Unit:
    """What one asks about: a class (layer "head"), or a channel of a convolution (its mean over the map)."""

    layer: str
    channel: int


@dataclass(frozen=True)
class Answer:
    """What the network says to one picture, class by class."""

    scores: list[float]
    probabilities: list[float]


@dataclass(frozen=True)
class Dreams:
    """Pictures found by climbing, and how high the units stood before and after."""

    pictures: Tensor  # (units, 28, 28)
    before: Tensor  # (units,)
    after: Tensor


def init(seed: int) -> dict[str, Tensor]:
    """Weights to start a training from (He et al., 2015), biases zero."""
    generator = torch.Generator().manual_seed(seed)
    fan_in = {name: math.prod(shape[1:]) for name, shape in SHAPES.items()}
    return {name: torch.zeros(shape) if name.endswith("bias")
            else torch.randn(shape, generator=generator) * math.sqrt(2 / fan_in[name])
            for name, shape in SHAPES.items()}  # fmt: skip


def forward(net: Net, pictures: Tensor) -> Trace:
    """(N, 28, 28) with values 0..1 -> every map and the scores."""
    if pictures.ndim != 3 or pictures.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"Pictures must be (N, {SIDE}, {SIDE}), not {tuple(pictures.shape)}.")
    maps, x = {}, pictures[:, None]  # (N, 1, 28, 28)
    for i, name in enumerate(LAYERS, 1):
        weight = net[f"{name}.weight"]
        x = maps[name] = F.conv2d(x, weight, net[f"{name}.bias"], padding=weight.shape[-1] // 2)
        x = maps[f"relu{i}"] = x.relu()
        if i < len(LAYERS):
            x = maps[f"pool{i}"] = F.max_pool2d(x, 2)
    return Trace(maps, F.linear(x.flatten(1), net["head.weight"], net["head.bias"]))


def predict(net: Net, pictures: Tensor) -> Tensor:
    """(N, 28, 28) -> probabilities (N, 10)."""
    with torch.no_grad():
        return torch.cat([forward(net, part).probabilities for part in pictures.split(500)])


def sight(net: Net, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """(N, 28, 28) -> the means of the last maps (N, 32), to measure distances between pictures, and probabilities."""
    with torch.no_grad():
        traces = [forward(net, part) for part in pictures.split(250)]
        return torch.cat([t.maps["relu3"].mean((2, 3)) for t in traces]), torch.cat([t.probabilities for t in traces])


def accuracy(net: Net, pictures: Tensor, labels: Tensor) -> float:
    """The share of pictures whose most probable class is the right one."""
    return (predict(net, pictures).argmax(1) == labels).float().mean().item()


def answer(net: Net, picture: Tensor) -> Answer:
    """The scores and the probabilities of one picture (28, 28)."""
    with torch.no_grad():
        trace = forward(net, picture[None])
    return Answer(trace.logits[0].tolist(), trace.probabilities[0].tolist())


def parameters() -> dict[str, int]:
    """How many numbers each layer has learnt."""
    counts = {name: math.prod(shape) for name, shape in SHAPES.items()}
    return {name: counts[f"{name}.weight"] + counts[f"{name}.bias"] for name in (*LAYERS, "head")}


def units(layer: str) -> list[Unit]:
    """All units of a layer, or all classes."""
    return [Unit(layer, i) for i in range(CLASSES if layer == "head" else LAYERS[layer][1])]


def level(trace: Trace, unit: Unit) -> Tensor:
    """How strongly each picture (N,) drives the unit: the score of a class, the mean of a channel's map."""
    if unit.layer == "head":
        return trace.logits[:, unit.channel]
    return trace.maps[unit.layer][:, unit.channel].mean((1, 2))


def saliency(net: Net, picture: Tensor, unit: Unit) -> Tensor:
    """∂unit/∂picture (28, 28): where a brighter pixel would raise it, and where lower it."""
    x = picture[None].clone().requires_grad_()
    (slope,) = torch.autograd.grad(level(forward(net, x), unit).sum(), x)
    return slope[0]


def grad_cam(net: Net, picture: Tensor, unit: Unit, at: str = "relu3") -> Tensor:
    """ReLU(Σ_c α_c A_c) in 0..1, (28, 28): the maps A of a layer, each by the mean α of the gradient that it gets."""
    x = picture[None].clone().requires_grad_()
    trace = forward(net, x)
    maps = trace.maps[at]
    (slope,) = torch.autograd.grad(level(trace, unit).sum(), maps, allow_unused=True)
    if slope is None:
        raise ValueError(f"{unit.layer} does not depend on {at}.")
    cam = (slope.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu().detach()
    cam = F.interpolate(cam, size=(SIDE, SIDE), mode="bilinear")[0, 0]
    return cam / cam.max().clamp(min=1e-12)


def dream(net: Net, layer: str, steps: int = 60, lr: float = 0.1, blur: float = 0.5, jitter: int = 2,
          decay: float = 0.01, seed: int = 0) -> Dreams:  # fmt: skip
    """For each unit of a layer, a picture that it is fond of: gradient ascent from grey noise, all units at once.

    Left alone it finds noise that no eye has seen. So the picture is shifted by a few pixels at each step, a little
    blurred after it, and drawn towards black; and it stays within 0..1.
    """
    if steps < 1 or lr <= 0:
        raise ValueError("At least one step and a positive rate are needed.")
    generator, all_units = torch.Generator().manual_seed(seed), units(layer)
    at = torch.arange(len(all_units))
    x = 0.3 + 0.1 * torch.rand((len(at), SIDE, SIDE), generator=generator)

    def levels(pictures: Tensor) -> Tensor:
        trace = forward(net, pictures)
        return trace.logits[at, at] if layer == "head" else trace.maps[layer][at, at].mean((1, 2))

    with torch.no_grad():
        before = levels(x)
    kernel = torch.tensor([blur, 1.0, blur]) / (1 + 2 * blur)
    for step in range(steps):
        move = torch.randint(-jitter, jitter + 1, (2,), generator=generator).tolist()
        seen = x.roll(move, (1, 2)).requires_grad_()
        (slope,) = torch.autograd.grad(levels(seen).sum(), seen)
        slope = slope.roll([-move[0], -move[1]], (1, 2))
        x = x + lr * slope / slope.flatten(1).std(1).clamp(min=1e-12)[:, None, None] - decay
        if step < steps - 5:  # the last steps sharpen
            x = _smooth(x, kernel)
        x = x.clamp(0, 1)
    with torch.no_grad():
        return Dreams(x, before, levels(x))


def _smooth(x: Tensor, kernel: Tensor) -> Tensor:
    """(N, H, W), a blur with the same three weights down and across."""
    x = F.conv2d(F.pad(x[:, None], (1, 1, 0, 0), "replicate"), kernel.view(1, 1, 1, 3))
    return F.conv2d(F.pad(x, (0, 0, 1, 1), "replicate"), kernel.view(1, 1, 3, 1))[:, 0]


# --- a network as text, so that a script can carry it along ---


def packed(net: Net) -> str:
    """All weights in 16 bits, as text."""
    flat = torch.cat([net[name].flatten() for name in SHAPES]).half()
    return base64.b85encode(flat.numpy().tobytes()).decode()


def unpacked(text: str) -> dict[str, Tensor]:
    """The network of such a text."""
    flat = torch.frombuffer(bytearray(base64.b85decode(text)), dtype=torch.float16).float()
    sizes = [math.prod(shape) for shape in SHAPES.values()]
    if len(flat) != sum(sizes):
        raise ValueError(f"The text holds {len(flat)} numbers, the network has {sum(sizes)}.")
    return {name: part.reshape(shape) for (name, shape), part in zip(SHAPES.items(), flat.split(sizes), strict=True)}
