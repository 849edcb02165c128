"""Layers side by side: what goes through each of them as an outline, and axes that rest while their number changes."""

import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from app.figures.plot import Trace, line


def violins(edges: Tensor, counts: Tensor, name: str, color: str, **more: Any) -> Trace:
    """Histograms (n, bins), each over its own edges (n, bins + 1), standing at x = 1, 2, …, n: one trace of outlines.

    The width grows with the share of a bin, and is full at four times what an even spread would give; where all
    has shrunk into one number, a dash is left.
    """
    n, bins = counts.shape
    share = counts.double() / counts.sum(1, keepdim=True).clamp(min=1)
    half = 0.46 * (share * bins / 4).clamp(max=1).sqrt()
    half = torch.cat([half[:, :1], half, half[:, -1:]], 1)
    at = torch.cat([edges[:, :1], (edges[:, 1:] + edges[:, :-1]) / 2, edges[:, -1:]], 1)
    # An empty bin is a gap, not a hair: outline each filled run by itself.
    x: list[float] = []
    y: list[float] = []
    place = torch.arange(1, n + 1, dtype=torch.float64).unsqueeze(1)
    left, right = (place - half).tolist(), (place + half).tolist()
    for heights, filled, lefts, rights in zip(at.tolist(), (half > 0).tolist(), left, right, strict=True):
        for start, end in _runs(filled):
            if end - start < 2:
                continue
            x += [*lefts[start:end], *reversed(rights[start:end]), math.nan]
            y += [*heights[start:end], *reversed(heights[start:end]), math.nan]
    return line(torch.tensor(x), torch.tensor(y), name, color, width=0, fill="toself", fillcolor=color + "b0",
                hoverinfo="skip", **more)  # fmt: skip


def _runs(filled: list[bool]) -> Iterator[tuple[int, int]]:
    """The stretches of True, as (first, behind the last)."""
    at = 0
    for here, group in groupby(filled):
        length = len(list(group))
        if here:
            yield at, at + length
        at += length


def growing_range(values: Tensor) -> list[float]:
    """A range of y for what grows or shrinks by factors under the hand: each end rests until it has doubled."""
    low, high = (2.0 ** math.ceil(math.log2(v)) if v > 1e-6 else 0.0
                 for v in (-values.min().item(), values.max().item()))  # fmt: skip
    hair = 0.03 * (max(low, high) or 33.0)  # ±2 around what is nothing but zeros
    return [-max(low, hair) - hair, max(high, hair) + hair]


def ranks(n: int) -> tuple[float, float]:
    """The range of an axis of 1, 2, …, n; it rests while n changes within ten."""
    return 0.4, math.ceil(n / 10) * 10 + 0.6
