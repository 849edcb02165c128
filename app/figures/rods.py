"""Bars that move under the hand: thick lines, which the browser moves by itself, and their numbers in a column."""

from collections.abc import Sequence

import torch
from torch import Tensor

from app.figures.palette import INK
from app.figures.plot import Trace, line


def rods(values: Tensor, colors: Sequence[str], texts: Sequence[str], at: float, axes: str,
         width: float = 16) -> list[Trace]:  # fmt: skip
    """One lying bar for each value, on the rows 0, 1, 2, …; its text begins at x = `at`, wherever the bar ends."""
    data, gap = [], torch.nan
    for color in dict.fromkeys(colors):
        rows = [i for i, c in enumerate(colors) if c == color]
        x = torch.tensor([end for i in rows for end in (0.0, float(values[i]), gap)])
        y = torch.tensor([end for i in rows for end in (float(i), float(i), gap)])
        data.append(line(x, y, "", color, width=width, axes=axes, legend=False, hoverinfo="skip"))
    return [
        *data,
        words(torch.full((len(values),), at), torch.arange(len(values)), texts, axes, "middle right"),
    ]


def words(x: Tensor, y: Tensor, texts: Sequence[str], axes: str, place: str = "middle center", color: str = INK,
          size: float = 15) -> Trace:  # fmt: skip
    """Texts at points."""
    first, _y, second = axes.partition("y")
    return {"type": "scatter", "mode": "text", "x": x, "y": y, "text": list(texts), "textposition": place,
            "textfont": {"color": color, "size": size}, "cliponaxis": False, "hoverinfo": "skip",
            "showlegend": False, "xaxis": first, "yaxis": f"y{second}"}  # fmt: skip
