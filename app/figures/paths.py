"""Paths over a loss surface: on its contours, above it, and the gradient field below them."""

import math
from typing import Any

import torch
from torch import Tensor

from app.figures import palette, terrain
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, arrows, dots, layout, line, play
from app.i18n import gettext as _
from core.fields import Field
from core.landscapes import Score

MARKED = 120  # up to so many steps each one is marked
RESTING = 20  # axes over the steps, and the number of dots, change by so many only: then they rest under the hand


# On a phone the curve lies below its surface, and the legend is small enough for two names on a line.
NARROW = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.4, 1]}, "xaxis2": {"domain": [0, 1]},
          "yaxis2": {"domain": [0, 0.24]},
          "legend": {"font": {"size": 12}, "itemwidth": 30},
          "margin": {"l": 40, "r": 8, "t": 4, "b": 36}}  # fmt: skip


def threaded(points: Tensor) -> tuple[Tensor, Tensor]:
    """(steps + 1, starts, 2) -> x and y of one line with gaps between the starts."""
    if points.shape[1] == 1:
        return points[:, 0, 0], points[:, 0, 1]
    gap = torch.full((1, points.shape[1], 2), torch.nan, dtype=points.dtype)
    x, y = torch.cat([points, gap]).transpose(0, 1).reshape(-1, 2)[:-1].unbind(1)
    return x, y


def trail(points: Tensor, name: str, look: tuple[str, str]) -> list[Trace]:
    """The way of one rule from all starts; of a single one each step is marked, and it can be played."""
    (x, y), (color, dash) = threaded(points), look
    way = line(x, y, name, color, dash=dash, width=3, hoverinfo="skip")
    if points.shape[1] > 1:
        return [way]
    still = (-(len(x) - 1) % RESTING,)  # the last dot lies there several times
    x, y = (torch.cat([p, p[-1:].expand(still)]) for p in (x, y))
    marks = dots(x, y, "", color, 6, legend=False, hoverinfo="skip", marker={"line": {"width": 0}})
    return [play(way, "trail"), *([play(marks, "head")] if len(points) <= MARKED + 1 else [])]


def curve(values: Tensor, look: tuple[str, str], axes: str, name: str = "") -> Trace:
    """What a rule went through, step by step; played along with its path."""
    at = torch.arange(len(values))
    return play(line(at, values, name, look[0], dash=look[1], legend=bool(name), axes=axes), "trail")


def along(steps: int) -> list[int]:
    """The range of an axis over the steps."""
    return [0, max(RESTING, math.ceil(steps / RESTING) * RESTING)]


def plane(view: tuple[float, float, float, float], titles: tuple[str, str] = ("", ""),
          domain: tuple[float, float] = (0, 1), n: str = "") -> dict[str, Any]:  # fmt: skip
    """Two axes over a plane, without lines that would cross its colours."""
    bare = {"showgrid": False, "zeroline": False}
    return {f"xaxis{n}": axis(titles[0], range=list(view[:2]), domain=list(domain), anchor=f"y{n}") | bare,
            f"yaxis{n}": axis(titles[1], range=list(view[2:]), anchor=f"x{n}") | bare}  # fmt: skip


def beside(view: tuple[float, float, float, float], steps: int, title: str, scale: dict[str, Any]) -> dict[str, Any]:
    """The axes of a surface, and of a curve over the steps beside it."""
    return plane(view, domain=(0, 0.64)) | {
        "xaxis2": axis(_("step"), range=along(steps), domain=[0.74, 1], anchor="y2"),
        "yaxis2": axis(title, anchor="x2") | scale, "meta": {"narrow": NARROW}}  # fmt: skip


