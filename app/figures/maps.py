"""Maps in a plot: pictures, feature maps, kernels and matrices as squares of colour, the first row on top.

They are heat maps and not images, so that the browser repaints their numbers alone while a thumb moves.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from app.figures.axes import axis
from app.figures.palette import ABOVE, BELOW, PAPER, SERIES
from app.figures.picture import underlay
from app.figures.plot import Trace, heat, tiles
from app.figures.rods import words

GREY = ("#000000", "#ffffff")
GLOW = ("#000000", "#7c2a14", "#e0652f", "#ffb469", "#fff6e3")  # activations: dark where there is nothing
SIGNED = (BELOW, PAPER[0], ABOVE)  # below zero, zero, above


def shown(z: Tensor, n: str = "", colors: Sequence[str] = GREY, low: float = 0.0, high: float = 1.0,
          **more: Any) -> Trace:  # fmt: skip
    """Numbers (rows, columns) as squares on the axes n; NaN stays blank. Bytes are sent as bytes."""
    rows, columns = z.shape
    made = heat(
        z if z.dtype == torch.uint8 else z.float(),
        torch.arange(columns),
        torch.arange(rows),
        colors,
        low,
        high,
        zsmooth=False,
        **more,
    )
    return made | {"xaxis": f"x{n}", "yaxis": f"y{n}"}


def signed(z: Tensor, n: str = "", most: float | None = None, **more: Any) -> Trace:
    """Numbers around zero, with the full colour at ±most."""
    most = most or z[z.isfinite()].abs().max().item() or 1.0
    return shown(z, n, SIGNED, -most, most, **more)


def numbers(z: Tensor, n: str, digits: int = 2) -> Trace:
    """The numbers themselves, one in each square."""
    rows, columns = z.shape
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    texts = [f"{round(v, digits) + 0.0:.{digits}f}".replace("-", "−") for v in z.flatten().tolist()]
    return words(x.flatten(), y.flatten(), texts, f"x{n}y{n}")


def frame(n: str, title: str, size_hw: Sequence[int], x: Sequence[float] = (0, 1),
          y: Sequence[float] = (0, 1)) -> dict[str, Any]:  # fmt: skip
    """The axes of one map: square pixels, no ticks, the title above."""
    rows, columns = size_hw
    bare: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "constrain": "domain",
    }
    across = axis(title, domain=list(x), range=[-0.5, columns - 0.5], anchor=f"y{n}", side="top", **bare)
    down = axis(domain=list(y), range=[rows - 0.5, -0.5], anchor=f"x{n}", scaleanchor=f"x{n}", **bare)
    return {f"xaxis{n}": across, f"yaxis{n}": down | {"constraintoward": "top"}}


def tiled(maps: Tensor, in_row: int, gap: int = 1) -> Tensor:
    """(C, H, W) -> one map of all, row by row, with gaps of NaN between them."""
    count, height, width = maps.shape
    rows = -(-count // in_row)
    board = torch.full((rows * in_row, height + gap, width + gap), torch.nan)
    board[:count, :height, :width] = maps
    board = board.reshape(rows, in_row, height + gap, width + gap).transpose(1, 2)
    return board.reshape(rows * (height + gap), in_row * (width + gap))[: -gap or None, : -gap or None]


def outline(index: int, size_hw: Sequence[int], in_row: int, gap: int = 1) -> tuple[Tensor, Tensor]:
    """The corners x, y of one of the tiled maps, for a line around it."""
    height, width = size_hw
    top, left = index // in_row * (height + gap) - 0.5, index % in_row * (width + gap) - 0.5
    return box(left, top, left + width, top + height)


def box(left: float, top: float, right: float, bottom: float) -> tuple[Tensor, Tensor]:
    """A rectangle as a closed line."""
    return torch.tensor([left, right, right, left, left]), torch.tensor([top, top, bottom, bottom, top])


def matrix(kinds: Tensor, channels: Sequence[int], share: float, n: str, titles: tuple[str, str],
           x: Sequence[float]) -> tuple[Trace, dict[str, Any]]:  # fmt: skip
    """Weights as blocks: kind -1 is blank, the others take the colours in turn; a row for each channel out.

    `channels` (out, in) is what the axes count; `share` of the room of a channel is filled.
    """
    colored = torch.where(kinds < 0, 0, kinds % len(SERIES) + 1).byte()
    ends = [(1 - share / 2, count + share / 2) for count in channels]
    down, across = (torch.linspace(*e, 2 * m + 1)[1::2] for e, m in zip(ends, kinds.shape, strict=True))
    trace = tiles(colored, across, down, [PAPER[0], *SERIES], xaxis=f"x{n}", yaxis=f"y{n}") | {"z": colored}
    rows, columns = channels
    plain: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "nticks": 6,
        "constrain": "domain",
        "tickformat": "d",
    }
    axes = {
        f"xaxis{n}": axis(titles[1], domain=list(x), range=[0.4, columns + 0.6], anchor=f"y{n}", side="top", **plain),
        f"yaxis{n}": axis(titles[0], range=[rows + 0.6, 0.4], anchor=f"x{n}", **plain),
    }
    if max(channels) <= 4 * min(channels):  # else it would be a hair
        axes[f"yaxis{n}"] |= {"scaleanchor": f"x{n}", "constraintoward": "top"}
    return trace, axes


def backed(pixels: Tensor, n: str = "") -> dict[str, Any]:
    """A picture (H, W), (H, W, 3) or (C, H, W) under the marks of the axes n: one of a layout's `images`."""
    return underlay(pixels, n, corner=-0.5)  # a pixel lies about its whole number


def tinted(picture: Tensor, share: Tensor) -> Tensor:
    """A grey picture (H, W) as (H, W, 3), in the glow of the accent where share (0..1) is high."""
    glow = torch.tensor([1.0, 0.42, 0.15])
    return picture[..., None] * (1 - 0.5 * share[..., None]) + 0.85 * share[..., None] * glow
