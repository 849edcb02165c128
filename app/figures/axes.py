"""The axes of a plot: panels side by side or one above the other, and ranges that rest under the hand.

The browser repaints lines alone at half the price of a figure whose axes have moved.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from app.figures.palette import GRID, MUTED


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 6}, "gridcolor": GRID, "zerolinecolor": MUTED, "zerolinewidth": 1,
        "linecolor": GRID, "tickfont": {"color": MUTED, "size": 14},
    } | more  # fmt: skip


def stable_range(values: Sequence[Tensor]) -> list[float]:
    """A range of y that holds all values and changes by eighths of its size only, so that it rests under the hand."""
    every = torch.cat([v.flatten() for v in values])
    every = every[every.isfinite()]
    if not every.numel():
        return [-1.0, 1.0]
    low, high = every.min().item(), every.max().item()
    step = 2.0 ** math.ceil(math.log2(max(high - low, 1e-9))) / 8
    return [(math.floor(low / step) - 0.5) * step, (math.ceil(high / step) + 0.5) * step]


def columns(titles: Sequence[str], range: Sequence[float], ranges: Sequence[Sequence[float]],
            gap: float = 0.1, below: str = "") -> dict[str, Any]:  # fmt: skip
    """Panels side by side over the same range of x, which `below` names: x and y, x2 and y2, …"""
    width = (1 - gap * (len(titles) - 1)) / len(titles)
    axes: dict[str, Any] = {}
    for i, title in enumerate(titles):
        n, left = str(i + 1) if i else "", i * (width + gap)
        domain = [left, min(1.0, left + width)]
        axes[f"xaxis{n}"] = axis(below, range=list(range), domain=domain, anchor=f"y{n}")
        axes[f"yaxis{n}"] = axis(title, anchor=f"x{n}", range=list(ranges[i]))
    return axes | stacking(len(titles))


def stacking(panels: int, in_row: int = 1, gap: float = 0.16) -> dict[str, Any]:
    """What the browser does with panels side by side where the page is narrow: one above the other, or two by two."""
    rows = math.ceil(panels / in_row)
    height, width = (1 - gap * (rows - 1)) / rows, (1 - gap * (in_row - 1)) / in_row
    narrow: dict[str, dict[str, Any]] = {}
    for i in range(panels):
        n, top, left = str(i + 1) if i else "", 1 - i // in_row * (height + gap), i % in_row * (width + gap)
        narrow[f"xaxis{n}"] = {"domain": [left, min(1.0, left + width)]}
        narrow[f"yaxis{n}"] = {"domain": [max(0.0, top - height), top]}
    return {"meta": {"narrow": narrow}} if panels > 1 else {}


def bar_columns(titles: Sequence[str], spans: Sequence[Sequence[float]], labels: Sequence[str],
                gap: float = 0.04) -> dict[str, Any]:  # fmt: skip
    """Bars side by side on common rows: titles on top, a range of x for each panel, labels at the left."""
    grid = columns([""] * len(titles), (0, 1), [[len(labels) - 0.5, -0.5]] * len(titles), gap)
    ticks = {"tickvals": list(range(len(labels))), "ticktext": list(labels)}
    for i, (title, span) in enumerate(zip(titles, spans, strict=True)):
        n = str(i + 1) if i else ""
        grid[f"xaxis{n}"] |= {
            "title": {"text": title, "standoff": 6},
            "range": list(span),
            "nticks": 5,
            "side": "top",
        }
        grid[f"yaxis{n}"] |= ticks | {"showticklabels": not i, "showgrid": False, "zeroline": False}
    if len(titles) > 1:
        grid |= stacking(len(titles), in_row=2, gap=0.22)
        for i in range(0, len(titles), 2):
            grid["meta"]["narrow"][f"yaxis{i + 1}" if i else "yaxis"] |= {"showticklabels": True}
    return grid


def rows(titles: Sequence[str], range: Sequence[float], ranges: Sequence[Sequence[float]], below: str = "",
         gap: float = 0.07) -> dict[str, Any]:  # fmt: skip
    """The axes (and margin) of panels one above the other over one x: y on top, then y2, …; `below` names x."""
    height, axes = (1 - gap * (len(titles) - 1)) / len(titles), {}
    for i, title in enumerate(titles):
        top = 1 - i * (height + gap)
        domain = [max(0.0, top - height), top]
        n = str(i + 1) if i else ""
        axes[f"yaxis{n}"] = axis(title, range=list(ranges[i]), domain=domain, anchor="x", tickformat="~g")
    anchor = f"y{len(titles)}" if len(titles) > 1 else "y"
    room = {"l": 68, "r": 12, "t": 12, "b": 44}  # for the titles at the left
    return axes | {"xaxis": axis(below, range=list(range), anchor=anchor), "margin": room}


def decades(values: Sequence[Tensor], least: Sequence[float] = (-2.0, 1.0)) -> dict[str, Any]:
    """What makes an axis logarithmic over all positive values, and over 10^least at any rate; it rests, as above."""
    logs = [v[(v > 0) & v.isfinite()].double().log10() for v in values]
    every = torch.cat([torch.tensor(least, dtype=torch.float64), *logs])
    low, high = every.min().item(), every.max().item()

    def stop(end: float) -> int:  # the ends of a wide range stand at a few powers only, so that it rests, too
        if high - low <= 4:
            return math.ceil(end)
        return next((n for n in (*range(5), 10, 20, 40) if n >= end), math.ceil(end))

    return _powers(-stop(-low) - 0.2, stop(high) + 0.2)


def falling(values: Sequence[Tensor]) -> dict[str, Any]:
    """A logarithmic axis for what starts somewhere and should fall: from ten times the start down by six decades, or by
    twelve or eighteen where that is not enough. It rests under the hand. What rises is followed to 10⁸ times that."""
    firsts = [v[:1][(v[:1] > 0) & v[:1].isfinite()] for v in values]
    start = torch.cat(firsts).max().log10().item() if sum(map(len, firsts)) else 0.0
    logs = [v[(v > 0) & v.isfinite()].double().log10() for v in values]
    lowest = min((v.min().item() for v in logs if len(v)), default=start)
    depth = min(18, 6 * max(1, math.ceil((math.ceil(start) - lowest) / 6)))
    highest = max((v.max().item() for v in logs if len(v)), default=start)
    rise = next(n for n in (1, 4, 8, 8.5) if math.ceil(start) + n >= highest or n == 8.5)
    return _powers(math.ceil(start) - depth - 0.3, math.ceil(start) + rise)


def _powers(low: float, high: float) -> dict[str, Any]:
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100, 1000) if n >= (high - low) / 6)
    powers = [n for n in range(math.ceil(low), math.floor(high) + 1) if n % every == 0]
    text = [f"{10.0**n:g}" if -3 < n < 4 else f"10<sup>{n}</sup>".replace("-", "−") for n in powers]
    return {"type": "log", "range": [low, high], "tickvals": [10.0**n for n in powers], "ticktext": text}


def doubling(steps: Tensor, start: float) -> tuple[float, float]:
    """The range of an axis of steps that grows by doubling, from `start`: it rests while a run goes on."""
    last = max(1.0, steps[-1].item() - 1)
    return 0.0, start * 2.0 ** max(0, int(last / start).bit_length())
