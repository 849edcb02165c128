r"""The first of two stages: where might something be? A few boxes that a classifier then looks at one by one.

    learnt      the objectness of a detector's anchors, each moved by its offsets, duplicates suppressed (RPN)
    merged      ink that hangs together, and then what comes together when all of it grows by a few pixels;
                in the spirit of selective search, which merges regions that are alike
    windows     the anchors themselves in a random order: what a sliding window would try

What comes out is cut from the picture at one size, whatever the box: that is what a classifier needs (R-CNN).

Uijlings et al. 2013 (selective search); Girshick et al. 2014 (R-CNN); Ren et al. 2015 (Faster R-CNN).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Align = Callable[[Tensor, tuple[float, float, float, float], float, int, int], Tensor]


@dataclass(frozen=True)
class Proposed:
    """Boxes (n, 4) and how sure the first stage is of each; the best come first."""

    boxes: Tensor
    scores: Tensor


def best(found: Any, iou: Callable[[Tensor, Tensor], Tensor], overlap: float = 0.7, most: int = 60) -> Proposed:
    """The `boxes` by falling `scores`, without those that overlap a better one by more than `overlap`."""
    boxes, scores = found.boxes, found.scores
    order = scores.sort(descending=True, stable=True).indices
    table = iou(boxes[order][:, None], boxes[order]).tolist()
    taken: list[int] = []
    for i in range(len(order)):
        if len(taken) < most and not any(table[i][j] > overlap for j in taken):
            taken.append(i)
    return Proposed(boxes[order[taken]], scores[order[taken]])


def unranked(boxes: Tensor, most: int = 60) -> Proposed:
    """The first of them, one as sure as the other."""
    return Proposed(boxes[:most], torch.ones(len(boxes[:most])))


def merged(picture: Tensor, least: float = 0.3, reaches: Sequence[int] = (0, 1, 2, 4, 6), smallest: int = 5) -> Tensor:
    """Boxes (n, 4) of what hangs together in a picture (H, W) once its ink has grown by each of the reaches; the
    larger ones first."""
    ink = (picture > least).float()[None, None]
    grown = torch.cat([F.max_pool2d(ink, 2 * r + 1, 1, r) if r else ink for r in reaches])
    labels = _flooded(grown)
    found = []
    for level, r in zip(labels, reaches, strict=True):
        for label in level[level > 0].unique().tolist():
            y, x = (level == label).nonzero(as_tuple=True)
            found.append([x.min() + r, y.min() + r, x.max() + 1 - r, y.max() + 1 - r])
    boxes = torch.tensor(found, dtype=torch.float32).reshape(-1, 4).unique(dim=0)
    size = boxes[:, 2:] - boxes[:, :2]
    boxes, size = boxes[(size >= smallest).any(1)], size[(size >= smallest).any(1)]
    return boxes[size.prod(1).sort(descending=True, stable=True).indices]


def _flooded(masks: Tensor) -> Tensor:
    """(L, 1, H, W) of 0 and 1 -> (L, H, W), the same number all over each connected part, 0 outside.

    All pixels of a number learn at once which larger number touches one of them: a few rounds are enough."""
    inside = masks[:, 0].long()
    start = torch.arange(1, inside[0].numel() + 1).reshape(inside.shape[1:])
    labels, above = inside * start, F.pad(start.flatten(), (1, 0)).repeat(len(masks), 1)
    while True:
        near = (_largest_around(labels) * inside).flatten(1)
        above = above.scatter_reduce(1, labels.flatten(1), near, "amax")
        above = above.gather(1, above)
        further = above.gather(1, near).reshape(labels.shape)
        if torch.equal(further, labels):
            return labels
        labels = further


def _largest_around(x: Tensor) -> Tensor:
    """(L, H, W), the largest of each 3 × 3."""
    padded = F.pad(x, (1, 1, 1, 1))
    rows = torch.maximum(torch.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return torch.maximum(torch.maximum(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def windows(anchors: Tensor, seed: int = 0) -> Tensor:
    """The anchors in a random order."""
    return anchors[torch.randperm(len(anchors), generator=torch.Generator().manual_seed(seed))]


def recall(table: Tensor, threshold: float = 0.5) -> Tensor:
    """The share of objects that the first 1, 2, …, n proposals reach, from their IoU (n, m): (n,)."""
    if not table.shape[1]:
        return torch.full((len(table),), torch.nan)
    return (table >= threshold).cummax(0).values.float().mean(1)


def around(boxes: Tensor, context: float = 1.4, square: bool = True) -> Tensor:
    """Boxes (n, 4) grown about their middle; square ones keep the shape of what is in them."""
    if context <= 0:
        raise ValueError(f"The context must be above 0, not {context}.")
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    half = (size.amax(1, keepdim=True).expand_as(size) if square else size) * context / 2
    return torch.cat([middle - half, middle + half], 1)


def crops(picture: Tensor, boxes: Tensor, align: Align, out: int = 28) -> Tensor:
    """(H, W) -> (n, out, out): each box read by RoI align at one size; beyond the picture there is no ink."""
    if not len(boxes):
        return torch.zeros(0, out, out)
    made = []
    for x0, y0, x1, y1 in boxes.tolist():
        left, top, right, bottom = (
            math.floor(x0) - 1,
            math.floor(y0) - 1,
            math.ceil(x1) + 1,
            math.ceil(y1) + 1,
        )
        # what lies around the box alone, with blank paper where the picture ends
        part = F.pad(picture[None], (-left, right - picture.shape[1], -top, bottom - picture.shape[0]))
        made.append(align(part, (x0 - left, y0 - top, x1 - left, y1 - top), 1.0, out, 2))
    return torch.cat(made)


def readings(boxes: Tensor, scores: Tensor, probabilities: Tensor) -> list[tuple[int, list[float], float, int, float]]:
    """Proposal by proposal: its place, its box, its score, and the class with its probability."""
    p, kind = probabilities.max(1) if len(probabilities) else (torch.zeros(0), torch.zeros(0, dtype=torch.long))
    rows = zip(boxes.tolist(), scores.tolist(), kind.tolist(), p.tolist(), strict=True)
    return [(place, box, score, k, q) for place, (box, score, k, q) in enumerate(rows, 1)]


def both_stages(picture: Tensor, first: Proposed, context: float, square: bool, align: Align,
                predict: Callable[[Any, Tensor], Tensor],
                net: Any) -> list[tuple[int, list[float], float, int, float]]:  # fmt: skip
    """Both stages of one picture: what is read in each proposal."""
    seen = crops(picture, around(first.boxes, context, square), align)
    return readings(first.boxes, first.scores, predict(net, seen) if len(seen) else torch.zeros(0, 1))
