"""Pictures as text, so that a script can carry one along; and strokes of a pen as pictures.

A stroke is a smooth curve through its points (Catmull & Rom, 1974), drawn with a round pen.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def as_text(picture: Tensor) -> str:
    """(H, W) with values 0..1 -> two hexadecimal digits for each of 256 levels, row by row."""
    levels = (picture.clamp(0, 1) * 255).round().byte().flatten().tolist()
    return "".join(f"{level:02x}" for level in levels)


def from_text(text: str, width: int, channels: int = 0) -> Tensor:
    """The picture of such a text; with `channels` (C, H, W), which stand one below the other in it."""
    levels = torch.tensor(list(bytes.fromhex(text)), dtype=torch.float32)
    if width < 1 or len(levels) % width:
        raise ValueError(f"{len(levels)} pixels do not fill rows of {width}.")
    picture = levels.reshape(-1, width) / 255
    return picture.unflatten(0, (channels, -1)) if channels else picture


def curve(points: Sequence[tuple[float, float]], each: int = 8) -> Tensor:
    """(n, 2), a smooth curve x, y through all points, `each` steps from one to the next."""
    if len(points) < 2:
        raise ValueError("A stroke needs at least two points.")
    p = torch.tensor(points, dtype=torch.float64)
    p = torch.cat([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])  # one more at each end
    t = torch.arange(each, dtype=torch.float64)[:, None, None] / each
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    pieces = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return torch.cat([pieces.transpose(0, 1).reshape(-1, 2), p[-2:-1]])


def ink(points: Sequence[tuple[float, float]], side: int = 28, width: float = 2.6) -> Tensor:
    """(side, side) in 0..1: the curve, drawn with a round pen; pixel (0, 0) has its middle at (0, 0)."""
    way = curve(points)
    start, step = way[:-1], way[1:] - way[:-1]  # (n, 2)
    at = torch.arange(side, dtype=torch.float64)
    pixels = torch.stack(torch.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 1, 2)
    along = ((pixels - start) * step).sum(-1) / step.square().sum(-1).clamp(min=1e-12)
    gap = pixels - start - along.clamp(0, 1)[..., None] * step
    nearest = gap.square().sum(-1).min(1).values.sqrt()
    return (width / 2 + 0.5 - nearest).clamp(0, 1).reshape(side, side).float()
