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

from app.figures.palette import ACCENT, GRID, INK, MUTED, PAPER

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


def heat(
    z: Tensor, x: Tensor, y: Tensor, colors: Sequence[str], low: float, high: float, **more: Any
) -> Trace:
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
    return heat(z, x, torch.linspace(-reach, reach, n), colors, 0, 1), torch.arange(len(squares)) * (
        n + 3
    ) * step


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
