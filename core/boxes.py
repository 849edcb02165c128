r"""Boxes, and how much two of them overlap.

    IoU  = |A ∩ B| / |A ∪ B|
    GIoU = IoU − (|C| − |A ∪ B|) / |C|                  C: the smallest box around both
    DIoU = IoU − d² / c²                                d: between the centres, c: the diagonal of C
    CIoU = DIoU − α v,   v = (4/π²) (atan(w_b/h_b) − atan(w_a/h_a))²,   α = v / (1 − IoU + v)

A box is (x1, y1, x2, y2), x to the right and y downwards, in continuous coordinates: it is x2 − x1 wide, without the
"+ 1" of old pixel code. Conventions, all of them tested:
    a box without a width or a height, or turned inside out (x2 < x1), has area 0 and shares nothing;
    0 / 0 counts as 0: the IoU of two empty boxes is 0, not 1;
    a NaN in a box makes every measure of its pairs NaN;
    α is a weight, no gradient flows through it.

Rezatofighi et al. 2019 (GIoU); Zheng et al. 2020 (DIoU, CIoU).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

Measure = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Overlap:
    """The four measures of pairs of boxes, and what they are made of."""

    intersection: Tensor
    union: Tensor
    hull: Tensor  # the area of C
    distance2: Tensor  # d²
    diagonal2: Tensor  # c²
    v: Tensor
    alpha: Tensor
    iou: Tensor
    giou: Tensor
    diou: Tensor
    ciou: Tensor


def area(boxes: Tensor) -> Tensor:
    """(…, 4) -> (…)"""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU of pairs that broadcast: a (…, 4) and b (…, 4) -> (…)."""
    intersection, union = _shared(a, b)
    return _ratio(intersection, union)


def overlap(a: Tensor, b: Tensor) -> Overlap:
    """All measures of pairs that broadcast."""
    intersection, union = _shared(a, b)
    low, high = torch.minimum(a, b), torch.maximum(a, b)
    # The hull holds all four corners, so that a box turned inside out has one, too.
    span = torch.maximum(high[..., 2:], high[..., :2]) - torch.minimum(low[..., :2], low[..., 2:])
    hull, diagonal2 = span.prod(-1), (span**2).sum(-1)
    distance2 = (((a[..., :2] + a[..., 2:]) - (b[..., :2] + b[..., 2:])) ** 2).sum(-1) / 4
    v = (4 / math.pi**2) * (_angle(b) - _angle(a)) ** 2
    plain = _ratio(intersection, union)
    alpha = _ratio(v, 1 - plain + v).detach()
    diou = plain - _ratio(distance2, diagonal2)
    giou = plain - _ratio(hull - union, hull)
    return Overlap(intersection, union, hull, distance2, diagonal2, v, alpha, plain, giou, diou, diou - alpha * v)


