"""Loss surfaces as Plotly traces: contours that stay in the background, and the same in three dimensions."""

import torch
from torch import Tensor

from app.figures.palette import BLUE, DEEP, INK, MUTED, PAPER
from app.figures.plot import Trace, heat, line
from core.landscapes import Sweep


class Relief:
    """How high a loss is drawn: as it is, or, where walls dwarf the valley, on a logarithmic scale from the lowest."""

    def __init__(self, z: Tensor, log: bool) -> None:
        finite = z[z.isfinite()]
        self.low, self.log = finite.min(), log
        self.unit = (finite - self.low).quantile(0.5).clamp(min=1e-12) / 50
        self.top = self._scaled(finite.quantile(0.995 if not log else 1.0))

    def _scaled(self, z: Tensor) -> Tensor:
        return torch.log1p((z - self.low).clamp(min=0) / self.unit) if self.log else z

    def __call__(self, z: Tensor) -> Tensor:
        return self._scaled(z).clamp(max=self.top)


_SCALE = [[0, DEEP], [1, PAPER[0]]]


def contours(x: Tensor, y: Tensor, z: Tensor, relief: Relief, levels: int = 16) -> Trace:
    """Filled, quiet: the paths are the picture."""
    height = relief(z)
    low, high = height[height.isfinite()].min().item(), relief.top.item()
    size = max((high - low) / levels, 1e-12)
    return {"type": "contour", "x": x, "y": y, "z": height.float(), "colorscale": _SCALE, "showscale": False,
            "zmin": low, "zmax": high, "autocontour": False, "hoverinfo": "skip",
            "contours": {"start": low + size / 2, "end": high, "size": size},
            "line": {"width": 1, "color": MUTED + "60"}, "meta": {"paint": "bands"}}  # fmt: skip


def surface(x: Tensor, y: Tensor, z: Tensor, relief: Relief) -> Trace:
    return {"type": "surface", "x": x, "y": y, "z": relief(z).float(), "colorscale": _SCALE, "showscale": False,
            "opacity": 0.9, "hoverinfo": "skip", "lighting": {"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
            "contours": {"z": {"show": True, "color": MUTED, "width": 1}}}  # fmt: skip


def ribbon(x: Tensor, y: Tensor, z: Tensor, name: str, color: str, relief: Relief) -> Trace:
    """A path over the surface, lifted a little so that it is not half sunk into it."""
    lift = 0.01 * (relief.top - relief._scaled(relief.low))
    return {"type": "scatter3d", "mode": "lines", "x": x, "y": y, "z": relief(z) + lift, "name": name,
            "line": {"color": color, "width": 6}}  # fmt: skip


def minima(points: list[tuple[float, float]], lowest: bool) -> Trace:
    """Crosses where the minima are: thick for the lowest."""
    x, y = (torch.tensor([p[i] for p in points], dtype=torch.float64) for i in (0, 1))
    size, color = (13, INK) if lowest else (8, MUTED)
    return line(x, y, "", color, mode="markers", hoverinfo="skip", legend=False,
                marker={"symbol": "x-thin", "size": size, "color": color,
                        "line": {"width": 3 if lowest else 1.5, "color": color}})  # fmt: skip


def losses(found: Sweep, lowest: float | None) -> Trace:
    """The loss at the end over log10 of the columns and over the rows: dark is low, blank is lost."""
    finite = found.loss[found.loss.isfinite()]
    if lowest is None:
        lowest = finite.min().item() if len(finite) else 0.0
    height = (found.loss - lowest).clamp(min=1e-12).log10().clamp(max=4.0)
    there = height[found.loss.isfinite()]
    low, high = (there.min().item(), there.max().item()) if len(there) else (0.0, 1.0)
    colors = [BLUE, DEEP, PAPER[0]]
    return heat(height.float(), found.columns.log10().float(), found.rows.float(), colors, low, max(high, low + 1e-6),
                meta={"paint": "smooth"})  # fmt: skip
