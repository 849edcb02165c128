r"""Non-maximum suppression: of many boxes on one object, one should be left.

Hard NMS takes the boxes by falling score and drops each one whose IoU with a box kept before is above the threshold.
The others soften, shorten or replace that rule:

    hard      s_i ← 0                          where IoU > t, whatever the classes
    classes   the same, but a box only ever meets boxes of its own class
    linear    s_i ← s_i (1 − IoU)              where IoU > t                       (soft-NMS)
    gaussian  s_i ← s_i exp(−IoU² / σ)         for every box that was taken before  (soft-NMS)
    matrix    s_i ← s_i min_j f(IoU_ij) / f(IoU_j·),  all at once, f as in gaussian (SOLOv2)
    fusion    boxes that overlap become one: their mean, weighted by score          (WBF)

All but `hard` work class by class. Ties in score go to the box that comes first. A score that has fallen below the
floor counts as dropped. A box with a NaN overlaps nothing and is kept by every rule: no comparison with NaN is true.

Neubeck & Van Gool 2006; Bodla et al. 2017 (soft); Wang et al. 2020 (matrix); Solovyev et al. 2021 (fusion).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Measure = Callable[[Tensor, Tensor], Tensor]
NOBODY = -1


@dataclass(frozen=True)
class Verdict:
    """What became of n boxes. For each: its score afterwards, and who took most of it, with what overlap."""

    order: Tensor  # (n,) the queue: in which order they were judged
    kept: Tensor  # (n,) bool
    score: Tensor  # (n,) 0 where it was dropped outright
    by: Tensor  # (n,) the box that dropped it or lowered it most; −1 where nobody did
    overlap: Tensor  # (n,) the IoU with that box
    boxes: Tensor  # (n, 4) as they were, or fused


@dataclass(frozen=True)
class Rule:
    title: str
    note: str


RULES: dict[str, Rule] = {
    "hard": Rule("Hard", "Drops whatever overlaps a better box, even of another class."),
    "classes": Rule("Class-aware", "Drops only boxes of the same class."),
    "linear": Rule("Soft, linear", "Lowers the score by the overlap instead of dropping."),
    "gaussian": Rule("Soft, Gaussian", "Lowers the score smoothly, without a threshold."),
    "matrix": Rule("Matrix", "Lowers all scores at once; no loop over boxes."),
    "fusion": Rule("Box fusion", "Averages the boxes of an object, weighted by their scores."),
}


def suppress(rule: str, boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure, threshold: float = 0.5,
             sigma: float = 0.5, floor: float = 0.05, pairs: Tensor | None = None) -> Verdict:  # fmt: skip
    """One of the rules on boxes (n, 4). `iou` measures pairs that broadcast, `pairs` (n, n) are those of all
    boxes where they are known already; boxes below `floor` never take part."""
    if rule not in RULES:
        raise ValueError(f"There is no rule {rule!r}; there are {', '.join(RULES)}.")
    if not 0 <= threshold <= 1 or not 0 < sigma < math.inf:
        raise ValueError("The threshold lies between 0 and 1, and sigma above 0.")
    if not len(boxes) == len(scores) == len(classes):
        raise ValueError("There must be one score and one class for each box.")
    apart = classes[:, None] != classes
    pairs = iou(boxes[:, None], boxes[None]) if pairs is None else pairs
    pairs = pairs if rule == "hard" else torch.where(apart, 0.0, pairs)
    if rule in ("hard", "classes"):
        return _hard(boxes, scores, pairs, threshold, floor)
    if rule == "matrix":
        return _matrix(boxes, scores, pairs, sigma, floor)
    if rule == "fusion":
        return _fusion(boxes, scores, classes, iou, threshold, floor)
    return _soft(
        boxes, scores, pairs, threshold if rule == "linear" else -1.0, sigma, floor, rule == "linear"
    )


def queue_of(scores: Tensor, floor: float) -> Tensor:
    """The boxes at or above the floor, by falling score; of equal ones the first comes first."""
    order = scores.sort(descending=True, stable=True).indices
    return order[scores[order] >= floor]


def _hard(boxes: Tensor, scores: Tensor, pairs: Tensor, threshold: float, floor: float) -> Verdict:
    queue, table = queue_of(scores, floor), pairs.tolist()
    taken: list[int] = []
    by, overlap = [NOBODY] * len(scores), [0.0] * len(scores)
    for i in queue.tolist():
        # The best box is the one that drops it.
        above = next((j for j in taken if table[i][j] > threshold), NOBODY)
        if above == NOBODY:
            taken.append(i)
        else:
            by[i], overlap[i] = above, table[i][above]
    return _verdict(boxes, scores, queue, taken, scores.tolist(), by, overlap)


def _soft(boxes: Tensor, scores: Tensor, pairs: Tensor, threshold: float, sigma: float, floor: float,
          linear: bool) -> Verdict:  # fmt: skip
    """Again and again the best of the rest is taken, and all others are lowered by their overlap with it."""
    table, now = pairs.tolist(), scores.tolist()
    left = queue_of(scores, floor).tolist()
    taken: list[int] = []
    order: list[int] = []
    by, overlap, least = [NOBODY] * len(now), [0.0] * len(now), [1.0] * len(now)
    while left:
        best = max(left, key=lambda i: now[i])
        left.remove(best)
        order.append(best)
        if now[best] < floor:
            continue
        taken.append(best)
        for i in left:
            u = table[i][best]
            keep = (
                (1 - u if u > threshold else 1.0) if linear else math.exp(-(u**2) / sigma) if u == u else 1.0
            )
            now[i] *= keep
            if keep < least[i]:
                least[i], by[i], overlap[i] = keep, best, u
    return _verdict(boxes, scores, torch.tensor(order, dtype=torch.long), taken, now, by, overlap)


def _matrix(boxes: Tensor, scores: Tensor, pairs: Tensor, sigma: float, floor: float) -> Verdict:
    """A box is lowered by the better ones, the less so the more they were overlapped themselves."""
    queue = queue_of(scores, floor)
    if not len(queue):
        return _verdict(
            boxes, scores, queue, [], scores.tolist(), [NOBODY] * len(scores), [0.0] * len(scores)
        )
    above = pairs[queue][:, queue].nan_to_num(0.0).tril(-1).double()  # (box, a better one)
    most = above.max(1).values  # how much the better ones are overlapped by still better ones
    decay = torch.exp(-(above**2 - most**2) / sigma)
    decay = torch.where(above.new_ones(len(queue), len(queue)).tril(-1) > 0, decay, 1.0)
    factor, who = decay.min(1)
    now, by, overlap = scores.tolist(), [NOBODY] * len(scores), [0.0] * len(scores)
    for place, i in enumerate(queue.tolist()):
        if factor[place] < 1:
            now[i] *= factor[place].item()
            by[i], overlap[i] = int(queue[who[place]]), above[place, who[place]].item()
    taken = [i for i in queue.tolist() if now[i] >= floor]
    return _verdict(boxes, scores, queue, taken, now, by, overlap)


def _fusion(boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure, threshold: float,
            floor: float) -> Verdict:  # fmt: skip
    """Each box joins the fused box of its class that it overlaps most, or founds one; scores are averaged."""
    queue, fused = queue_of(scores, floor), boxes.double().clone()
    members: dict[int, list[int]] = {}
    kinds = classes.tolist()
    by, overlap = [NOBODY] * len(scores), [0.0] * len(scores)
    for i in queue.tolist():
        same = [j for j in members if kinds[j] == kinds[i]]
        shares = iou(boxes[i].double(), fused[same]) if same else torch.zeros(0)
        at = int(shares.argmax()) if len(shares) else 0
        if len(shares) and shares[at] > threshold:
            first = same[at]
            by[i], overlap[i] = first, shares[at].item()
            members[first].append(i)
            w = scores[members[first]].double().unsqueeze(1)
            fused[first] = (w * boxes[members[first]].double()).sum(0) / w.sum()
        else:
            members[i] = [i]
    now = scores.tolist()
    for first, group in members.items():
        now[first] = scores[group].double().mean().item()
    return _verdict(fused, scores, queue, list(members), now, by, overlap)


def _verdict(boxes: Tensor, scores: Tensor, queue: Tensor, taken: Sequence[int], now: Sequence[float],
             by: Sequence[int], overlap: Sequence[float]) -> Verdict:  # fmt: skip
    kept = torch.zeros(len(scores), dtype=torch.bool)
    kept[list(taken)] = True
    after = torch.tensor(list(now), dtype=torch.float64)
    return Verdict(queue, kept, torch.where(kept, after, 0.0), torch.tensor(list(by), dtype=torch.long),
                   torch.tensor(list(overlap), dtype=torch.float64), boxes)  # fmt: skip


def reasons(found: Verdict, scores: Tensor) -> list[tuple[int, bool, float, float, int, float]]:
    """The queue as a list: place in it, kept?, score before and after, the place of the box that dropped or lowered
    it (0 for nobody), and the IoU with that box."""
    places = {i: place for place, i in enumerate(found.order.tolist(), 1)}
    return [(place, bool(found.kept[i]), scores[i].item(), found.score[i].item(), places.get(int(found.by[i]), 0),
             found.overlap[i].item()) for i, place in places.items()]  # fmt: skip


def found_objects(truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure,
                  least: float = 0.5) -> Tensor:  # fmt: skip
    """For each box the object that it found, by falling score and each object once; −1 for a false alarm. (n,)"""
    hit = [NOBODY] * len(boxes)
    if len(truth):
        table = torch.where(
            classes[:, None] == kinds, iou(boxes[:, None], truth[None].to(boxes.dtype)), -1.0
        ).tolist()
        free = list(range(len(truth)))
        for i in scores.sort(descending=True, stable=True).indices.tolist():
            best = max(free, key=table[i].__getitem__, default=NOBODY)
            if best != NOBODY and table[i][best] >= least:
                hit[i] = best
                free.remove(best)
    return torch.tensor(hit, dtype=torch.long)


def outcome(found: Verdict, truth: Tensor, kinds: Tensor, classes: Tensor, iou: Measure,
            confidence: float = 0.0, least: float = 0.5) -> tuple[int, float, float]:  # fmt: skip
    """How many boxes are left at or above `confidence`, their precision and their recall (nan without any)."""
    left = (found.kept & (found.score >= confidence)).nonzero().flatten()
    hit = found_objects(truth, kinds, found.boxes[left], found.score[left], classes[left], iou, least)
    right = int((hit >= 0).sum())
    return (
        len(left),
        right / len(left) if len(left) else math.nan,
        right / len(truth) if len(truth) else math.nan,
    )


def sweep(rule: str, thresholds: Sequence[float], truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor,
          classes: Tensor, iou: Measure, **settings: Any) -> list[tuple[float, int, float, float]]:  # fmt: skip
    """For each IoU threshold: itself, how many boxes are left, their precision and recall."""
    rows, pairs = [], iou(boxes[:, None], boxes[None])
    for t in thresholds:
        found = suppress(rule, boxes, scores, classes, iou, threshold=t, pairs=pairs, **settings)
        rows.append((t, *outcome(found, truth, kinds, classes, iou)))
    return rows


def compare(truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure,
            **settings: Any) -> list[tuple[str, int, float, float]]:  # fmt: skip
    """Every rule on the same boxes: how many are left, their precision and recall."""
    return [(rule, *outcome(suppress(rule, boxes, scores, classes, iou, **settings), truth, kinds, classes, iou))
            for rule in RULES]  # fmt: skip
