"""Tensors -> number grids: an input, a kernel, an output side by side, and which cells of them belong together.

The browser lights what a cell under the pointer is linked to, and writes the sum below, without asking the server: it
gets the *taps*, one row for each product (which cell of the input times which of the kernel makes which output).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from app.figures.palette import ABOVE, BELOW


@dataclass(frozen=True)
class Grid:
    """Rows and columns of numbers.

    `link` is the column of the taps that counts its cells; two grids may share one. `say` is the sentence of a cell,
    with {at}, {value}, {n} taps and {terms}; each term is `term` with the value {0} and the place {at0} in the first
    grid of link 0, and so on; `idle` is the sentence of a cell that no tap knows.
    """

    title: str
    values: Tensor
    link: int
    say: str = "{at} = {value}"
    term: str = ""
    joined: str = " + "
    idle: str = ""
    sign: str = ""  # stands between it and the next grid
    marks: Tensor | None = None  # per cell, as in core/arithmetic.py: padding, inserted zero, dropped, beyond
    corner: int | None = None  # the link whose value stands small in a lit cell
    color: str = ABOVE
    below: str = BELOW  # of what is negative
    origin: tuple[int, int] = (0, 0)  # the cell that is called [0, 0]
    every: int = 1  # how many cells one step of the index is
    line: int = 0  # grids of one line stand side by side, as far as there is room

    def header(self) -> dict[str, Any]:
        finite = self.values[self.values.isfinite()]
        most = finite.abs().max().item() if finite.numel() else 0.0
        return {"title": self.title, "rows": self.values.shape[0], "columns": self.values.shape[1],
                "values": self.values.float(), "most": most or 1.0, "link": self.link, "say": self.say,
                "term": self.term, "joined": self.joined, "idle": self.idle, "sign": self.sign,
                "marks": None if self.marks is None else self.marks.to(torch.uint8), "corner": self.corner,
                "color": self.color, "below": self.below, "origin": list(self.origin), "every": self.every,
                "line": self.line}  # fmt: skip


@dataclass(frozen=True)
class Grids:
    """Number grids, their links, and the facts and marks that are explained below them."""

    grids: Sequence[Grid]
    taps: Tensor  # (taps, links): the cell of each link that a tap touches, −1 for none
    alt: str
    chosen: tuple[int, int] | None = None  # grid and cell that are lit while no pointer is over them
    plays: int = 0  # the grid whose cells are the steps of the playback
    roles: Tensor | None = None  # per tap, as in core/arithmetic.py: part, tied, winner
    facts: Sequence[str] = ()
    legend: Sequence[tuple[int, str]] = ()  # the mark, what it means
    hint: str = ""
    paints: str = ""  # the text control that holds the first grid, drawn by hand
    kind: str = field(default="grids", init=False)

    def header(self) -> dict[str, Any]:
        steps = self.grids[self.plays].values.numel()
        return {"kind": self.kind, "alt": self.alt, "steps": steps, "rate": 3, "plays": self.plays,
                "grids": [grid.header() for grid in self.grids], "links": self.taps.shape[1],
                "chosen": self.chosen, "roles": self.roles is not None, "facts": list(self.facts),
                "legend": [list(entry) for entry in self.legend], "hint": self.hint,
                "paints": self.paints}  # fmt: skip

    def payload(self) -> bytes:
        """The taps as 16-bit numbers, then a byte for the role of each."""
        roles = b"" if self.roles is None else self.roles.to(torch.uint8).numpy().tobytes()
        return self.taps.to(torch.int16).contiguous().numpy().tobytes() + roles
