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
floor counts as dropped. Of those that are left, the best `most` by score stay. A box with a NaN overlaps nothing
and is kept by every rule: no comparison with NaN is true.

Neubeck & Van Gool 2006; Bodla et al. 2017 (soft); Wang et al. 2020 (matrix); Solovyev et al. 2021 (fusion).
"""

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
             sigma: float = 0.5, floor: float = 0.05, pairs: Tensor | None = None,
             most: int | None = None) -> Verdict:  # fmt: skip
    """One of the rules on boxes (n, 4). `iou` measures pairs that broadcast, `pairs` (n, n) are those of all
    boxes where they are known already; boxes below `floor` never take part, and at most `most` are kept."""
    if rule not in RULES:
        raise ValueError(f"There is no rule {rule!r}; there are {', '.join(RULES)}.")
    if not 0 <= threshold <= 1 or not 0 < sigma < math.inf:
        raise ValueError("The threshold lies between 0 and 1, and sigma above 0.")
    if not len(boxes) == len(scores) == len(classes):
        raise ValueError("There must be one score and one class for each box.")
    if most is not None and most < 0:
        raise ValueError(f"At most {most} boxes cannot be kept.")
    apart = classes[:, None] != classes
    pairs = iou(boxes[:, None], boxes[None]) if pairs is None else pairs
    pairs = pairs if rule == "hard" else torch.where(apart, 0.0, pairs)
    if rule in ("hard", "classes"):
        found = _hard(boxes, scores, pairs, threshold, floor)
    elif rule == "matrix":
        found = _matrix(boxes, scores, pairs, sigma, floor)
    elif rule == "fusion":
        found = _fusion(boxes, scores, classes, threshold, floor)
    else:
        linear = rule == "linear"
        found = _soft(boxes, scores, pairs, threshold if linear else 0.0, sigma, floor, linear)
    return found if most is None else limited(found, most)


def limited(found: Verdict, most: int) -> Verdict:
    """The best `most` of the kept boxes; of equal ones the first. Who is over the limit was dropped by nobody."""
    left = found.kept.nonzero().flatten()
    over = left[found.score[left].sort(descending=True, stable=True).indices[most:]]
    kept, score, by, overlap = (
        part.index_fill(0, over, to)
        for part, to in ((found.kept, 0), (found.score, 0), (found.by, NOBODY), (found.overlap, 0))
    )
    return replace(found, kept=kept, score=score, by=by, overlap=overlap)


def queue_of(scores: Tensor, floor: float) -> Tensor:
    """The boxes at or above the floor, by falling score; of equal ones the first comes first."""
    order = scores.sort(descending=True, stable=True).indices
    return order[scores[order] >= floor]


def _better(pairs: Tensor, queue: Tensor, above: float) -> list[list[int]]:
    """For each place of the queue the places before it whose boxes overlap it by more than that, best first."""
    found: list[list[int]] = [[] for _place in range(len(queue))]
    for place, other in (pairs[queue][:, queue] > above).tril(-1).nonzero().tolist():
        found[place].append(other)
    return found


def _hard(boxes: Tensor, scores: Tensor, pairs: Tensor, threshold: float, floor: float) -> Verdict:
    queue = queue_of(scores, floor)
    places, free = queue.tolist(), [True] * len(queue)
    by = [NOBODY] * len(scores)
    for place, others in enumerate(_better(pairs, queue, threshold)):
        for above in others:
            if free[above]:  # the best box is the one that drops it
                free[place], by[places[place]] = False, places[above]
                break
    who = torch.tensor(by, dtype=torch.long)
    overlap = torch.where(who == NOBODY, 0.0, pairs.gather(1, who.clamp(min=0)[:, None])[:, 0])
    taken = [i for i, kept in zip(places, free, strict=True) if kept]
    return _verdict(boxes, scores, queue, taken, scores.tolist(), by, overlap.tolist())


def _soft(boxes: Tensor, scores: Tensor, pairs: Tensor, threshold: float, sigma: float, floor: float,
          linear: bool) -> Verdict:  # fmt: skip
    """Again and again the best of the rest is taken, and all others are lowered by their overlap with it."""
    now, queue = scores.tolist(), queue_of(scores, floor)
    lowered: list[list[tuple[int, float, float]]] = [[] for _box in now]  # by a box: whom, by which factor, its overlap
    near = (pairs > threshold).nonzero()
    shares = pairs[near[:, 0], near[:, 1]].double()
    factors = 1 - shares if linear else torch.exp(-(shares**2) / sigma)
    for (i, best), keep, u in zip(near.tolist(), factors.tolist(), shares.tolist(), strict=True):
        lowered[best].append((i, keep, u))
    waiting = [(-now[i], place, i) for place, i in enumerate(queue.tolist())]  # a heap: scores only ever fall
    left, taken, order = set(queue.tolist()), list[int](), list[int]()
    by, overlap, least = [NOBODY] * len(now), [0.0] * len(now), [1.0] * len(now)
    while waiting:
        score, place, best = heapq.heappop(waiting)
        if -score != now[best]:  # it has been lowered since: to the place that it has now
            heapq.heappush(waiting, (-now[best], place, best))
            continue
        left.remove(best)
        order.append(best)
        if now[best] < floor:
            continue
        taken.append(best)
        for i, keep, u in lowered[best]:
            if i in left:
                now[i] *= keep
                if keep < least[i]:
                    least[i], by[i], overlap[i] = keep, best, u
    return _verdict(boxes, scores, torch.tensor(order, dtype=torch.long), taken, now, by, overlap)


def _matrix(boxes: Tensor, scores: Tensor, pairs: Tensor, sigma: float, floor: float) -> Verdict:
    """A box is lowered by the better ones, the less so the more they were overlapped themselves."""
    queue = queue_of(scores, floor)
    if not len(queue):
        return _verdict(boxes, scores, queue, [], scores.tolist(), [NOBODY] * len(scores), [0.0] * len(scores))
    above = pairs[queue][:, queue].nan_to_num(0.0).tril(-1).double()  # (box, a better one)
    most = above.max(1).values  # how much the better ones are overlapped by still better ones
    decay = torch.exp(-(above**2 - most**2) / sigma)
    decay = torch.where(above.new_ones(len(queue), len(queue)).tril(-1) > 0, decay, 1.0)
    factor, who = decay.min(1)
    now, by, overlap = scores.tolist(), [NOBODY] * len(scores), [0.0] * len(scores)
    shares = above.gather(1, who[:, None])[:, 0].tolist()
    for i, keep, best, u in zip(queue.tolist(), factor.tolist(), queue[who].tolist(), shares, strict=True):
        if keep < 1:
            now[i] *= keep
            by[i], overlap[i] = best, u
    taken = [i for i in queue.tolist() if now[i] >= floor]
    return _verdict(boxes, scores, queue, taken, now, by, overlap)


def _fusion(boxes: Tensor, scores: Tensor, classes: Tensor, threshold: float, floor: float) -> Verdict:
    """Each box joins the fused box of its class that it overlaps most, or founds one; scores are averaged.

    One box at a time, so in plain numbers: tensors of one box cost ten times as much."""
    queue, fused, now, kinds = queue_of(scores, floor), boxes.tolist(), scores.tolist(), classes.tolist()
    sums, weights, groups = (
        [[s * v for v in box] for s, box in zip(now, fused, strict=True)],
        list(now),
        [1] * len(now),
    )
    by, overlap = [NOBODY] * len(now), [0.0] * len(now)
    founders: dict[int, list[int]] = {}  # class -> the boxes that others may join
    for i in queue.tolist():
        most, box, mine = threshold, fused[i], founders.setdefault(kinds[i], [])
        for first in mine:
            if (u := _share(box, fused[first])) > most:
                most, by[i], overlap[i] = u, first, u
        if by[i] == NOBODY:
            mine.append(i)
            continue
        first = by[i]
        sums[first] = [a + b for a, b in zip(sums[first], sums[i], strict=True)]
        weights[first] += now[i]
        fused[first] = [v / weights[first] for v in sums[first]]
        groups[first] += 1
    taken = [i for mine in founders.values() for i in mine]
    for i in taken:
        now[i] = weights[i] / groups[i]
    fused_boxes = torch.tensor(fused, dtype=torch.float64).reshape(-1, 4)
    return _verdict(fused_boxes, scores, queue, taken, now, by, overlap)


def _share(a: Sequence[float], b: Sequence[float]) -> float:
    """The IoU of two boxes; a NaN in one of them comes through by its area."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    first, second = (max(c[2] - c[0], 0.0) * max(c[3] - c[1], 0.0) for c in (a, b))
    return width * height / (first + second - width * height)


