"""What there is to read about anchors: who learns what, what it costs, and the way from an anchor to its box."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app.code import Call, Script, Verbatim
from app.domains import Refused
from app.figures import frames, palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, dots, layout, line, short
from app.i18n import gettext as _
from app.memory import recalled
from core import anchors, boxes

LEFT, RIGHT = -0.3, 4.5  # the ends of the bars, on an axis of powers of ten
GAMMAS = (0.0, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Standing:
    """The anchors of a picture, its two objects, and what each anchor is to learn."""

    places: Tensor  # (n, 4), all anchors
    truth: Tensor  # (2, 4)
    table: Tensor  # (n, 2)
    found: anchors.Assignment


def grid(now: Mapping[str, Any], size_hw: tuple[int, int]) -> Call:
    """The call that sets the anchors."""
    if not now["scales"] or not now["ratios"]:
        raise Refused(_("Choose at least one scale and one ratio."))
    scales, ratios = ([float(v) for v in now[name]] for name in ("scales", "ratios"))
    given = {"size_hw": size_hw, "stride": int(now["stride"]), "scales": scales, "ratios": ratios}
    return Call(anchors.grid, given)


def standing(now: Mapping[str, Any], size_hw: tuple[int, int]) -> Standing:
    places: Tensor = recalled(grid(now, size_hw))
    truth = torch.tensor([frames.box(name, now) for name in "ab"])
    table = boxes.pairwise(places, truth)
    low, high = now["between"]
    return Standing(places, truth, table, anchors.assign(table, high, low, now["best"]))


def cell(places: Tensor, size_hw: tuple[int, int], stride: int, x: float, y: float) -> Tensor:
    """All anchors of the cell that a point lies in; beyond the picture, of the nearest cell."""
    rows, across = (-(-n // stride) for n in size_hw)
    row, column = min(int(y // stride), rows - 1), min(int(x // stride), across - 1)
    return places.reshape(rows, across, -1, 4)[row, column]


def middles(which: Tensor, size_hw: tuple[int, int], stride: int) -> Tensor:
    """The middles (k, 2) of the cells that have at least one of these anchors (n,)."""
    rows, across = (-(-n // stride) for n in size_hw)
    row, column = which.reshape(rows, across, -1).any(2).nonzero(as_tuple=True)
    return (torch.stack([column, row], 1) + 0.5) * stride


def written(now: Mapping[str, Any], size_hw: tuple[int, int]) -> dict[str, Any]:
    """The same as calls for the script."""
    places, (low, high) = grid(now, size_hw), now["between"]
    truth = Verbatim(f"torch.tensor({[frames.box(name, now) for name in 'ab']})")
    table = Call(boxes.pairwise, {"a": places, "b": truth})
    found = Call(anchors.assign, {"table": table, "high": high, "low": low, "best": now["best"]})
    return {"places": places, "truth": truth, "table": table, "found": found}


def given(now: Mapping[str, Any]) -> list[float]:
    return [now[name] for name in ("tx", "ty", "tw", "th")]


def settings(now: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Plain cross-entropy, and the focal loss of the sliders."""
    return [(0.0, 0.5), (now["gamma"], now["alpha"])]


def kinds(size_hw: tuple[int, int], **now: Any) -> Table:
    """How many anchors are what, and who learns each object."""
    s = standing(now, size_hw)
    n, rows = anchors.counts(s.found), anchors.census(s.found, 2)
    cells = [[_("positive"), str(n["positive"]), 
              _("of them only as the best of their object: {n}").format(n=n["forced"])],
             [_("ignored"), str(n["ignored"]), _("no loss, neither way")],
             [_("negative"), str(n["negative"]), _("background")]]  # fmt: skip
    cells += [[_("learn object {name}").format(name="AB"[i - 1]), str(count),
               _("the best IoU among them: {u}").format(u=short(best, 3))] for i, count, best in rows]  # fmt: skip
    return Table([_("anchors"), _("number"), ""], cells, _("How many anchors are what"))


def losses(size_hw: tuple[int, int], **now: Any) -> Table:
    """What all objects and all background cost together."""
    n = anchors.counts(standing(now, size_hw).found)
    rows = anchors.shares(n["positive"], n["negative"], now["p_object"], now["p_background"], settings(now))
    names = [_("cross-entropy"), _("focal loss")]
    cells = [[name, short(gamma, 2), short(alpha, 2), short(objects, 3), short(background, 3), short(share, 4)]
             for name, (gamma, alpha, objects, background, share) in zip(names, rows, strict=True)]  # fmt: skip
    titles = ["", "γ", "α", _("all objects"), _("all background"), _("share of the background")]
    return Table(titles, cells, _("What objects and background cost"))


