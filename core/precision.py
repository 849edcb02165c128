r"""Precision, recall and average precision (AP) of detections, as Pascal VOC and COCO count them.

Detections are taken by falling score. Each may claim one object of its own class: the free one that it overlaps most,
if their IoU is at least the threshold. Then it is right; if not, it is a false positive, a duplicate as well as a
box beside everything. An object that nobody claimed is a false negative.

    precision = right / said        recall = right / objects

The two for the first 1, 2, 3, … detections make the PR curve. AP is the area under it, after each precision was
raised to the best one further right: over all points, or the mean at 11 (VOC 2007) or 101 (COCO) values of recall.

An object marked as a crowd may be claimed by many; who claims it counts neither as right nor as wrong. Its overlap is
the share of the detection that lies inside.

Where only objects of some size count, the others are set aside too, one claim each: who claims one, or claims nothing
and is itself of another size, counts neither as right nor as wrong.

Everingham et al. 2010 (VOC); Lin et al. 2014 (COCO).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

COCO_THRESHOLDS = tuple(0.5 + 0.05 * i for i in range(10))
ANY = (0.0, math.inf)  # of all sizes


@dataclass(frozen=True)
class Matching:
    """What each of n detections is worth, in the order in which they came in."""

    order: Tensor  # (n,) by falling score; of equal ones the first comes first
    claimed: Tensor  # (n,) the object that it found, or −1
    overlap: Tensor  # (n,) its IoU with the object of its class that it overlaps most, taken or not
    ignored: Tensor  # (n,) bool: it found a crowd, or is of another size
    duplicate: Tensor  # (n,) bool: it overlaps an object enough, but a better one was there before
    missed: Tensor  # (m,) bool: nobody found this object, and it counts


@dataclass(frozen=True)
class Curve:
    """Precision and recall after 1, 2, …, k detections, and the best precision from each on to the right."""

    precision: Tensor
    recall: Tensor
    envelope: Tensor
    score: Tensor  # of the last detection that was counted


def shares(boxes: Tensor, truth: Tensor, crowd: Tensor) -> Tensor:
    """IoU of each detection with each object (n, m); with a crowd, the share of the detection inside it."""
    low, high = (
        torch.maximum(boxes[:, None, :2], truth[:, :2]),
        torch.minimum(boxes[:, None, 2:], truth[:, 2:]),
    )
    both = (high - low).clamp(min=0).prod(-1)
    own, theirs = ((b[:, 2:] - b[:, :2]).clamp(min=0).prod(-1) for b in (boxes, truth))
    whole = torch.where(crowd, own[:, None].expand_as(both), own[:, None] + theirs - both)
    return both / torch.where(whole == 0, 1.0, whole)


def outside(boxes: Tensor, within: tuple[float, float]) -> Tensor:
    """Which boxes are smaller or larger in area than that; both limits belong to it, as with COCO."""
    area = (boxes[:, 2:] - boxes[:, :2]).double().clamp(min=0).prod(-1)
    return (area < within[0]) | (area > within[1])


def match(boxes: Tensor, scores: Tensor, classes: Tensor, truth: Tensor, kinds: Tensor, threshold: float = 0.5,
          crowd: Tensor | None = None, within: tuple[float, float] = ANY) -> Matching:  # fmt: skip
    """Who found what, class by class; only objects with an area `within` count. A NaN overlaps nothing."""
    if not 0 < threshold <= 1:
        raise ValueError(f"The threshold lies above 0 and not above 1, not at {threshold}.")
    if not len(boxes) == len(scores) == len(classes) or len(truth) != len(kinds):
        raise ValueError("There must be one score and one class for each box, and one class for each object.")
    crowd = torch.zeros(len(truth), dtype=torch.bool) if crowd is None else crowd
    table = shares(boxes.double(), truth.double(), crowd).nan_to_num(0.0)
    table = torch.where(classes[:, None] == kinds, table, -1.0)
    order = scores.sort(descending=True, stable=True).indices
    claimed, rows, crowded = [-1] * len(boxes), table.tolist(), crowd.tolist()
    aside = (crowd | outside(truth, within)).tolist()
    free = [True] * len(truth)
    duplicate = [False] * len(boxes)
    for i in order.tolist():
        able = [j for j, u in enumerate(rows[i]) if u >= min(threshold, 1 - 1e-10)]
        counting = [j for j in able if free[j] and not aside[j]]
        others = [j for j in able if aside[j] and (free[j] or crowded[j])]
        if found := counting or others:  # an object that counts comes before one that does not
            best = max(found, key=lambda j: (rows[i][j], j))
            claimed[i], free[best] = best, False
        else:
            duplicate[i] = bool(able)
    claims = torch.tensor(claimed, dtype=torch.long)
    ignored = torch.tensor([c >= 0 and aside[c] for c in claimed], dtype=torch.bool)
    ignored |= (claims < 0) & outside(boxes, within)
    most = table.amax(1).clamp(min=0) if len(truth) else torch.zeros(len(boxes), dtype=torch.float64)
    missed = torch.tensor(free, dtype=torch.bool) & ~torch.tensor(aside, dtype=torch.bool)
    return Matching(order, claims, most, ignored, torch.tensor(duplicate, dtype=torch.bool), missed)


def curve(found: Matching, scores: Tensor, objects: int, among: Tensor | None = None) -> Curve:
    """The PR curve over `objects` that are there to be found; `among` (n,) picks the detections of a class."""
    counted = ~found.ignored if among is None else ~found.ignored & among
    order = found.order[counted[found.order]]
    right = (found.claimed[order] >= 0).double().cumsum(0)
    precision = right / torch.arange(1, len(order) + 1)
    recall = right / objects if objects else torch.full_like(right, math.nan)
    envelope = precision.flip(0).cummax(0).values.flip(0) if len(order) else precision
    return Curve(precision, recall, envelope, scores[order])


def sampled(found: Curve, points: int) -> tuple[Tensor, Tensor]:
    """The even values of recall at which 11 or 101 points are read, and the envelope there; 0 beyond its end."""
    at = torch.linspace(0, 1, points, dtype=found.recall.dtype)
    where = torch.searchsorted(found.recall, at - 1e-12)
    return at, torch.cat([found.envelope, found.envelope.new_zeros(1)])[where]


def area(found: Curve, points: int = 0) -> float:
    """AP: the area under the envelope, or its mean at 11 or 101 even values of recall. NaN where nothing is to find."""
    recall, envelope = found.recall, found.envelope
    if not len(recall):
        return 0.0
    if recall.isnan().any():
        return math.nan
    if points:
        return sampled(found, points)[1].mean().item()
    steps = torch.diff(recall, prepend=recall.new_zeros(1))
    return (steps * envelope).sum().item()


def together(found: Sequence[Matching], scores: Sequence[Tensor]) -> tuple[Matching, Tensor]:
    """The matchings of several pictures as one, and all scores: detections queue up across the pictures."""
    every, start, claimed = torch.cat(list(scores)), 0, []
    for one in found:
        claimed.append(torch.where(one.claimed >= 0, one.claimed + start, one.claimed))
        start += len(one.missed)
    order = every.sort(descending=True, stable=True).indices
    more = (torch.cat([getattr(one, n) for one in found]) for n in ("overlap", "ignored", "duplicate", "missed"))
    return Matching(order, torch.cat(claimed), *more), every


def over_scenes(scenes: Sequence[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]],
                threshold: float = 0.5) -> list[tuple[int, int, float, float, float]]:  # fmt: skip
    """As `by_class`, over many pictures, each given as (boxes, scores, classes, truth, kinds)."""
    found, scores = together([match(*one, threshold) for one in scenes], [s for _boxes, s, *_rest in scenes])
    classes, kinds = torch.cat([one[2] for one in scenes]), torch.cat([one[4] for one in scenes])
    return _by_class(found, scores, classes, kinds, torch.ones(len(kinds), dtype=torch.bool))


def by_class(boxes: Tensor, scores: Tensor, classes: Tensor, truth: Tensor, kinds: Tensor, threshold: float = 0.5,
             crowd: Tensor | None = None,
             within: tuple[float, float] = ANY) -> list[tuple[int, int, float, float, float]]:  # fmt: skip
    """For each class that is there: itself, its objects, AP over 11 points, over all, over 101. Last, as class −1, the
    mean over the classes: mAP. Only objects with an area `within` count."""
    found = match(boxes, scores, classes, truth, kinds, threshold, crowd, within)
    single = torch.ones(len(truth), dtype=torch.bool) if crowd is None else ~crowd
    return _by_class(found, scores, classes, kinds, single & ~outside(truth, within))


def by_size(boxes: Tensor, scores: Tensor, classes: Tensor, truth: Tensor, kinds: Tensor, limits: tuple[float, float],
            threshold: float = 0.5) -> list[tuple[int, float, float, float]]:  # fmt: skip
    """For small, medium and large objects: how many, and mAP over 11 points, over all, over 101. The limits are areas;
    COCO's are 32² and 96² pixels."""
    ranges = [(0.0, limits[0]), limits, (limits[1], math.inf)]
    rows = [by_class(boxes, scores, classes, truth, kinds, threshold, None, one)[-1] for one in ranges]
    return [row[1:] for row in rows]


