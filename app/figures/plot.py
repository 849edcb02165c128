"""Tensors -> Plotly figures.

A figure is a plain dict in Plotly's own schema: building go.Figure objects costs 30 ms for eight lines, a dict costs
nothing. The tests put every page's figures through go.Figure, which checks them.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from app.figures.palette import GRID, INK, MUTED

Trace = dict[str, Any]
_DTYPES = {torch.float32: "f4", torch.float64: "f8", torch.int32: "i4", torch.uint8: "u1", torch.int64: "i4"}


@dataclass(frozen=True)
class Plot:
    """A Plotly figure and what it shows, said in words for those who do not see it."""

    data: Sequence[Trace]
    layout: dict[str, Any]
    alt: str
    steps: int = 0  # > 1: the browser can play the traces marked by `play`
    kind: str = field(default="plot", init=False)

    def header(self) -> dict[str, Any]:
        return {"kind": self.kind, "alt": self.alt, "steps": self.steps,
                "figure": {"data": list(self.data), "layout": self.layout}}  # fmt: skip

    def payload(self) -> bytes:
        return b""


def line(x: Tensor, y: Tensor, name: str, color: str, **more: Any) -> Trace:
    """A line; `dash`, `width`, `axes` ("x2y2"), `legend` (False hides it) and any key of Plotly's scatter."""
    stroke = {"color": color, "width": more.pop("width", 2.5), "dash": more.pop("dash", "solid")}
    trace = {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "line": stroke,
             "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def dots(x: Tensor, y: Tensor, name: str, color: str | list[str], size: float = 9, **more: Any) -> Trace:
    marker = {"color": color, "size": size, "line": {"color": INK, "width": 1}} | more.pop("marker", {})
    trace = {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker,
             "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def bars(x: Tensor, y: Tensor, name: str, color: str | list[str], **more: Any) -> Trace:
    """Bars lying on the rows y; `text` stands at their ends, `width` is their height in rows."""
    trace = {"type": "bar", "orientation": "h", "x": x, "y": y, "name": name, "marker": {"color": color},
             "width": more.pop("width", 0.7), "textposition": "outside", "cliponaxis": False, "hoverinfo": "skip",
             "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def play(trace: Trace, how: str) -> Trace:
    """Marks a trace for playback: "trail" draws it up to the present step, "head" its present point alone."""
    return trace | {"meta": {"play": how}}


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 6}, "gridcolor": GRID, "zerolinecolor": MUTED, "zerolinewidth": 1,
        "linecolor": GRID, "tickfont": {"color": MUTED, "size": 14},
    } | more  # fmt: skip


def stable_range(values: Sequence[Tensor]) -> list[float]:
    """A range of y that holds all values and changes by eighths of its size only, so that it rests under the hand.

    The browser repaints lines alone at half the price of a figure whose axes have moved.
    """
    every = torch.cat([v.flatten() for v in values])
    every = every[every.isfinite()]
    if not every.numel():
        return [-1.0, 1.0]
    low, high = every.min().item(), every.max().item()
    step = 2.0 ** math.ceil(math.log2(max(high - low, 1e-9))) / 8
    return [(math.floor(low / step) - 0.5) * step, (math.ceil(high / step) + 0.5) * step]


def columns(titles: Sequence[str], range: Sequence[float], ranges: Sequence[Sequence[float]],
            gap: float = 0.05) -> dict[str, Any]:  # fmt: skip
    """The axes of panels side by side over the same range of x: x and y, x2 and y2, …"""
    width = (1 - gap * (len(titles) - 1)) / len(titles)
    axes = {}
    for i, title in enumerate(titles):
        n, left = str(i + 1) if i else "", i * (width + gap)
        domain = [left, min(1.0, left + width)]
        axes[f"xaxis{n}"] = axis(title, range=list(range), domain=domain, anchor=f"y{n}")
        axes[f"yaxis{n}"] = axis(anchor=f"x{n}", range=list(ranges[i]))
    return axes


def layout(**more: Any) -> dict[str, Any]:
    """The frame of every plot: fonts, margins, legend above the data. Paper and font family come from the page."""
    return {
        "font": {"size": 15, "color": INK},
        "margin": {"l": 48, "r": 12, "t": 12, "b": 44},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 15}},
        "hoverlabel": {"font": {"size": 14}},
        "uirevision": "keep",  # zoom and hidden lines survive the next picture
        "dragmode": False,
    } | more


def encode(value: Any) -> Any:
    """Tensors as Plotly's typed arrays: base64 instead of digits."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{type(value).__name__} cannot go into a figure.")
    value = value.detach().cpu().contiguous()
    if value.dtype not in _DTYPES:
        value = value.float()
    if value.dtype == torch.int64:
        value = value.int()
    packed = {"dtype": _DTYPES[value.dtype], "bdata": base64.b64encode(value.numpy().tobytes()).decode()}
    return packed | ({"shape": ", ".join(map(str, value.shape))} if value.ndim > 1 else {})


def to_json(header: dict[str, Any]) -> str:
    return json.dumps(header, default=encode, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


def _axes(axes: str) -> dict[str, str]:
    """ "x2y3" -> the axes of a subplot"""
    x, _, y = axes.partition("y")
    return {"xaxis": x or "x", "yaxis": f"y{y}"} if axes else {}
