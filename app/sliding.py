"""Sliding windows as number grids: what the pages on the arithmetic of convolution and pooling draw, and refuse."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from app.domains import Refused
from app.figures.grids import Grid, Grids
from app.i18n import gettext as _
from app.lab import Lab
from core import arithmetic, digits, patterns
from core.arithmetic import BEYOND, DROPPED, PADDING, ZERO, Windows

MOST, MOST_MATRIX = 28, 144  # cells a side that can still be read, and of a matrix still be told apart
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
HEART = "0990990.9999999.9999999.0999990.0099900.0009000"


def inputs() -> dict[str, str]:
    """What a page offers as an input."""
    known = {name: _(pattern.title) for name, pattern in patterns.PATTERNS.items()}
    return {"digit": _("A handwritten digit"), **known, "drawn": _("Drawn by hand")}


def more(lab: Lab, chosen: int) -> None:
    """Under a fold: the chosen output, at first in row and column `chosen`, and what the inputs are made of."""
    with lab.fold(_("More")):
        with lab.row("chosen"):
            lab.number("row", _("Chosen row"), 0, 31, chosen)
            lab.number("col", _("Chosen column"), 0, 31, chosen)
        lab.text("drawn", _("Drawn by hand, row by row"), HEART, longest=272, painted=True)
        lab.seed()


def picture(name: str, n: int, seed: int, drawn: str) -> Tensor:
    """The input (n, n), whole numbers from 0 to 9."""
    if name == "drawn":
        if set(drawn) - set("0123456789."):
            raise Refused(_("A drawing is written in the digits 0 to 9, its rows divided by dots."))
        return patterns.written(drawn, n)
    if name == "digit":
        sevens_first = (210 + 31 * seed) % 300
        return patterns.sized(digits.pictures()[sevens_first].reshape(7, 7), n)
    return patterns.pattern(name, n, seed)


def refuse(kind: str, n: int, k: int, stride: int, padding: int, dilation: int, extra: int) -> None:
    """One sentence where a convolution is not possible, or would be too large to read."""
    known, reach = arithmetic.KINDS[kind], dilation * (k - 1)
    if known.transposed and extra >= max(stride, dilation):
        raise Refused(_("The output padding must be smaller than the stride or the dilation."))
    sides = [n + reach if known.causal else n + 2 * padding]
    if known.transposed:
        out = (n - 1) * stride - 2 * padding + reach + extra + 1
        if out < 1:
            raise Refused(_("This padding cuts the whole output away: make it smaller."))
        sides = [out, (n - 1) * stride + 1 + 2 * max(0, reach - padding) + extra]
    elif reach >= sides[0]:
        text = _("The kernel reaches over {reach} cells, but the padded input has only {padded}.")
        raise Refused(text.format(reach=reach + 1, padded=sides[0]))
    readable(max(sides))


def refuse_pool(n: int, k: int, stride: int, padding: int, dilation: int, ceil: bool) -> None:
    if padding > k // 2:
        text = _("The padding of a pool may be half of its {k} cells at most: {most}.")
        raise Refused(text.format(k=k, most=k // 2))
    room = n + 2 * padding - dilation * (k - 1) - 1
    if (-(-room // stride) if ceil else room // stride) < 0:
        text = _("The window reaches over {reach} cells, but the padded input has only {padded}.")
        raise Refused(text.format(reach=dilation * (k - 1) + 1, padded=n + 2 * padding))


def readable(side: int) -> None:
    if side > MOST:
        text = _("{side} numbers in a row cannot be read any more, {most} can. Make the input smaller.")
        raise Refused(text.format(side=side, most=MOST))


def convolution(x: Tensor, kernel: Tensor, kind: str, settings: Mapping[str, int], chosen: tuple[int, int],
                view: str = "none", gradients: bool = False, paints: str = "") -> Grids:  # fmt: skip
    """Input ∗ kernel = output; on request the same as a matrix, and the gradients of the chosen output.

    Links of the taps: 0 cell of the padded input, 1 of the kernel as it slides, 2 of the output, 3 pixel, 4 matrix.
    """
    w, known = arithmetic.windows(kind, x.shape, kernel.shape[1], **settings), arithmetic.KINDS[kind]
    y, weights = arithmetic.convolve(x, kernel, w, kind), arithmetic.slid(kernel, kind)
    outputs, cells = w.place.shape
    output, weight = torch.arange(outputs).repeat_interleave(cells), torch.arange(cells).repeat(outputs)
    pixel = w.pixel.flatten()[w.place].flatten()
    matrix = torch.where(pixel >= 0, output * x.numel() + pixel, -1) if view == "matrix" else weight * outputs + output
    taps = torch.stack([w.place.flatten(), weight, output, pixel, matrix], 1)
    at = _inside(chosen, y)
    turned = tuple(size - 1 for size in kernel.shape) if known.transposed else (0, 0)
    of_kernel: dict[str, Any] = {"link": 1, "origin": turned, "every": -1 if known.transposed else 1}
    name = _("kernel w, turned") if known.transposed else _("kernel w")
    said = _("w{at} = {value} is multiplied by {n} numbers: {terms}")
    grids = [_input(x, w, known, "∗"),
             Grid(name, weights, say=said, term="{0}", joined=", ", sign="=", **of_kernel),
             Grid(_sized(_("output y"), y), y, 2, "y{at} = {terms} = {value}", "{0}·{1}", corner=1)]  # fmt: skip
    if gradients and at:
        dx, dw = arithmetic.gradients(x, kernel, kind, at, **settings)
        place = f"[{at[1]}]" if known.dims == 1 else f"[{at[0]}, {at[1]}]"
        over = f"∂y{place}/∂"
        dw = arithmetic.slid(dw, kind)
        grids += [Grid(f"{over}x", dx, 3, over + "x{at} = {value}", line=1),
                  Grid(f"{over}w", dw, say=over + "w{at} = {value}", line=1, **of_kernel)]  # fmt: skip
    if view == "coverage":
        said = _("{value} pixels go into y{at}; the rest of its window is zeros")
        grids.append(Grid(_("pixels per output"), arithmetic.coverage(w), 2, said, line=2))
    elif view != "none":
        grids.append(_matrix(x, kernel, w, kind, view))
    chosen_cell = None if at is None else (2, at[0] * y.shape[1] + at[1])
    alt = _("Input {x} and kernel {w} give the output {y}.")
    said = alt.format(x=_shape(x), w=_shape(kernel), y=_shape(y))
    return Grids(grids, taps, said, chosen_cell, 2, legend=_legend(w), hint=hint(), paints=paints,
                 facts=_facts(x, kernel, y, kind, settings, w))  # fmt: skip


def hint() -> str:
    return _("Point at any number, or tap it. A click makes it stay; the arrow keys go on from there.")


def _input(x: Tensor, w: Windows, known: arithmetic.Kind | None, sign: str) -> Grid:
    lines = (w.rows.before, w.columns.before)
    every = w.columns.every
    say = _("x{at} = {value} goes into {n} outputs: {terms}")
    title = _("input x with zeros between") if every > 1 else _("input x")
    term, corner = ("y{at2}: {0}·{1}", 1) if known else ("y{at1}", None)
    idle = _("No window reaches x{at} = {value}: it goes into no output")
    return Grid(_sized(title, x), arithmetic.padded(x, w), 0, say, term, ";  ", idle, sign, w.marks, corner,
                origin=lines, every=every)  # fmt: skip


def _matrix(x: Tensor, kernel: Tensor, w: Windows, kind: str, view: str) -> Grid:
    """Toeplitz: outputs × pixels; im2col: weights × windows."""
    if max(x.numel(), len(w.place)) > MOST_MATRIX:
        text = _("A matrix of {rows} × {columns} is too large to be seen. Make the input smaller.")
        raise Refused(text.format(rows=len(w.place), columns=x.numel()))
    if view == "matrix":
        title, idle = _("matrix T of y = T·x"), _("T{at} = 0: this pixel is not in the window of this output")
        return Grid(title, arithmetic.matrix(kernel, w, kind), 4, "T{at} = {terms}",
                    _("{1} = w{at1}, from x{at0} to y{at2}"), idle=idle, line=2)  # fmt: skip
    return Grid(_("windows as columns X of y = w·X"), arithmetic.columns(x, w), 4, "X{at} = {terms}",
                _("{0} = x{at0}, under w{at1} for y{at2}"), line=2)  # fmt: skip


def _facts(x: Tensor, kernel: Tensor, y: Tensor, kind: str, settings: Mapping[str, int], w: Windows) -> list[str]:
    """The size with its formula, the checkerboard meter, and the comparison with PyTorch, made now."""
    known, difference = arithmetic.KINDS[kind], y - arithmetic.by_torch(x, kernel, kind, **settings)
    facts = [_("Size: {formula}").format(formula=w.columns.formula), badge(known.operator, difference)]
    fewest, most = arithmetic.evenness(w)
    ones = arithmetic.by_torch(torch.ones_like(x), kernel, kind, **settings)
    if known.transposed and fewest != most and arithmetic.alike(ones, w):
        text = _("{fewest} to {most} pixels per output, but weights of the same sum: even")
        facts.append(text.format(fewest=fewest, most=most))
    elif known.transposed and fewest == most:
        facts.append(_("{most} pixels in every output: even").format(most=most))
    elif known.transposed:
        facts.append(_("{fewest} to {most} pixels per output: checkerboard").format(fewest=fewest, most=most))
    return facts


def badge(operator: str, difference: Tensor) -> str:
    largest = difference.abs().max().item()
    said = _("equals F.{operator}: largest difference {largest:.2g}")
    return f"{'✓' if largest < 1e-9 else '✗'} {said.format(operator=operator, largest=largest)}"


def pooling(x: Tensor, how: str, settings: Mapping[str, Any], chosen: tuple[int, int], power: int = 2,
            count_padding: bool = True, paints: str = "") -> Grids:  # fmt: skip
    """Input and output of a pool; the winner of each window, and those that are as large, are lit."""
    w = arithmetic.pool_windows(x.shape, **settings)
    pooled = arithmetic.pool(x, how, w, power, count_padding)
    own = arithmetic.pool_by_torch(x, how, power=power, count_padding=count_padding, **settings)
    outputs, cells = w.place.shape
    part = pooled.role.flatten() != arithmetic.OUTSIDE
    taps = torch.stack([w.place.flatten(), torch.arange(outputs).repeat_interleave(cells)], 1)[part]
    y = pooled.y
    templates = {"max": (_("max({terms})"), "{0}", ", "), "min": (_("min({terms})"), "{0}", ", "),
                 "average": ("({terms}) / {n}", "{0}", " + "),
                 "lp": (f"({{terms}})^(1/{power})", "{0}" + str(power).translate(_RAISED), " + ")}  # fmt: skip
    said, term, joined = templates[how]
    nothing = {"max": -torch.inf, "min": torch.inf}.get(how, 0.0)  # what padding counts as
    shown = torch.where(w.marks == PADDING, nothing, arithmetic.padded(x, w)).where(w.marks != BEYOND, torch.nan)
    say = f"y{{at}} = {said} = {{value}}"
    grids = [
        replace(_input(x, w, None, "→"), values=shown),
        Grid(_sized(_("output y"), y), y, 1, say, term, joined),
    ]
    at = _inside(chosen, y)
    alt = _("Pooling {x} numbers to {y}.").format(x=_shape(x), y=_shape(y))
    facts = [_("Size: {formula}").format(formula=w.columns.formula), badge(arithmetic.POOLS[how].operator, y - own)]
    chosen_cell = at and (1, at[0] * y.shape[1] + at[1])
    return Grids(grids, taps, alt, chosen_cell, 1, pooled.role.flatten()[part], facts, _legend(w), hint(), paints)


def _inside(chosen: tuple[int, int], y: Tensor) -> tuple[int, int] | None:
    """The chosen output, where there is one of that row and column; in one dimension the row does not matter."""
    row, column = (0 if len(y) == 1 else chosen[0]), chosen[1]
    return (row, column) if row < len(y) and column < y.shape[1] else None


def _legend(w: Windows) -> Sequence[tuple[int, str]]:
    words = {PADDING: _("padding"), ZERO: _("zero put between"), DROPPED: _("dropped: no window reaches it"),
             BEYOND: _("beyond the edge: does not count")}  # fmt: skip
    return [(mark, text) for mark, text in words.items() if (w.marks == mark).any()]


def _shape(numbers: Tensor) -> str:
    return " × ".join(map(str, numbers.shape if len(numbers) > 1 else numbers.shape[1:]))


def _sized(title: str, numbers: Tensor) -> str:
    return f"{title}, {_shape(numbers)}"