def _by_class(found: Matching, scores: Tensor, classes: Tensor, kinds: Tensor,
              single: Tensor) -> list[tuple[int, int, float, float, float]]:  # fmt: skip
    rows: list[tuple[int, int, float, float, float]] = []
    for kind in sorted({int(k) for k in kinds[single]}):
        objects = int(((kinds == kind) & single).sum())
        c = curve(found, scores, objects, classes == kind)
        rows.append((kind, objects, area(c, 11), area(c), area(c, 101)))
    means = [sum(column) / len(rows) for column in list(zip(*rows, strict=True))[2:]] if rows else [math.nan] * 3
    return [*rows, (-1, int(single.sum()), means[0], means[1], means[2])]


def over_thresholds(boxes: Tensor, scores: Tensor, classes: Tensor, truth: Tensor, kinds: Tensor,
                    thresholds: Sequence[float] = COCO_THRESHOLDS) -> list[tuple[float, float]]:  # fmt: skip
    """(threshold, mAP over 101 points) for each; last, as threshold 0, their mean: COCO's AP at 0.50:0.95."""
    rows = [(t, by_class(boxes, scores, classes, truth, kinds, t)[-1][-1]) for t in thresholds]
    return [*rows, (0.0, sum(ap for _t, ap in rows) / len(rows))]


