"""What the pages on labels draw: probabilities along a magnitude with the pictures below, shares by class, views."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

import torch
from torch import Tensor

from app.augment.readings import Curve
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.plot import Plot, Trace, layout, line
from app.figures.rods import rods, words
from app.i18n import gettext as _

LEFT, RIGHT = [0.0, 0.66], [0.76, 1.0]
BARE: dict[str, Any] = {"showgrid": False, "zeroline": False, "ticks": ""}
FAINT = (palette.RED + "b0", palette.PAPER[0] + "00", palette.BLUE + "b0")  # shares: none, half, all
OTHERS = tuple(c for c in palette.SERIES if c != palette.GREEN)  # green is the label
RIGHT_OR_NOT = {True: palette.GREEN, False: palette.RED}  # is it the label?


def along(found: Curve, now: tuple[float, Tensor, Tensor], truth: int, names: Sequence[str], title: str) -> Plot:
    """Probabilities along the magnitude and the pictures below them; at the right what stands at the line.

    `now`: the value at the line, what the network sees there (28, 28), and what it says (10,).
    """
    value, seen, said = now
    low, high = found.values[0], found.values[-1]
    half = (high - low) / max(1, len(found.tiles) - 1) / 2 or 1.0
    data = [*_curves(found, truth, names), *_tiles(found, truth, names)]
    data += [maps.shown(seen, "3"), *_answers(said, truth, "x4y4")]
    at, ticks = 28 * torch.arange(len(found.tiles)) + 13.5, [number(found.values[i]) for i in found.tiles]
    grid = {"xaxis": axis(domain=LEFT, range=[low - half, high + half], anchor="y", showticklabels=False, **BARE),
            "yaxis": axis(_("probability"), domain=[0.46, 1], range=[-0.03, 1.05], anchor="x"),
            "xaxis2": axis(title, domain=LEFT, range=[-0.5, 28 * len(found.tiles) - 0.5], anchor="y2", **BARE,
                           tickvals=at.tolist(), ticktext=ticks),
            "yaxis2": axis(domain=[0.05, 0.39], range=[27.5, -11.5], anchor="x2", showticklabels=False, **BARE),
            **maps.frame("3", _("at the line"), (28, 28), RIGHT, (0.56, 1)),
            **_rows("4", names, RIGHT, (0, 0.5))}  # fmt: skip
    narrow = {"margin": {"l": 30, "t": 44}, "legend": {"entrywidth": 12, "font": {"size": 12}},
              "xaxis2": {"tickfont": {"size": 11, "color": palette.MUTED}}, "yaxis": {"title": {"text": ""}},
              "xaxis4": {"range": [0, 1.95]},
              "yaxis3": {"domain": [0.68, 1]}, "yaxis4": {"domain": [0, 0.6]}}  # fmt: skip
    frame = {"margin": {"l": 56, "r": 8, "t": 36, "b": 28}, "meta": {"narrow": narrow}}
    alt = _("At {value} the network says {name}, with probability {p:.2f}; the label is {label}.")
    best = int(said.argmax())
    alt = alt.format(value=number(value), name=names[best], p=said[best], label=names[truth])
    return Plot(data, layout(**grid, **frame), alt)


def number(value: float) -> str:
    """A value of a control as it stands there."""
    return f"{value:g}".replace("-", "−")


def _curves(found: Curve, truth: int, names: Sequence[str]) -> list[Trace]:
    """A line for each class, the label's on top; the legend names those that ever count."""
    data, x, most = [], torch.tensor(found.values), found.said.amax(0)
    for c in sorted(range(len(names)), key=lambda c: c == truth):
        name = _("{name}, the label").format(name=names[c]) if c == truth else names[c]
        color, dash = OTHERS[c % len(OTHERS)], palette.DASHES[c // len(OTHERS)]
        if c == truth:
            color, dash = palette.GREEN, "solid"
        named = bool(most[c] > 0.3) or c == truth
        data.append(line(x, found.said[:, c], name, color, width=4.5 if c == truth else 2.5, dash=dash, legend=named))
    return data


def _tiles(found: Curve, truth: int, names: Sequence[str]) -> list[Trace]:
    """The pictures in a row, and above each what the network says."""
    says = found.said[found.tiles].argmax(1).tolist()
    at = 28 * torch.arange(len(says)) + 13.5
    told = words(at, torch.full_like(at, -6.0), [f"<b>{names[c]}</b>" for c in says], "x2y2")
    told["textfont"] = {"color": [palette.letters(RIGHT_OR_NOT[c == truth]) for c in says], "size": 15}
    return [maps.shown(torch.cat(list(found.seen[found.tiles]), 1), "2"), told]


def _answers(said: Tensor, truth: int, axes: str) -> list[Trace]:
    colors = [palette.GREEN if c == truth else palette.BLUE for c in range(len(said))]
    return rods(said, colors, [f"{p:.2f}" for p in said.tolist()], 1.06, axes)


def _rows(n: str, names: Sequence[str], x: Sequence[float], y: Sequence[float], title: str = "") -> dict[str, Any]:
    """The axes of a bar for each class."""
    across = axis(title, domain=[x[0] + 0.05, x[1]], range=[0, 1.45], anchor=f"y{n}", side="top",
                  showticklabels=False, **BARE)  # fmt: skip
    down = axis(domain=list(y), range=[len(names) - 0.4, -0.6], anchor=f"x{n}", tickvals=list(range(len(names))),
                ticktext=list(names), **BARE)  # fmt: skip
    return {f"xaxis{n}": across, f"yaxis{n}": down}


def by_class(found: Tensor, stops: Sequence[float], names: Sequence[str], title: str, each: int) -> Plot:
    """Which classes bear it: the share of pictures (classes, n) that are still read right, in per cent."""
    data = [maps.shown(found, colors=FAINT, hoverinfo="skip"),
            maps.numbers(found * 100, "", 0) | {"xaxis": "x", "yaxis": "y"}]  # fmt: skip
    over = _("per cent of {n} test pictures of each class that are still read right").format(n=each)
    grid = {"xaxis": axis(title, tickvals=list(range(len(stops))), ticktext=[number(s) for s in stops],
                          range=[-0.5, len(stops) - 0.5], anchor="y", **BARE),
            "yaxis": axis(tickvals=list(range(10)), ticktext=list(names), range=[9.5, -0.5], anchor="x",
                          **BARE)}  # fmt: skip
    note = [{"text": "<br>".join(wrap(over, 44)), "xref": "paper", "yref": "paper", "x": 0, "y": 1.02,
             "yanchor": "bottom", "xanchor": "left", "align": "left", "showarrow": False,
             "font": {"size": 15}}]  # fmt: skip
    said = "; ".join(f"{name}: {share:.0%}" for name, share in zip(names, found.mean(1).tolist(), strict=True))
    narrow = {"xaxis": {"tickangle": 0, "tickfont": {"size": 11, "color": palette.MUTED}}}
    frame = {"margin": {"l": 90, "r": 8, "t": 54, "b": 44}, "annotations": note, "meta": {"narrow": narrow}}
    return Plot(data, layout(**grid, **frame), said)


def votes(seen: Tensor, said: Tensor, alone: tuple[Tensor, Tensor], truth: int, names: Sequence[str]) -> Plot:
    """Views of a picture, what the network says to each, and their mean beside what it says to the untouched one.

    `alone`: the untouched picture (28, 28), and what the network says to it (10,).
    """
    mean, across = said.mean(0), 4 if len(seen) <= 12 else 6
    down = -(-len(seen) // across)
    gap_x, gap_y = 3, 11  # room for the words above each view
    tiles = maps.tiled(torch.nn.functional.pad(seen, (0, gap_x, gap_y, 0), value=torch.nan), across, 0)
    at = torch.arange(len(seen))
    middle, above = at % across * (28 + gap_x) + 13.5, at // across * (28 + gap_y) + gap_y / 2 - 0.5
    says = said.argmax(1).tolist()
    crowded = across > 4 and max(map(len, names)) > 2
    told = [names[c] if crowded else f"{names[c]} {said[i, c]:.2f}" for i, c in enumerate(says)]
    texts = words(middle, above, told, "xy", size=13)
    texts["textfont"] = {"color": [palette.letters(RIGHT_OR_NOT[c == truth]) for c in says], "size": 13}
    data: list[Trace] = [
        maps.shown(tiles, hoverinfo="skip"),
        texts,
        maps.shown(alone[0], "2", hoverinfo="skip"),
    ]
    data += _answers(mean, truth, "x3y3")
    data += rods(alone[1], [palette.INK] * 10, [""] * 10, 1.1, "x3y3", 4)
    best, agree = int(mean.argmax()), (said.argmax(1) == mean.argmax()).float().mean().item()
    title = _("{n} views: {share:.0%} say {name}").format(n=len(seen), share=agree, name=names[best])
    rows = _rows("3", names, [0.74, 1.0], (0, 0.55), _("mean; thin: alone"))
    first = _("untouched: {name}").format(name=names[int(alone[1].argmax())])
    size = (max(2, down) * (28 + gap_y), across * (28 + gap_x))
    grid = maps.frame("", title, size, (0, 0.66)) | maps.frame("2", first, (28, 28), (0.78, 1), (0.68, 1))
    places: dict[str, tuple[str, list[float]]] = {
        "": (title, [0, 0.64]), "2": (first, [0.72, 1]), "3": (_("mean"), [0.74, 1])}  # fmt: skip
    narrow = {f"xaxis{n}": {"title": {"text": text, "font": {"size": 12}}, "domain": place}
              for n, (text, place) in places.items()}  # fmt: skip
    frame = {"margin": {"l": 8, "r": 8, "t": 36, "b": 12}, "showlegend": False, "meta": {"narrow": narrow}}
    alt = _("{n} views: their mean says {name} with probability {p:.2f}; {share:.0%} of them agree.")
    return Plot(
        data,
        layout(**grid, **rows, **frame),
        alt.format(n=len(seen), name=names[best], p=mean[best], share=agree),
    )


def hurts(found: Tensor, names: Sequence[str], n: int) -> Plot:
    """Right answers by class (3, classes): untouched, one view, the mean of n."""
    at, data = torch.arange(len(names)), []
    titles = (_("untouched"), _("one view"), _("mean of {n} views").format(n=n))
    for values, title, color in zip(found, titles, (palette.MUTED, palette.ORANGE, palette.GREEN), strict=True):
        data.append({"type": "bar", "x": at, "y": 100 * values, "name": title, "marker": {"color": color},
                     "hoverinfo": "y"})  # fmt: skip
    grid = {"xaxis": axis(tickvals=at.tolist(), ticktext=list(names), anchor="y", **BARE),
            "yaxis": axis(_("right, per cent"), range=[0, 104], anchor="x")}  # fmt: skip
    share = found.mean(1).tolist()
    said = "; ".join(f"{title}: {value:.0%}" for title, value in zip(titles, share, strict=True))
    return Plot(data, layout(**grid, barmode="group", bargap=0.25), said)
