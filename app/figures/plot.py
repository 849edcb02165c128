"""Tensors -> Plotly figures.

A figure is a plain dict in Plotly's own schema: building go.Figure objects costs 30 ms for eight lines, a dict costs
nothing. The tests put every page's figures through go.Figure, which checks them.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from app.figures.palette import ACCENT, INK, PAPER

Trace = dict[str, Any]
_DTYPES = {torch.float32: "f4", torch.float64: "f8", torch.int32: "i4", torch.uint8: "u1", torch.int64: "i4"}


@dataclass(frozen=True)
class Plot:
    """A Plotly figure and what it shows, said in words for those who do not see it."""

    data: Sequence[Trace]
    layout: dict[str, Any]
    alt: str
    steps: int = 0  # > 1: the browser can play the traces marked by `play`
    rate: float = 0.0  # steps a second of the playback bar; 0: as suits their number
    kind: str = field(default="plot", init=False)

    def header(self) -> dict[str, Any]:
        paced = {"rate": self.rate} if self.rate else {}
        return {"kind": self.kind, "alt": self.alt, "steps": self.steps, **paced,
                "figure": {"data": list(self.data), "layout": self.layout}}  # fmt: skip

    def payload(self) -> bytes:
        return b""

    def images(self) -> frozenset[int]:
        """The ids of the pictures under the marks."""
        return frozenset(int(i["name"]) for i in self.layout.get("images", ()) if "name" in i)

    def without(self, ids: Collection[int]) -> Plot:
        """Without the pictures that the browser has already: their names alone."""
        if not self.images() & set(ids):
            return self
        kept = [{n: v for n, v in i.items() if n != "source" or int(i.get("name", -1)) not in ids}
                for i in self.layout["images"]]  # fmt: skip
        return replace(self, layout=self.layout | {"images": kept})


def line(x: Tensor, y: Tensor, name: str, color: str, **more: Any) -> Trace:
    """A line; `dash`, `width`, `axes` ("x2y2"), `legend` (False hides it) and any key of Plotly's scatter."""
    stroke = {
        "color": color,
        "width": more.pop("width", 2.5),
        "dash": more.pop("dash", "solid"),
        "simplify": False,
    }
    mode = "lines" if len(x) > 1 else "markers"  # a line of one point would not be seen
    trace = {"type": "scatter", "mode": mode, "x": x, "y": y, "name": name, "line": stroke,
             "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def dots(x: Tensor, y: Tensor, name: str, color: str | list[str], size: float = 9, **more: Any) -> Trace:
    marker = {"color": color, "size": size, "line": {"color": INK, "width": 1}} | more.pop("marker", {})
    trace = {"type": "scatter", "mode": "markers", "x": x, "y": y, "name": name, "marker": marker,
             "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def arrows(x: Tensor, y: Tensor, dx: Tensor, dy: Tensor, longest: tuple[float, float], color: str,
           **more: Any) -> Trace:  # fmt: skip
    """A field of arrows as one line with gaps; long ones are shortened to `longest`, in units of x and of y."""
    u, v = (dx / longest[0]).flatten(), (dy / longest[1]).flatten()
    length = torch.hypot(u, v).clamp(min=1e-9)
    u, v = u * length.tanh() / length, v * length.tanh() / length
    turned = [(-0.3 * u + 0.15 * v, -0.3 * v - 0.15 * u), (-0.3 * u - 0.15 * v, -0.3 * v + 0.15 * u)]
    tip, gap = torch.zeros_like(u), torch.full_like(u, torch.nan)
    parts = [(-u, -v), (tip, tip), turned[0], (tip, tip), turned[1], (gap, gap)]
    xs = torch.stack([x.flatten() + (u + a) * longest[0] for a, b in parts], 1)
    ys = torch.stack([y.flatten() + (v + b) * longest[1] for a, b in parts], 1)
    return line(xs.flatten(), ys.flatten(), "", color, width=1.5, legend=False, hoverinfo="skip", **more)


def bars(x: Tensor, y: Tensor, name: str, color: str | list[str], **more: Any) -> Trace:
    """Bars lying on the rows y, or standing (`upright`), each with its number to `digits` places at its end.

    What is not a finite number is no bar, and its text says so. `gap` keeps text and bar apart, `width` is in rows.
    """
    values, digits, gap = x.tolist(), more.pop("digits", 2), more.pop("gap", "")
    text = [short(v, digits) + gap if v < 0 else gap + short(v, digits) for v in values]
    ink = [INK if math.isfinite(v) else ACCENT for v in values]
    length, upright = torch.where(x.isfinite(), x, 0.0), more.pop("upright", False)
    trace = {"type": "bar", "x": y if upright else length, "y": length if upright else y, "name": name,
             "orientation": "v" if upright else "h", "marker": {"color": color}, "width": more.pop("width", 0.7),
             "text": text, "textposition": "outside", "textfont": {"color": ink, "size": 15}, "textangle": 0,
             "cliponaxis": False, "hoverinfo": "skip", "showlegend": more.pop("legend", True)}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def short(value: float, digits: int = 2) -> str:
    """A number as it stands in a figure or a table; what is not finite is named."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    tiny, huge = abs(value) < 0.5 * 10.0**-digits, abs(value) >= 1e5
    form = ".1g" if tiny else ".2e" if huge else f".{digits}f"
    return format(value, form).replace("-", "−")


def remark(text: str, yref: str = "paper") -> list[dict[str, Any]]:
    """Annotations: one sentence in the middle of the plot, or of a panel ("y2 domain"); none where there is none."""
    place = {"xref": "paper", "yref": yref, "x": 0.5, "y": 0.5, "showarrow": False}
    look = {"font": {"size": 16, "color": ACCENT}, "bgcolor": PAPER[0] + "d0"}
    return [{"text": text} | look | place] if text else []


def heat(z: Tensor, x: Tensor, y: Tensor, colors: Sequence[str], low: float, high: float, **more: Any) -> Trace:
    """Numbers (y, x) as colours, evenly from low to high, NaN blank. Smoothed: a tenth of the price of squares."""
    scale = [[i / (len(colors) - 1), color] for i, color in enumerate(colors)]
    trace = {"type": "heatmap", "z": z, "x": x, "y": y, "zmin": low, "zmax": high, "colorscale": scale,
             "zsmooth": "fast", "showscale": False, "hoverinfo": "skip"}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def tiles(kind: Tensor, x: Tensor, y: Tensor, colors: Sequence[str], **more: Any) -> Trace:
    """Squares (y, x) of the kinds 0, 1, 2, …, each in its colour."""
    n = len(colors)
    scale = [[(i + end) / n, color] for i, color in enumerate(colors) for end in (0, 1)]
    trace = {"type": "heatmap", "z": kind.int(), "x": x, "y": y, "zmin": -0.5, "zmax": n - 0.5, "colorscale": scale,
             "showscale": False, "hoverinfo": "skip"}  # fmt: skip
    return trace | _axes(more.pop("axes", "")) | more


def mosaic(squares: Sequence[Tensor], reach: float, colors: Sequence[str]) -> tuple[Trace, Tensor]:
    """Maps (n, n) of 0..1 over ±reach, side by side in one trace; and where the middle of each lies on x."""
    n = len(squares[0])
    blank, step = torch.full((n, 3), torch.nan), 2 * reach / (n - 1)
    z = torch.cat([part for square in squares for part in (square, blank)][:-1], 1)
    x = torch.arange(z.shape[1]) * step - reach
    return heat(z, x, torch.linspace(-reach, reach, n), colors, 0, 1), torch.arange(len(squares)) * (n + 3) * step


def play(trace: Trace, how: str) -> Trace:
    """Marks a trace for playback: "trail" draws it up to the present step, "head" its present point alone."""
    return trace | {"meta": {"play": how}}


def layout(**more: Any) -> dict[str, Any]:
    """The frame of every plot: fonts, margins, legend above the data. Paper and font family come from the page."""
    return {
        "font": {"size": 15, "color": INK},
        "margin": {"l": 48, "r": 12, "t": 12, "b": 44},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 15}},
        "hoverlabel": {"font": {"size": 14}},
        "uirevision": "keep",  # zoom and hidden lines survive the next picture
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
    try:
        return json.dumps(header, default=encode, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    except ValueError as error:  # a fault of the page, not a sentence for its visitor
        raise TypeError("A figure holds a number that is not finite outside its tensors.") from error


def _axes(axes: str) -> dict[str, str]:
    """ "x2y3" -> the axes of a subplot"""
    x, _, y = axes.partition("y")
    return {"xaxis": x or "x", "yaxis": f"y{y}"} if axes else {}