def matched(found: Matching, scores: Tensor, classes: Tensor) -> list[tuple[int, float, int, float, int, str]]:
    """The matching table by falling score: place, score, class, IoU, the object (from 1; 0 for none), and the word."""
    rows = []
    for place, i in enumerate(found.order.tolist(), 1):
        word = ("ignored" if found.ignored[i] else "right" if found.claimed[i] >= 0
                else "duplicate" if found.duplicate[i] else "wrong")  # fmt: skip
        rows.append(
            (
                place,
                scores[i].item(),
                int(classes[i]),
                found.overlap[i].item(),
                int(found.claimed[i]) + 1,
                word,
            )
        )
    return rows


def confusion(boxes: Tensor, scores: Tensor, classes: Tensor, truth: Tensor, kinds: Tensor, number: int,
              threshold: float = 0.5) -> list[list[int]]:  # fmt: skip
    """Objects by class (rows; last: none, a false alarm) against what was said (columns; last: nothing, missed).

    Here classes do not part the detections: each claims the free object that it overlaps most.
    """
    one = torch.zeros(max(len(boxes), len(truth)), dtype=torch.long)
    found = match(boxes, scores, one[: len(boxes)], truth, one[: len(truth)], threshold)
    table = [[0] * (number + 1) for _kind in range(number + 1)]
    for i, j in enumerate(found.claimed.tolist()):
        table[int(kinds[j]) if j >= 0 else number][int(classes[i])] += 1
    for j in found.missed.nonzero().flatten().tolist():
        table[int(kinds[j])][number] += 1
    return table