def scoreboard(names: dict[str, str], rates: dict[str, float], scores: dict[str, Score], near: float) -> Table:
    """Who got within `near` of the lowest loss, and how soon; of the first start."""
    cells = []
    for rule, score in scores.items():
        reached, gone, distance = (int(score.steps[0]), int(score.diverged_at[0]), float(score.distance[0]))
        said = str(reached) if reached >= 0 else "–"
        if gone >= 0:
            said = _("diverged at step {n}").format(n=gone)
        cells.append([names[rule], f"{rates[rule]:.4g}", said, f"{score.final_loss[0]:.4g}",
                      "–" if math.isnan(distance) else f"{distance:.4g}"])  # fmt: skip
    titles = [_("rule"), "η", _("steps to within {t:g}").format(t=near), _("loss at the end"), _("distance")]
    return Table(titles, cells, _("How soon each rule arrived, and where it ended"))


def slopes(field: Field, view: tuple[float, float, float, float], n: int = 15) -> Trace:
    """Where descent would go: −g on a grid, its length on a scale that hides no direction."""
    xs, ys = (torch.linspace(a, b, n + 2, dtype=torch.float64)[1:-1] for a, b in (view[:2], view[2:]))
    x, y = xs.expand(n, n), ys[:, None].expand(n, n)
    gx, gy = (torch.as_tensor(g, dtype=torch.float64).expand(n, n) for g in field.gradient(x, y))
    longest = ((view[1] - view[0]) / n / 2.4, (view[3] - view[2]) / n / 2.4)
    size = torch.hypot(gx, gy)
    typical = size[size.isfinite()].median().clamp(min=1e-12) if size.isfinite().any() else torch.tensor(1.0)
    factor = -1.0 / typical
    return arrows(x, y, gx * factor * longest[0], gy * factor * longest[1], longest, palette.MUTED)


def in_space(x: Tensor, y: Tensor, z: Tensor, relief: terrain.Relief, points: dict[str, Tensor], names: dict[str, str],
         looks: dict[str, tuple[str, str]], alt: str, field: Field | None = None) -> Plot:  # fmt: skip
    """A surface with the paths on it; without a field they lie as high as the nearest point of the grid."""
    data: list[Any] = [terrain.surface(x, y, z, relief)]
    for rule, way in points.items():
        px, py = threaded(way)
        inside = (px >= x[0]) & (px <= x[-1]) & (py >= y[0]) & (py <= y[-1])
        if field:
            height = torch.as_tensor(field.f(px, py))
        else:
            column, row = (torch.searchsorted(a, p.contiguous()).clamp(max=len(a) - 1) for a, p in ((x, px), (y, py)))
            height = z[row, column]
        data.append(terrain.ribbon(px, py, height.masked_fill(~inside, torch.nan), names[rule], looks[rule][0], relief))
    bare = {
        "showbackground": False,
        "gridcolor": palette.GRID,
        "tickfont": {"color": palette.MUTED, "size": 12},
    }
    scene = {"xaxis": bare | {"title": {"text": "x"}}, "yaxis": bare | {"title": {"text": "y"}},
             "zaxis": bare | {"title": {"text": "log f" if relief.log else "f"}},
             "aspectratio": {"x": 1, "y": 1, "z": 0.6},
             "camera": {"eye": {"x": 1.25, "y": -1.35, "z": 0.9}}}  # fmt: skip
    return Plot(data, layout(scene=scene, margin={"l": 0, "r": 0, "t": 12, "b": 0}), alt)


def arrow(
    tail: tuple[float, float], by: tuple[float, float], name: str, color: str, span: float, width: float = 3
) -> Trace:
    """One arrow, its head no longer than the arrow itself."""
    (x, y), (dx, dy) = tail, by
    length = math.hypot(dx, dy)
    head = min(0.03 * span, 0.5 * length) / max(length, 1e-12)
    left, right = (-dx + 0.5 * dy, -dy - 0.5 * dx), (-dx - 0.5 * dy, -dy + 0.5 * dx)
    tip = (x + dx, y + dy)
    points = [tail, tip, (tip[0] + head * left[0], tip[1] + head * left[1]), tip,
              (tip[0] + head * right[0], tip[1] + head * right[1])]  # fmt: skip
    xs, ys = torch.tensor(points, dtype=torch.float64).T
    return line(xs, ys, name, color, width=width, hoverinfo="skip")