def _verdict(boxes: Tensor, scores: Tensor, queue: Tensor, taken: Sequence[int], now: Sequence[float],
             by: Sequence[int], overlap: Sequence[float]) -> Verdict:  # fmt: skip
    kept = torch.zeros(len(scores), dtype=torch.bool)
    kept[list(taken)] = True
    after = torch.tensor(list(now), dtype=torch.float64)
    return Verdict(queue, kept, torch.where(kept, after, 0.0), torch.tensor(list(by), dtype=torch.long),
                   torch.tensor(list(overlap), dtype=torch.float64), boxes)  # fmt: skip


def reasons(found: Verdict, scores: Tensor) -> list[tuple[int, bool, float, float, int, float]]:
    """The queue as a list: place in it, kept?, score before and after, the place of the box that dropped or lowered
    it (0 for nobody: it was kept as it was, or is over the limit), and the IoU with that box."""
    places = {i: place for place, i in enumerate(found.order.tolist(), 1)}
    return [(place, bool(found.kept[i]), scores[i].item(), found.score[i].item(), places.get(int(found.by[i]), 0),
             found.overlap[i].item()) for i, place in places.items()]  # fmt: skip


def found_objects(truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure,
                  least: float = 0.5) -> Tensor:  # fmt: skip
    """For each box the object that it found, by falling score and each object once; −1 for a false alarm. (n,)"""
    hit = [NOBODY] * len(boxes)
    if len(truth):
        table = iou(boxes[:, None], truth[None].to(boxes.dtype)).masked_fill(classes[:, None] != kinds, -1.0)
        fits: list[list[tuple[float, int]]] = [[] for _box in hit]  # of each box: how much of which object, if enough
        near = (table >= least).nonzero()
        for (i, j), u in zip(near.tolist(), table[near[:, 0], near[:, 1]].tolist(), strict=True):
            fits[i].append((-u, j))
        free = [True] * len(truth)
        for i in scores.sort(descending=True, stable=True).indices.tolist():
            best = min((fit for fit in fits[i] if free[fit[1]]), default=None)
            if best is not None:
                hit[i], free[best[1]] = best[1], False
    return torch.tensor(hit, dtype=torch.long)


