r"""A small one-stage detector: every anchor at once says object?, which class?, where exactly?

    picture (128 × 128) → 6 convolutions, three of them with stride 2 → 16 × 16 cells × 9 anchors × (1 + 4 + classes)

    score = σ(objectness) · softmax(classes)        box = the anchor, moved by its four offsets

A network is a dict of tensors, nothing more. It has learnt without a loop over places: the same weights look at every
cell. Only the pair of thresholds that follows (confidence, then non-maximum suppression) is not learnt.

Redmon & Farhadi 2017 (YOLOv2); Lin et al. 2017 (RetinaNet).
"""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Weights = Mapping[str, Tensor]
CANVAS, STRIDE, KINDS = 128, 8, 20
SCALES, RATIOS = (18.0, 29.0, 46.0), (0.6, 1.0, 1.9)
SHAPES_OF_CELL = len(SCALES) * len(RATIOS)
OUTPUTS = 1 + 4 + KINDS  # of each anchor
# name -> (channels in, channels out, kernel, stride, dilation)
CONVOLUTIONS = {
    "conv1": (1, 16, 3, 2, 1), "conv2": (16, 24, 3, 2, 1), "conv3": (24, 32, 3, 1, 1),
    "conv4": (32, 48, 3, 2, 1), "conv5": (48, 48, 3, 1, 1), "conv6": (48, 48, 3, 1, 2),
    "head": (48, SHAPES_OF_CELL * OUTPUTS, 1, 1, 1),
}  # fmt: skip
FORMS: dict[str, tuple[int, ...]] = {}
for _name, (_into, _out, _k, _stride, _dilation) in CONVOLUTIONS.items():
    FORMS |= {f"{_name}.weight": (_out, _into, _k, _k), f"{_name}.bias": (_out,)}


@dataclass(frozen=True)
class Said:
    """What the network says of every anchor, cell by cell: n = 16 · 16 · 9 of them for each picture."""

    objectness: Tensor  # (N, n) logits
    offsets: Tensor  # (N, n, 4)
    classes: Tensor  # (N, n, classes) logits


@dataclass(frozen=True)
class Found:
    """Boxes of one picture with the anchors that they came from."""

    boxes: Tensor  # (k, 4) xyxy in pixels
    scores: Tensor  # (k,)
    classes: Tensor  # (k,)
    anchor: Tensor  # (k,)


def judge(net: Weights, pictures: Tensor) -> Said:
    """(N, 128, 128) with values 0..1 -> what is said of every anchor."""
    if pictures.ndim != 3 or pictures.shape[1:] != (CANVAS, CANVAS):
        raise ValueError(f"Pictures must be (N, {CANVAS}, {CANVAS}), not {tuple(pictures.shape)}.")
    x = pictures[:, None]
    for name, (_into, _out, k, stride, dilation) in CONVOLUTIONS.items():
        x = F.conv2d(x, net[f"{name}.weight"], net[f"{name}.bias"], stride, k // 2 * dilation, dilation)
        x = x if name == "head" else x.relu()
    return spread(x)


def spread(x: Tensor) -> Said:
    """The last maps (N, 9 · outputs, 16, 16) as one row for each anchor."""
    flat = x.movedim(1, -1).reshape(len(x), -1, OUTPUTS)
    return Said(flat[..., 0], flat[..., 1:5], flat[..., 5:])


def read(said: Said, anchors: Tensor, decode: Callable[[Tensor, Tensor], Tensor], which: int = 0) -> Found:
    """Every anchor of one picture as a box with its best class and its score; nothing is left out yet."""
    p, kind = said.classes[which].softmax(-1).max(-1)
    boxes = decode(said.offsets[which], anchors).clamp(0, CANVAS)
    return Found(boxes, said.objectness[which].sigmoid() * p, kind, torch.arange(len(anchors)))


def sure(found: Found, confidence: float) -> Found:
    """Those whose score is at least that, by falling score."""
    order = found.scores.sort(descending=True, stable=True).indices
    order = order[found.scores[order] >= confidence]
    return Found(found.boxes[order], found.scores[order], found.classes[order], found.anchor[order])


def detect(net: Weights, picture: Tensor, anchors: Tensor, decode: Callable[[Tensor, Tensor], Tensor],
           confidence: float = 0.3) -> Found:  # fmt: skip
    """Everything that one picture (128, 128) is believed to show, duplicates among it."""
    with torch.no_grad():
        return sure(read(judge(net, picture[None]), anchors, decode), confidence)


def objects(net: Weights, picture: Tensor, anchors: Tensor, decode: Callable[[Tensor, Tensor], Tensor],
            most: int = 240) -> Found:  # fmt: skip
    """The boxes that are objects most surely, whatever their class: what a first stage (RPN) hands on."""
    with torch.no_grad():
        said = judge(net, picture[None])
        every, sure_of = read(said, anchors, decode), said.objectness[0].sigmoid()
    best = sure_of.sort(descending=True, stable=True).indices[:most]
    return Found(every.boxes[best], sure_of[best], torch.zeros_like(best), best)


def funnel(found: Found, kept: Tensor, anchors: int) -> list[tuple[str, int]]:
    """How many boxes are there at each stage."""
    return [("anchors", anchors), ("confident", len(found.boxes)), ("left", int(kept.sum()))]


def answers(found: Found, kept: Tensor, truth: Tensor, kinds: Tensor,
            iou: Callable[[Tensor, Tensor], Tensor]) -> list[tuple[int, float, float, list[float]]]:  # fmt: skip
    """What is left: class, score, the best IoU with an object (m, 4) of that class, and the box."""
    rows = []
    for i in kept.nonzero().flatten().tolist():
        mine = truth[kinds == found.classes[i]]
        best = iou(found.boxes[i], mine).max().item() if len(mine) else 0.0
        rows.append((int(found.classes[i]), found.scores[i].item(), best, found.boxes[i].tolist()))
    return rows


def report(net: Weights, picture: Tensor, anchors: Tensor, decode: Callable[[Tensor, Tensor], Tensor],
           suppress: Callable[..., Any], iou: Callable[[Tensor, Tensor], Tensor], rule: str, confidence: float,
           threshold: float, truth: Tensor, kinds: Tensor) -> list[Any]:  # fmt: skip
    """The whole way of one picture: how many boxes are there at each stage, and what is left."""
    found = detect(net, picture, anchors, decode, confidence)
    kept = suppress(rule, found.boxes, found.scores, found.classes, iou, threshold, floor=confidence).kept
    return [*funnel(found, kept, len(anchors)), *answers(found, kept, truth, kinds, iou)]


# --- the weights as text, so that a script can carry them along ---


def as_weights_text(net: Weights) -> str:
    """All weights in 16 bits."""
    flat = torch.cat([net[name].flatten() for name in FORMS]).half()
    return base64.b85encode(flat.numpy().tobytes()).decode()


def from_weights_text(text: str) -> dict[str, Tensor]:
    """The network of such a text."""
    flat = torch.frombuffer(bytearray(base64.b85decode(text)), dtype=torch.float16).float()
    sizes = [math.prod(form) for form in FORMS.values()]
    if len(flat) != sum(sizes):
        raise ValueError(f"The text holds {len(flat)} numbers, the network has {sum(sizes)}.")
    return {n: part.reshape(form) for (n, form), part in zip(FORMS.items(), flat.split(sizes), strict=True)}
