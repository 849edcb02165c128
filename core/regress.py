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


LOSSES: dict[str, Loss] = {
    "l1": Loss("L1", "Coordinate by coordinate; knows nothing of overlap, and 10 px cost the same everywhere.",
               lambda d: d.abs().mean(-1)),
    "smooth_l1": Loss("Smooth L1", "A parabola near the goal, L1 further away.",
                      lambda d: functional.smooth_l1_loss(d, torch.zeros_like(d), reduction="none").mean(-1)),
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


def descend(measures: Callable[[Tensor, Tensor], object], start: Sequence[float], target: Sequence[float],
            names: Sequence[str], lr: float = 0.1, steps: int = 60,
            unit: float = 100.0) -> dict[str, Descent]:  # fmt: skip
    """From `start` to `target` (xyxy) under each of the losses `names`.

    `measures` gives an object with the measures of pairs as attributes (boxes.overlap). All losses walk at once, each
    on a row of its own, so that one backward pass serves them all.
    """
    if unknown := [n for n in names if n not in LOSSES]:
        raise ValueError(f"There is no loss {unknown[0]!r}; there are {', '.join(LOSSES)}.")
    if not names or steps < 1 or not 0 < lr < math.inf:
        raise ValueError("Descent needs at least one loss, one step and a finite rate above 0.")
    goal = torch.tensor(target, dtype=torch.float64) / unit
    b = (torch.tensor(start, dtype=torch.float64) / unit).repeat(len(names), 1)
    seen = []
    for t in range(steps + 1):
        b = b.detach().requires_grad_()
        with torch.enable_grad():
            found, d = measures(b, goal), b - goal
            # Each on all rows: of them the diagonal is meant.
            every = [_loss(name, d, found) for name in names]
            losses = torch.stack(every).diagonal()
            (gradient,) = torch.autograd.grad(losses.sum(), b)
        iou: Tensor = found.iou  # type: ignore[attr-defined]
        seen.append((b.detach() * unit, losses.detach(), iou.detach(), gradient.norm(dim=1)))
        b = b.detach() - lr * (1 - t / steps) * gradient
    ways = [torch.stack(part, 1) for part in zip(*seen, strict=True)]  # (losses, T + 1, …)
    return {name: Descent(*(way[i] for way in ways)) for i, name in enumerate(names)}


def _loss(name: str, d: Tensor, found: object) -> Tensor:
    of = LOSSES[name].of
    value: Tensor = of(d) if of is not None else 1 - getattr(found, name)
    return value


def arrivals(
    ways: dict[str, Descent], at: int | None = None, close: float = 0.9
) -> list[tuple[str, float, float, float]]:
    """For each loss: its name, the IoU after step `at` (the last), the first slope, and the step at which the IoU has
    reached `close` (−1 where it never has)."""
    rows = []
    for name, way in ways.items():
        reached = (way.iou >= close).nonzero().flatten()
        last = len(way.iou) - 1 if at is None else min(at, len(way.iou) - 1)
        rows.append(
            (name, way.iou[last].item(), way.slope[0].item(), float(reached[0]) if len(reached) else -1.0)
        )
    return rows
