r"""A box is pulled onto another by gradient descent, under the losses that detectors are trained with.

    L1, smooth L1: the mean over the four coordinates        IoU, GIoU, DIoU, CIoU: 1 − the measure

    B ← B − η_t ∂L/∂B,   η_t = η (1 − t/T)

Coordinates are counted in units of `unit` pixels, so that one rate suits all losses. The rate falls evenly to 0,
because the gradient of L1 does not get smaller on the way and would make the box tremble around its goal.

1 − IoU is flat where two boxes do not touch: its gradient is exactly zero and the box stays where it is.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Loss:
    """One loss of a box: a mean over its coordinates, or 1 − the measure of its name."""

    title: str
    note: str
    of: Callable[[Tensor], Tensor] | None = None  # of the differences (…, 4); none for 1 − a measure
    slope: Callable[[float], float] | None = None  # of one difference


LOSSES: dict[str, Loss] = {
    "l1": Loss("L1", "Coordinate by coordinate; knows nothing of overlap, and 10 px cost the same everywhere.",
               lambda d: d.abs().mean(-1), lambda d: float(d > 0) - float(d < 0)),
    "smooth_l1": Loss("Smooth L1", "A parabola near the goal, L1 further away.",
                      lambda d: functional.smooth_l1_loss(d, torch.zeros_like(d), reduction="none").mean(-1),
                      lambda d: min(max(d, -1.0), 1.0)),
    "iou": Loss("IoU", "What is measured in the end, but flat where the boxes do not touch."),
    "giou": Loss("GIoU", "Grows the box until it touches, then shrinks it: slow, but it gets there."),
    "diou": Loss("DIoU", "Pulls the centres together at once."),
    "ciou": Loss("CIoU", "DIoU that minds the ratio of width to height, too."),
}  # fmt: skip


@dataclass(frozen=True)
class Descent:
    """The way of a box under one loss: step by step, from the start on."""

    boxes: Tensor  # (T + 1, 4)
    loss: Tensor  # (T + 1,)
    iou: Tensor  # (T + 1,)
    slope: Tensor  # (T + 1,) the length of the gradient


Slope = Callable[[str, Sequence[float], Sequence[float]], list[float]]


def descend(measures: Callable[[Tensor, Tensor], object], slope: Slope, start: Sequence[float],
            target: Sequence[float], names: Sequence[str], lr: float = 0.1, steps: int = 60,
            unit: float = 100.0) -> dict[str, Descent]:  # fmt: skip
    """From `start` to `target` (xyxy) under each of the losses `names`.

    `measures` gives an object with the measures of pairs as attributes (boxes.overlap), `slope` the slope of one of
    them (boxes.slope). The steps are taken in plain numbers, what there is to measure on the way all at once.
    """
    if unknown := [n for n in names if n not in LOSSES]:
        raise ValueError(f"There is no loss {unknown[0]!r}; there are {', '.join(LOSSES)}.")
    if not names or steps < 1 or not 0 < lr < math.inf:
        raise ValueError("Descent needs at least one loss, one step and a finite rate above 0.")
    begin, goal = ([v / unit for v in box] for box in (start, target))
    ways = [_walk(name, slope, begin, goal, lr, steps) for name in names]
    b = torch.tensor([way for way, _slopes in ways], dtype=torch.float64)  # (losses, T + 1, 4)
    gradients = torch.tensor([slopes for _way, slopes in ways], dtype=torch.float64)
    end = torch.tensor(goal, dtype=torch.float64)
    found = measures(b, end)
    made = {}
    for i, name in enumerate(names):
        of = LOSSES[name].of
        loss: Tensor = of(b[i] - end) if of is not None else 1 - getattr(found, name)[i]
        iou: Tensor = found.iou[i]  # type: ignore[attr-defined]
        made[name] = Descent(b[i] * unit, loss, iou, gradients[i].norm(dim=1))
    return made


def _walk(name: str, slope: Slope, b: list[float], goal: list[float], lr: float,
          steps: int) -> tuple[list[list[float]], list[list[float]]]:  # fmt: skip
    """The places of one box and the gradients of its loss there."""
    loss, way, slopes = LOSSES[name], [], []
    for t in range(steps + 1):
        if loss.slope is not None:
            gradient = [loss.slope(v - w) / 4 for v, w in zip(b, goal, strict=True)]
        else:
            gradient = [-v for v in slope(name, b, goal)]
        way.append(b)
        slopes.append(gradient)
        b = [v - lr * (1 - t / steps) * g for v, g in zip(b, gradient, strict=True)]
    return way, slopes


def arrivals(
    ways: dict[str, Descent], at: int | None = None, close: float = 0.9
) -> list[tuple[str, float, float, float]]:
    """For each loss: its name, the IoU after step `at` (the last), the first slope, and the step at which the IoU has
    reached `close` (−1 where it never has)."""
    rows = []
    for name, way in ways.items():
        reached = (way.iou >= close).nonzero().flatten()
        last = len(way.iou) - 1 if at is None else min(at, len(way.iou) - 1)
        rows.append((name, way.iou[last].item(), way.slope[0].item(), float(reached[0]) if len(reached) else -1.0))
    return rows
