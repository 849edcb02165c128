r"""Anchors: a fixed list of boxes over the picture. A detector says of each of them "object or not" and how to mend it.

On every cell of a grid stand boxes of several scales s and ratios r = h / w:   w = s / √r,   h = s √r.
Each anchor looks for the object that it overlaps most:

    positive  IoU ≥ high, and for each object the anchors that fit it best, however badly
    negative  IoU < low
    ignored   in between: no loss, neither way

What a detector learns for a positive anchor a is not the box b itself but the way to it:

    t_x = (x_b − x_a) / w_a    t_y = (y_b − y_a) / h_a    t_w = log(w_b / w_a)    t_h = log(h_b / h_a)

Nearly all anchors are negative. The focal loss turns down what is easy; γ = 0 is cross-entropy, α weighs the objects:

    FL = −α_t (1 − p_t)^γ log p_t      p_t: the probability given to what is true

Ren et al. 2015 (Faster R-CNN); Lin et al. 2017 (focal loss).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1
MOST = math.log(1000 / 16)  # an offset cannot ask for more than 62 times the size of its anchor


@dataclass(frozen=True)
class Assignment:
    """What each of n anchors is to learn."""

    kind: Tensor  # (n,) POSITIVE, NEGATIVE or IGNORED
    object: Tensor  # (n,) the object that it is for; −1 where there is none at all
    overlap: Tensor  # (n,) its IoU with that object
    forced: Tensor  # (n,) bool: positive only because nothing fits its object better


def shapes(scales: Sequence[float], ratios: Sequence[float]) -> Tensor:
    """Width and height of the anchors of one cell: (scales · ratios, 2)."""
    if not scales or not ratios or min(*scales, *ratios, 1) <= 0:
        raise ValueError("There must be at least one scale and one ratio, all above 0.")
    s, root = torch.tensor(scales)[:, None], torch.tensor(ratios).sqrt()
    return torch.stack([s / root, s * root], -1).reshape(-1, 2)


def grid(size_hw: tuple[int, int], stride: int, scales: Sequence[float], ratios: Sequence[float]) -> Tensor:
    """All anchors (rows · columns · shapes, 4) as xyxy: cell by cell, in each the shapes; cells have their middle at
    (stride / 2, stride / 2), …"""
    if stride < 1:
        raise ValueError("The cells of the grid are at least one pixel wide.")
    rows, columns = (math.ceil(n / stride) for n in size_hw)
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    centres = (torch.stack([x, y], -1).reshape(-1, 1, 2) + 0.5) * stride
    half = shapes(scales, ratios) / 2
    return torch.cat([centres - half, centres + half], -1).reshape(-1, 4)


def assign(table: Tensor, high: float = 0.5, low: float = 0.4, best: bool = True) -> Assignment:
    """From the IoU of each anchor with each object (n, m). `best`: each object gets the anchors that fit it best."""
    if not 0 <= low <= high <= 1:
        raise ValueError(f"The thresholds must stand as 0 ≤ low ≤ high ≤ 1, not {low} and {high}.")
    n, m = table.shape
    if not m:
        none = torch.full((n,), -1)
        return Assignment(none + 1, none, table.new_zeros(n), none > 0)
    overlap, which = table.max(1)
    kind = torch.where(overlap >= high, POSITIVE, torch.where(overlap < low, NEGATIVE, IGNORED))
    forced = torch.zeros(n, dtype=torch.bool)
    if best:
        most = table.amax(0)
        # an anchor that is the best of two objects learns the one that it overlaps more, the first of equal ones
        share, theirs = torch.where((table == most) & (most > 0), table, -1.0).max(1)
        chosen = share > 0
        forced = chosen & (kind != POSITIVE)
        kind = torch.where(chosen, POSITIVE, kind)
        which, overlap = torch.where(chosen, theirs, which), torch.where(chosen, share, overlap)
    return Assignment(kind, which, overlap, forced)


def encode(boxes: Tensor, anchors: Tensor) -> Tensor:
    """The offsets (…, 4) that take anchors to boxes, both (…, 4) xyxy."""
    (centre, size), (at, span) = _centred(boxes), _centred(anchors)
    return torch.cat([(centre - at) / span, (size / span).log()], -1)


def decode(offsets: Tensor, anchors: Tensor) -> Tensor:
    """The boxes (…, 4) xyxy that offsets make of anchors."""
    at, span = _centred(anchors)
    centre = at + offsets[..., :2] * span
    half = span * offsets[..., 2:].clamp(max=MOST).exp() / 2
    return torch.cat([centre - half, centre + half], -1)


def _centred(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Middle and size."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def focal(logits: Tensor, target: Tensor, gamma: float = 2.0, alpha: float = 0.25) -> Tensor:
    """The loss of each anchor (…) whose target is 1 (object) or 0 (background)."""
    if gamma < 0 or not 0 <= alpha <= 1:
        raise ValueError(f"γ must not be negative and α must lie between 0 and 1, not {gamma} and {alpha}.")
    log_p = F.logsigmoid(torch.where(target > 0, logits, -logits))  # log p_t
    # 1 − p_t without the loss of digits where p_t is nearly 1
    wrong = torch.where(target > 0, -logits, logits).sigmoid()
    return -torch.where(target > 0, alpha, 1 - alpha) * wrong**gamma * log_p


def shares(positive: int, negative: int, p_object: float, p_background: float,
           losses: Sequence[tuple[float, float]] = ((0.0, 0.5), (2.0, 0.25))
           ) -> list[tuple[float, float, float, float, float]]:  # fmt: skip
    """For pairs (γ, α): the loss of all objects and of all background, and the share of the background in both.

    `p_object` is the probability of an object that the network gives where there is one, `p_background` where there
    is none. Weights are doubled, so that (0, 0.5) is plain cross-entropy.
    """
    p = torch.tensor([p_object, p_background], dtype=torch.float64)
    rows = []
    for gamma, alpha in losses:
        each = 2 * focal(p.logit(), torch.tensor([1, 0]), gamma, alpha)
        objects, background = positive * each[0].item(), negative * each[1].item()
        whole = objects + background
        rows.append((gamma, alpha, objects, background, background / whole if whole else math.nan))
    return rows


def census(found: Assignment, objects: int) -> list[tuple[int, int, float]]:
    """For each object: itself (from 1), how many anchors learn it, and the IoU of the best of them."""
    mine = [(found.kind == POSITIVE) & (found.object == i) for i in range(objects)]
    return [(i + 1, int(m.sum()), found.overlap[m].max().item() if m.any() else 0.0) for i, m in enumerate(mine)]


def counts(found: Assignment) -> dict[str, int]:
    """How many anchors are what."""
    kinds = {"positive": POSITIVE, "negative": NEGATIVE, "ignored": IGNORED}
    made = {name: int((found.kind == kind).sum()) for name, kind in kinds.items()}
    return {**made, "forced": int(found.forced.sum())}


def fitting(anchors: Tensor, table: Tensor, which: int = 0) -> Tensor:
    """The anchor (4,) that overlaps one of the objects most."""
    return anchors[table[:, which].argmax()]


def journey(anchor: Tensor, box: Tensor, given: Sequence[float]) -> list[tuple[str, list[float]]]:
    """One anchor and its object: the offsets needed, those `given`, and the box that these make of the anchor."""
    made = decode(torch.tensor(given, dtype=anchor.dtype), anchor)
    rows = {
        "anchor": anchor,
        "object": box,
        "needed": encode(box, anchor),
        "given": torch.tensor(given),
        "made": made,
    }
    return [(name, row.tolist()) for name, row in rows.items()]
