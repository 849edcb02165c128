"""Drawings by hand: strokes of a pen as a short text that a link can carry, as a soft picture, as points in a plane.

A stroke is the polyline through its points (n, 2), each x and y; one alone is a dot. In the text it is a full stop and
then three characters a point: x·512 + y in base 64, both counted on a lattice of 512 steps across the paper.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

LATTICE, LONGEST = 512, 1500  # steps a side; characters: close to 500 points
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
UNIT = (0.0, 0.0, 1.0, 1.0)  # left, top, right, bottom: y runs down, as in a picture
_VALUES = {letter: value for value, letter in enumerate(LETTERS)}


def unpack(text: str, paper: Sequence[float] = UNIT) -> list[Tensor]:
    """The strokes of a text, on a paper from its left and top to its right and bottom."""
    if len(text) > LONGEST:
        raise ValueError(f"A drawing has at most {LONGEST} characters, not {len(text)}.")
    head, *words = text.split(".")
    if head or any(not word or len(word) % 3 or not _VALUES.keys() >= set(word) for word in words):
        raise ValueError("A stroke is a full stop and three of A–Z a–z 0–9 - _ for each of its points.")
    return [_placed(_digits(word), paper) for word in words]


def _digits(word: str) -> Tensor:
    """(n, 2), whole numbers of the lattice."""
    a, b, c = torch.tensor([_VALUES[letter] for letter in word]).reshape(-1, 3).unbind(1)
    number = (a * 64 + b) * 64 + c
    return torch.stack([number // LATTICE, number % LATTICE], 1)


def _placed(at: Tensor, paper: Sequence[float]) -> Tensor:
    start, end = torch.tensor(paper, dtype=torch.float64).reshape(2, 2)
    return start + (end - start) * at / (LATTICE - 1)


def pack(strokes: Sequence[Tensor], paper: Sequence[float] = UNIT) -> str:
    """The text of strokes, each point on the nearest place of the lattice; what lies beyond the paper is refused."""
    start, end = torch.tensor(paper, dtype=torch.float64).reshape(2, 2)
    text = ""
    for stroke in strokes:
        at = ((stroke - start) / (end - start) * (LATTICE - 1)).round()
        if not len(at) or not ((at >= 0) & (at < LATTICE)).all():
            raise ValueError("A stroke needs a point, and all of them on the paper.")
        numbers = (at[:, 0] * LATTICE + at[:, 1]).long().tolist()
        text += "." + "".join(LETTERS[n >> 12] + LETTERS[n >> 6 & 63] + LETTERS[n & 63] for n in numbers)
    if len(text) > LONGEST:
        raise ValueError(f"A drawing has at most {LONGEST} characters, not {len(text)}.")
    return text


def pieces_of(strokes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Where each straight piece starts, and how far it goes: (m, 2) both; a dot is a piece of no length."""
    starts = [s[:-1] if len(s) > 1 else s for s in strokes]
    steps = [s[1:] - s[:-1] if len(s) > 1 else torch.zeros_like(s) for s in strokes]
    nothing = [torch.zeros(0, 2, dtype=torch.float64)]
    return torch.cat(starts or nothing), torch.cat(steps or nothing)


def raster(strokes: Sequence[Tensor], side: int = 28, width: float = 2.6, soft: float = 1.0) -> Tensor:
    """(side, side) in 256 levels from 0 to 1: strokes in pixels, (0, 0) the upper left corner, by a round pen.

    Ink is full up to half the width from the line, less half of `soft`, and fades to nothing within `soft` pixels.
    By default there is as much ink, and as much of it full, as in MNIST's digits.
    """
    if side < 1 or not width > 0 or not soft > 0:
        raise ValueError("A picture needs a pixel, and a pen a width and a soft edge above 0.")
    middle, nearest = torch.arange(side) + 0.5, torch.full((side, side), torch.inf)
    start, step = (part.float() for part in pieces_of(strokes))
    if not len(start):
        return torch.zeros(side, side)
    # So many pieces stay in the processor's cache.
    for p, d in zip(start.split(64), step.split(64), strict=True):
        x, y = middle - p[:, :1], middle - p[:, 1:]  # (m, side), from where the piece starts
        dx, dy = d[:, :1, None], d[:, 1:, None]
        per = 1 / (dx.square() + dy.square()).clamp(min=1e-12)
        along = (y[:, :, None] * (dy * per) + x[:, None] * (dx * per)).clamp_(0, 1)  # (m, rows, columns)
        squares = (x[:, None] - along * dx).square_() + (y[:, :, None] - along * dy).square_()
        nearest = torch.minimum(nearest, squares.amin(0))
    ink = ((width / 2 - nearest.sqrt()) / soft + 0.5).clamp(0, 1)
    return (ink * 255).round() / 255


def centred(strokes: Sequence[Tensor], side: int = 28, room: float = 20.0, width: float = 2.6) -> list[Tensor]:
    """The strokes as MNIST lays its digits: as large as room × room allows, the ink balanced about the middle.

    MNIST counts pixels by their middles: its centre is that of pixel side/2, half a pixel right of and below ours.
    """
    if not strokes:
        return []
    points = torch.cat(list(strokes))
    low, high = points.amin(0), points.amax(0)
    extent = (high - low).max().item()
    scale = max(room - width, 0.0) / extent if extent > 0 else 1.0  # a dot stays as it is
    laid = [(s - (low + high) / 2) * scale + side / 2 for s in strokes]
    ink = raster(laid, side, width).double()
    if ink.sum() == 0:  # all of it lies beyond the paper: nothing can be weighed
        return laid
    at = torch.arange(side, dtype=torch.float64) + 0.5
    mass = torch.stack([(ink.sum(0) * at).sum(), (ink.sum(1) * at).sum()]) / ink.sum()
    return [s + side / 2 + 0.5 - mass for s in laid]


def spread(strokes: Sequence[Tensor], n: int, dot: float = 0.1) -> Tensor:
    """(n, 2), points evenly along all strokes; the start of each counts as a length of `dot`: so dots have some."""
    if not strokes or n < 1 or not dot > 0:
        raise ValueError("There is nothing to spread points along: a drawing needs a stroke, n and dot above 0.")
    rest = [torch.cat([s[:1], s]) for s in strokes]  # the pen rests for a moment where it starts
    start, step = pieces_of(rest)
    length = step.norm(dim=1)
    length[torch.tensor([len(s) for s in strokes])[:-1].cumsum(0)] = dot
    length[0] = dot
    ends = length.cumsum(0)
    at = ends[-1] * (torch.arange(n, dtype=torch.float64) + 0.5) / n
    i = torch.searchsorted(ends, at).clamp(max=len(ends) - 1)
    share = ((at - ends[i] + length[i]) / length[i].clamp(min=1e-12)).clamp(0, 1)
    return (start[i] + share[:, None] * step[i]).float()