Outcome = tuple[int, float, float, float, float]


def outcome(found: Verdict, truth: Tensor, kinds: Tensor, classes: Tensor, iou: Measure,
            confidence: float = 0.0, least: float = 0.5) -> Outcome:  # fmt: skip
    """How many boxes are left at or above `confidence`, their precision, recall, AP, and how well the right ones fit:
    their mean IoU with their objects (nan without any). AP is the area under the envelope of precision over recall,
    all classes in one queue."""
    left = (found.kept & (found.score >= confidence)).nonzero().flatten()
    which = found_objects(truth, kinds, found.boxes[left], found.score[left], classes[left], iou, least)
    hit = which >= 0
    right, n, m = int(hit.sum()), len(left), len(truth)
    first = found.score[left].sort(descending=True, stable=True).indices
    precision = hit[first].double().cumsum(0) / torch.arange(1, n + 1)
    envelope = precision.flip(0).cummax(0).values.flip(0)[hit[first]]  # recall steps where there is a hit
    return (
        n,
        right / n if n else math.nan,
        right / m if m else math.nan,
        envelope.sum().item() / m if m else math.nan,
        iou(found.boxes[left][hit], truth[which[hit]]).mean().item() if right else math.nan,
    )


def sweep(rule: str, thresholds: Sequence[float], truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor,
          classes: Tensor, iou: Measure, **settings: Any) -> list[tuple[float, *Outcome]]:  # fmt: skip
    """For each IoU threshold: itself and its `outcome`."""
    rows, pairs = [], iou(boxes[:, None], boxes[None])
    for t in thresholds:
        found = suppress(rule, boxes, scores, classes, iou, threshold=t, pairs=pairs, **settings)
        rows.append((t, *outcome(found, truth, kinds, classes, iou)))
    return rows


def compare(truth: Tensor, kinds: Tensor, boxes: Tensor, scores: Tensor, classes: Tensor, iou: Measure,
            **settings: Any) -> list[tuple[str, *Outcome]]:  # fmt: skip
    """Every rule on the same boxes: itself and its `outcome`."""
    rows, pairs = [], iou(boxes[:, None], boxes[None])
    for rule in RULES:
        found = suppress(rule, boxes, scores, classes, iou, pairs=pairs, **settings)
        rows.append((rule, *outcome(found, truth, kinds, classes, iou)))
    return rows