def _shared(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection and union of pairs.

    What two boxes share is at most as wide as the narrower of them: of one turned inside out it is less than nothing,
    and so 0. A NaN anywhere makes what is shared NaN."""
    corners = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    intersection = corners.clamp(min=0).prod(-1)
    return intersection, area(a) + area(b) - intersection


def _ratio(part: Tensor, whole: Tensor) -> Tensor:
    """part / whole, and 0 where the whole is 0; its gradient is finite, too."""
    return part / whole.masked_fill(whole == 0, 1.0)


def _angle(boxes: Tensor) -> Tensor:
    """atan(w / h)"""
    w, h = (boxes[..., 2:] - boxes[..., :2]).clamp(min=1e-9).unbind(-1)
    return torch.atan2(w, h)


MEASURES: dict[str, Measure] = {
    "iou": iou,
    "giou": lambda a, b: overlap(a, b).giou,
    "diou": lambda a, b: overlap(a, b).diou,
    "ciou": lambda a, b: overlap(a, b).ciou,
}


def pairwise(a: Tensor, b: Tensor) -> Tensor:
    """The IoU of each of a (n, 4) with each of b (m, 4): (n, m)."""
    return iou(a.unsqueeze(-2), b.unsqueeze(-3))


def numbers(a: Sequence[float], b: Sequence[float]) -> dict[str, float]:
    """Every part and every measure of two boxes, as plain numbers."""
    found = overlap(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))
    return {f.name: getattr(found, f.name).item() for f in fields(found)}


# --- slopes, written out ---


def slope(name: str, a: Sequence[float], b: Sequence[float]) -> list[float]:
    """∂/∂A of one of the four measures of A and B: what torch.autograd makes of `overlap`, written out by hand.

    In plain numbers, so that a descent of one box takes a step in a fiftieth of the time. Where two edges lie upon
    each other the slope is the mean of both sides."""
    if name not in MEASURES:
        raise ValueError(f"There is no measure {name!r}; there are {', '.join(MEASURES)}.")
    size, other = ([c[2] - c[0], c[3] - c[1]] for c in (a, b))
    shared, span, slopes = zip(*(_along(a[k], a[k + 2], b[k], b[k + 2]) for k in (0, 1)), strict=True)
    middles = [(a[k] + a[k + 2] - b[k] - b[k + 2]) / 2 for k in (0, 1)]
    both, hull = max(shared[0], 0.0) * max(shared[1], 0.0), span[0] * span[1]
    union = sum(max(w, 0.0) * max(h, 0.0) for w, h in (size, other)) - both
    distance2, diagonal2 = (w**2 + h**2 for w, h in (middles, span))
    w, h = (max(v, 1e-9) for v in size)
    turn = math.atan2(*(max(v, 1e-9) for v in other)) - math.atan2(w, h)
    v = 4 / math.pi**2 * turn**2
    lost = 1 - both / (union or 1.0) + v
    found = []
    for k, end in ((0, 0), (1, 0), (0, 1), (1, 1)):  # along which axis, and at which end of it
        out, (d_shared, d_span) = 2 * end - 1, slopes[k][end]
        d_both = d_shared * (shared[k] >= 0) * max(shared[1 - k], 0.0)
        d_union = out * (size[k] >= 0) * max(size[1 - k], 0.0) - d_both
        d_hull, d_diagonal2 = d_span * span[1 - k], 2 * span[k] * d_span
        d = _quotient(d_both, d_union, both, union)
        if name == "giou":
            d -= _quotient(d_hull - d_union, d_hull, hull - union, hull)
        if name in ("diou", "ciou"):
            d -= _quotient(middles[k], d_diagonal2, distance2, diagonal2)
        if name == "ciou" and lost:
            d_angle = out * (size[k] >= 1e-9) * (-w if k else h) / (w**2 + h**2)
            d += v / lost * 8 / math.pi**2 * turn * d_angle
        found.append(d)
    return found


def _along(a1: float, a2: float, b1: float, b2: float) -> tuple[float, float, list[tuple[float, float]]]:
    """Along one axis: the length shared, that of the hull, and the slopes of both for a1 and for a2."""
    # 1, unless turned inside out.
    top, bottom = _over(max(a2, b2), max(a1, b1)), _over(min(a2, b2), min(a1, b1))
    first = (-_over(a1, b1), (1 - top) * _over(a1, b1) - bottom * _over(b1, a1))
    second = (_over(b2, a2), top * _over(a2, b2) - (1 - bottom) * _over(b2, a2))
    return min(a2, b2) - max(a1, b1), max(a1, a2, b1, b2) - min(a1, a2, b1, b2), [first, second]


def _over(p: float, q: float) -> float:
    """The slope of max(p, q) for p."""
    return 1.0 if p > q else 0.5 if p == q else 0.0


def _quotient(d_part: float, d_whole: float, part: float, whole: float) -> float:
    """The slope of part / whole; where the whole is 0 it counts as 1, as in `_ratio`."""
    return (d_part - part / whole * d_whole) / whole if whole else d_part


# --- formats ---


def from_xyxy(box: Tensor, width: float, height: float) -> dict[str, Tensor]:
    """The same boxes (…, 4) in every common format; `width` and `height` are those of the picture."""
    low, size = box[..., :2], box[..., 2:] - box[..., :2]
    whole = torch.tensor([width, height, width, height], dtype=box.dtype, device=box.device)
    centred = torch.cat([low + size / 2, size], -1)
    return {"xyxy": box, "xywh": torch.cat([low, size], -1), "cxcywh": centred, "normalised": centred / whole}


def written(box: Sequence[float], width: float, height: float) -> dict[str, list[float]]:
    """One box in every format, as plain numbers."""
    found = from_xyxy(torch.tensor(box, dtype=torch.float64), width, height)
    return {form: numbers.tolist() for form, numbers in found.items()}


# --- where it is odd, and how sensitive it is ---


def special_cases() -> list[tuple[str, list[float]]]:
    """Pairs where a formula alone does not say what comes out: IoU, GIoU, DIoU, CIoU of each."""
    square, nan = (0, 0, 10, 10), math.nan
    pairs = {
        "same": (square, square), "touching": (square, (10, 0, 20, 10)), "apart": (square, (90, 90, 100, 100)),
        "flat": (square, (2, 5, 8, 5)), "inside_out": (square, (8, 2, 2, 8)),
        "both_empty": ((5, 5, 5, 5), (5, 5, 5, 5)), "nan": (square, (0, 0, nan, 10)),
    }  # fmt: skip
    found = {case: numbers(a, b) for case, (a, b) in pairs.items()}
    return [(case, [n[name] for name in MEASURES]) for case, n in found.items()]


def shifted(side: float, shift: Tensor) -> Tensor:
    """IoU of a square with itself, moved sideways by `shift` (n,) pixels: (s − n) / (s + n)."""
    square = torch.tensor([0.0, 0.0, side, side], dtype=shift.dtype)
    moved = square + shift.unsqueeze(-1) * torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=shift.dtype)
    return iou(square, moved)


def tolerance(side: float, threshold: float) -> float:
    """By how many pixels a square of this side may be moved sideways before its IoU is below the threshold."""
    if not 0 < threshold <= 1:
        raise ValueError(f"The threshold must lie above 0 and not above 1, not {threshold}.")
    return side * (1 - threshold) / (1 + threshold)


def tolerances(sides: Sequence[float], threshold: float) -> list[tuple[float, float, float]]:
    """For each side: itself, the shift that it stands, and its IoU after one pixel."""
    one = torch.ones(1, dtype=torch.float64)
    return [(side, tolerance(side, threshold), shifted(side, one).item()) for side in sides]
