"""Channels: which output sees which input, from all to one, and what that costs."""

from typing import Any

import torch

from app.code import Call
from app.domains import Refused
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, layout
from app.figures.rods import rods
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import channels

PRESETS = {
    "standard": Preset(_("Standard: every output sees every input"), {"groups": 1}),
    "depthwise": Preset(_("Depthwise: each channel by itself"), {"groups": 16}),
    "pointwise": Preset(_("Pointwise: mixes channels, not places"), {"groups": 1, "k": 1}),
    "mobilenet": Preset(_("MobileNet: both, one after the other"), {
        "block": "two", "c_in": 64, "c_out": 128, "groups": 1}),
    "resnext": Preset(_("ResNeXt: 32 groups"), {"c_in": 128, "c_out": 128, "groups": 32}),
    "few": Preset(_("One output: two layers cost more"), {"block": "two", "c_out": 1, "groups": 1}),
}  # fmt: skip
KINDS = {"standard": _("standard"), "grouped": _("grouped"), "depthwise": _("depthwise"),
         "pointwise": _("pointwise 1×1"), "separable": _("depthwise<br>+ pointwise")}  # fmt: skip
COLORS = [palette.MUTED, palette.BLUE, palette.GREEN, palette.PINK, palette.ORANGE]
FINE = 140  # up to this many squares a side, each weight is a square of its own

lab = Lab("convolution-channels", PRESETS)
sides = [lab.slider("c_in", _("Channels in"), 1, 128, 16), lab.slider("c_out", _("Channels out"), 1, 128, 16)]
lab.slider("k", _("Kernel k × k"), 1, 7, 3)
lab.slider("groups", _("Groups"), 1, 128, 4, stops=channels.groups_that_fit(*sides),
           help=_("Must divide both numbers of channels."))  # fmt: skip
lab.slider("size", _("Output, pixels a side"), 1, 224, 56)
lab.choice("block", _("Weights of"), {"one": _("One layer"), "two": _("Two layers")},
           help=_("Two layers: first depthwise, then pointwise."))  # fmt: skip


def fits(c_in: int, c_out: int, groups: int) -> None:
    """One sentence where the groups do not divide the channels."""
    possible = channels.groups_that_fit(c_in, c_out)
    if groups not in possible:
        text = _("{g} groups do not divide {c_in} channels in and {c_out} channels out; these do: {fit}.")
        raise Refused(text.format(g=groups, c_in=c_in, c_out=c_out, fit=", ".join(map(str, possible))))


def count(n: int) -> str:
    """A number of weights or operations, short enough for a bar."""
    for size, unit in ((10**9, _("G")), (10**6, _("M")), (10**3, _("k"))):
        if n >= size:
            return f"{n / size:.3g} {unit}"
    return str(n)


def stage(c_in: int, c_out: int, k: int, groups: int, size: int, block: str) -> Plot:
    """Left the weights, a row for each output, a column for each input; right what five ways cost."""
    fits(c_in, c_out, groups)
    costs = channels.compare(c_in, c_out, k, groups, size)
    shown = [(channels.connections(c_in, c_out, groups), k, _("channels in"))]
    if block == "two":
        shown = [(channels.connections(c_in, c_in, c_in), k, _("depthwise: in")),
                 (channels.connections(c_in, c_out, 1), 1, _("pointwise: in"))]  # fmt: skip
    grid: dict[str, Any] = {}
    width, data = 0.56 / len(shown), []
    for i, (seen, side, title) in enumerate(shown):
        fine = max(seen.shape) * (side + 1) <= FINE
        drawn, share = (channels.weights_drawn(seen, side), side / (side + 1)) if fine else (seen, 1.0)
        trace, axes = maps.matrix(drawn, seen.shape, share, str(i + 3), (_("channels out"), title),
                                  (i * width, (i + 1) * width - 0.04))  # fmt: skip
        data.append(trace)
        grid |= axes
    names = [_(name) for name in KINDS.values()]
    for field, n, x in (("parameters", "", [0.7, 0.83]), ("multiply_adds", "2", [0.87, 1.0])):
        numbers = [getattr(c, field) for c in costs]
        values, texts, most = torch.tensor(numbers, dtype=torch.float64), [*map(count, numbers)], max(numbers)
        data += rods(values, COLORS, texts, 1.2 * most, f"x{n}y{n}", 20)
        title = _("parameters") if n == "" else _("multiply-adds")
        grid[f"xaxis{n}"] = axis(title, domain=x, range=[0, 2.8 * most], side="top", anchor=f"y{n}",
                                 showticklabels=False, showgrid=False, zeroline=False)  # fmt: skip
        grid[f"yaxis{n}"] = axis(range=[4.5, -0.5], anchor=f"x{n}", tickvals=[0, 1, 2, 3, 4], ticktext=names,
                                 showticklabels=n == "", showgrid=False, zeroline=False)  # fmt: skip
    places = {"xaxis": [0.3, 0.55], "xaxis2": [0.7, 0.95], "yaxis": [0, 0.42], "yaxis2": [0, 0.42],
              "xaxis3": [0, 1 / len(shown) - 0.04], "xaxis4": [0.54, 1],
              "yaxis3": [0.58, 1], "yaxis4": [0.58, 1]}  # fmt: skip
    narrow = {name: {"domain": place} for name, place in places.items() if name in grid}
    frame = {"margin": {"l": 48, "r": 12, "t": 60, "b": 12}, "showlegend": False, "meta": {"narrow": narrow}}
    alt = _("{g} groups: each output sees {seen} of {c_in} inputs. {parameters} parameters instead of {all}.")
    alt = alt.format(g=groups, seen=c_in // groups, c_in=c_in, parameters=costs[1].parameters, all=costs[0].parameters)
    return Plot(data, layout(**grid, **frame), alt)


def numbers(c_in: int, c_out: int, k: int, groups: int, size: int) -> Table:
    """The same in full."""
    fits(c_in, c_out, groups)
    cells = [[_(KINDS[c.kind]).replace("<br>", " "), str(c.parameters), str(c.multiply_adds), f"{c.share:.4f}"]
             for c in channels.compare(c_in, c_out, k, groups, size)]  # fmt: skip
    titles = ["", _("parameters"), _("multiply-adds"), _("share of the standard")]
    return Table(titles, cells, _("What five kinds of convolution cost"))


lab.live(stage)
lab.live(numbers, height=0)
lab.look(_("Drag the groups from 1 up: the blocks off the diagonal go, and with them the cost. With as many groups as "
           "channels none of them hears of the others; a pointwise layer behind it mixes them again, at 1/C_out + 1/k² "
           "of the price of the standard layer."))  # fmt: skip
lab.theory()
now = {name: lab.controls[name].value for name in ("c_in", "c_out", "k", "groups", "size")}
if now["groups"] in channels.groups_that_fit(now["c_in"], now["c_out"]):
    saving = Call(channels.saving, {"c_out": now["c_out"], "k": now["k"]})
    lab.code(channels.compare, saving, **now)
