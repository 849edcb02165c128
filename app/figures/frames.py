"""Boxes on a picture. Each role has one colour and one stroke, the same on every page; so colour is never alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from app.controls import Controls
from app.figures import palette
from app.figures.plot import Trace, line
from app.live.component import Handle

# role -> colour, stroke, width
ROLES: dict[str, tuple[str, str, float]] = {
    "truth": (palette.GREEN, "dash", 2.5),
    "kept": (palette.BLUE, "solid", 3.5),
    "dropped": (palette.RED, "dot", 1.8),
    "waiting": (palette.MUTED, "solid", 1),
    "now": (palette.INK, "solid", 4),
}


def outlines(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes (n, 4) as one line with gaps. It ends in a box without a size, so that there always is a line to move."""
    boxes = torch.cat([boxes.float(), torch.zeros(1, 4)])
    gap = torch.full((len(boxes), 1), torch.nan)
    x = torch.cat([boxes[:, [0, 2, 2, 0, 0]], gap], 1).flatten()
    y = torch.cat([boxes[:, [1, 1, 3, 3, 1]], gap], 1).flatten()
    return x, y


def frames(boxes: Tensor, name: str, role: str, **more: Any) -> Trace:
    """The outlines of boxes (n, 4) in one trace."""
    color, dash, width = ROLES[role]
    look: dict[str, Any] = {"dash": dash, "width": width, "hoverinfo": "skip"}
    return line(*outlines(boxes), name, color, **look | more)


def names(boxes: Tensor, said: Sequence[str], size: int, room: int = 8) -> Trace:
    """Words above the upper left corner of each box. Blank ones stand aside, so that there are as many while the number
    of boxes changes: words move under the hand as long as no new one comes."""
    spare = -len(said) % room if said else room
    x, y = (torch.cat([boxes[:, k].double(), torch.full((spare,), -99.0, dtype=torch.float64)]) for k in (0, 1))
    return line(x, y - size / 4, "", palette.INK, mode="text", text=[*said, *["\u00a0"] * spare], legend=False,
                textposition="middle right", textfont={"size": size})  # fmt: skip


def filled(box: Tensor, name: str, color: str, **more: Any) -> Trace:
    """The area of one box (4,)."""
    x, y = box[[0, 2, 2, 0, 0]], box[[1, 1, 3, 3, 1]]
    look: dict[str, Any] = {"width": 0, "fill": "toself", "fillcolor": color, "hoverinfo": "skip"}
    return line(x, y, name, color, **look | more)


def strip(low: Tensor, high: Tensor, rows: Tensor, name: str, color: str, **more: Any) -> Trace:
    """Lying bars from `low` to `high` (n,) as one thick line with gaps: it moves under the hand, real bars do not."""
    gap, end = torch.full_like(low, torch.nan), torch.zeros(2, dtype=low.dtype)
    x = torch.cat([torch.stack([low, high, gap], 1).flatten(), end])
    y = torch.cat([rows.repeat_interleave(3).to(low.dtype), end - 9])
    return line(x, y, name, color, **{"width": 20, "hoverinfo": "skip"} | more)


# --- a box among the controls ---


def ask(
    lab: Controls, name: str, label: str, default: tuple[int, int, int, int], most: int = 640, least: int = 0
) -> list[Handle]:
    """A box as four numbers <name>_x, _y (its centre), _w, _h, and the two handles that drag it. It is at least
    `least` wide and high."""
    for row in ("xy", "wh"):
        with lab.row(f"{name}-{row}"):
            for part, at in zip(row, default[:2] if row == "xy" else default[2:], strict=True):
                low = least if part in "wh" else 0
                lab.number(f"{name}_{part}", f"{label}, {part}", low, most, at)
    x, y, w, h = (f"{name}_{part}" for part in "xywh")
    return [Handle(x, y, label=label), Handle(w, h, label=label, about=(x, y))]


def box(name: str, values: Mapping[str, Any]) -> list[float]:
    """It as corners (x1, y1, x2, y2)."""
    x, y, w, h = (float(values[f"{name}_{part}"]) for part in "xywh")
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