def journey(size_hw: tuple[int, int], **now: Any) -> Table:
    """The way from the best anchor of A to A in four numbers."""
    s = standing(now, size_hw)
    rows = anchors.journey(anchors.fitting(s.places, s.table), s.truth[0], given(now))
    titles = {"anchor": _("the best anchor of A"), "object": _("A"), "needed": _("offsets that lead there"),
              "given": _("offsets of the sliders"), "made": _("what they make of the anchor")}  # fmt: skip
    cells = [[titles[name], *(short(v, 3) for v in row)] for name, row in rows]
    return Table(["", _("x1 · tx"), _("y1 · ty"), _("x2 · tw"), _("y2 · th")], cells, _("From an anchor to its box"))


def ledger(s: Standing, now: Mapping[str, Any]) -> tuple[list[Trace], list[str]]:
    """Bars on the axes 2: how many anchors are what, by powers of ten; whose loss it is. And the same in words."""
    n, data = anchors.counts(s.found), []
    right: dict[str, Any] = {"axes": "x2y2", "legend": False}
    names = {"negative": (_("negative"), palette.MUTED), "ignored": (_("ignored"), palette.PINK),
             "positive": (_("positive"), palette.BLUE)}  # fmt: skip
    words = [f"{label}: {n[name]}" for name, (label, _color) in names.items()]
    for row, (name, (_label, color)) in enumerate(names.items()):
        length = torch.tensor([max(n[name], 0.6)]).log10()
        data.append(frames.strip(length * 0 + LEFT, length, torch.tensor([float(row)]), "", color, **right))
    rows = anchors.shares(n["positive"], n["negative"], now["p_object"], now["p_background"], settings(now))
    for (*_rest, share), name, place in zip(rows, (_("cross-entropy"), _("focal loss")), (3.4, 4.4), strict=True):
        ends = torch.tensor([LEFT, LEFT + (RIGHT - LEFT) * (share if share == share else 0), RIGHT])
        at = torch.tensor([place])
        data += [frames.strip(ends[:1], ends[1:2], at, "", palette.MUTED, width=26, **right),
                 frames.strip(ends[1:2], ends[2:], at, "", palette.BLUE, width=26, **right)]  # fmt: skip
        words.append(_("{name}: {share}% background").format(name=name, share=short(100 * share, 1)))
    places = torch.tensor([0.0, 1.0, 2.0, 3.4, 4.4]) - 0.42
    data.append(line(torch.full((5,), LEFT - 0.06), places, "", palette.INK, mode="text", text=words,
                     textposition="middle right", textfont={"size": 16}, **right))  # fmt: skip
    return data, words


def script(now: Mapping[str, Any], size_hw: tuple[int, int]) -> Script:
    """The counts, who learns each object, the losses, and the way from the best anchor to A."""
    made, n = written(now, size_hw), anchors.counts(standing(now, size_hw).found)
    cost = {k: n[k] for k in ("positive", "negative")} | {k: now[k] for k in ("p_object", "p_background")}
    best = Call(anchors.fitting, {"anchors": made["places"], "table": made["table"]})
    box = Verbatim(f"torch.tensor({frames.box('a', now)})")
    return anchors.counts, (Call(anchors.census, {"found": made["found"], "objects": 2}),
                            Call(anchors.shares, cost | {"losses": settings(now)}),
                            Call(anchors.journey, {"anchor": best, "box": box, "given": given(now)}),
                            ), {"found": made["found"]}  # fmt: skip


def curves(gamma: float, p_object: float, p_background: float) -> Plot:
    """The loss against the probability of what is true."""
    p = torch.linspace(0.005, 0.995, 120, dtype=torch.float64)
    ones = torch.ones_like(p)
    data = [line(p, 2 * anchors.focal(p.logit(), ones, g, 0.5), f"γ = {g:g}", palette.MUTED, width=1.5,
                 dash=palette.DASHES[i % 4]) for i, g in enumerate(GAMMAS)]  # fmt: skip
    at = torch.tensor([p_object, 1 - p_background], dtype=torch.float64)
    marks = 2 * anchors.focal(at.logit(), torch.ones(2), gamma, 0.5)
    data += [line(p, 2 * anchors.focal(p.logit(), ones, gamma, 0.5), _("γ here"), palette.ACCENT, width=4),
             dots(at[:1], marks[:1], _("an object"), palette.BLUE, 13),
             dots(at[1:], marks[1:], _("a background anchor"), palette.MUTED, 13)]  # fmt: skip
    grid = columns([_("loss")], (0, 1), [(0, 3)], below=_("probability given to what is true"))
    alt = _("One object costs {a}, one background anchor {b}.")
    return Plot(data, layout(**grid), alt.format(a=short(marks[0].item(), 3), b=short(marks[1].item(), 5)))
