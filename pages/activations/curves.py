"""Activations: what a function does to its input, and how much gradient it lets through."""

from typing import Any

import torch

from app.domains import Refused
from app.figures import palette
from app.figures.axes import columns, rows, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import activations, device
from core.activations import ACTIVATIONS

PRESETS = {
    "sigmoid": Preset(_("Sigmoid saturates"), {"functions": ["sigmoid"], "x": 4.0, "tangent": True}),
    "repairs": Preset(_("ReLU and its repairs"), {"functions": ["relu", "leaky_relu", "elu"], "x": -2.0}),
    "smooth": Preset(_("Smooth ReLUs"), {"functions": ["gelu", "silu", "mish"], "x": -0.8, "second": True}),
    "selu": Preset(_("Why SELU has odd constants"), {"functions": ["elu", "selu"], "x": -1.0}),
    "copies": Preset(_("Cheap copies"), {"functions": ["sigmoid", "hard_sigmoid", "silu", "hard_swish"]}),
    "gelu": Preset(_("GELU and its shortcut"), {"functions": ["gelu", "gelu_tanh"], "x": -2.0, "apart": True}),
}

lab = Lab("activations", PRESETS)
names = {id: _(a.title) for id, a in ACTIVATIONS.items()}
functions = lab.choices("functions", _("Functions"), names, ["sigmoid", "tanh", "relu"])
x = lab.slider("x", _("Probe x"), -6.0, 6.0, 2.0, 0.1, help=_("Or drag the line in the picture."))
for parameter in (p for id in functions for p in ACTIVATIONS[id].parameters):
    owner = next(_(a.title) for a in ACTIVATIONS.values() if parameter in a.parameters)
    lab.slider(parameter.name, f"{owner}: ${parameter.symbol}$", parameter.low, parameter.high,
               parameter.default, parameter.step)  # fmt: skip
lab.choice("view", _("f and f′"), {"side": _("Side by side"), "over": _("Overlaid")})
with lab.fold(_("More")):
    lab.slider("span", _("Range of x"), -10.0, 10.0, (-6.0, 6.0), 0.5)
    lab.slider("threshold", _("Saturated where |f′| is below"), 0.01, 0.5, 0.05, log=True)
    lab.toggle("tangent", _("Tangent at the probe"))
    lab.toggle("second", _("Second derivative f″"))
    apart = lab.toggle("apart", _("Difference of the first two"))
shape = {n: v for n, v in lab.values.items() if n in activations.PARAMETERS}


def stage(functions: list[str], x: float, view: str, span: tuple[float, float], threshold: float,
          tangent: bool, second: bool, **shape: Any) -> Plot:  # fmt: skip
    """f, f′ and f″ of every chosen function, each in its colour; broad where the function is saturated."""
    if span[1] - span[0] < 0.5:
        raise Refused(_("The range of x is empty: pull its two ends apart."))
    z = torch.linspace(*span, 301, device=device.current())
    side = view == "side"
    panels = ["f", "df"] + ["d2f"] * second
    axes = ["xy", "x2y2" if side else "xy", "x3y3" if side else "x2y2"]
    data, alt = [], []
    points, seen = ({where: list[Any]() for where in axes} for _both in range(2))
    for place, id in enumerate(functions):
        color, dash = palette.style(place)
        curve = activations.curve(id, z, **activations.own(id, shape))
        at = activations.curve(id, torch.tensor(x, device=z.device), **activations.own(id, shape))
        flat = torch.where(activations.saturated(curve.df, threshold), curve.f, torch.nan)
        data.append(line(z, flat, "", color + "38", width=14, legend=False, hoverinfo="skip"))
        for panel, where in zip(panels, axes, strict=False):
            stroke = "dot" if panel == "df" and not side else dash
            data.append(line(z, getattr(curve, panel), names[id], color, dash=stroke, axes=where,
                             legend=panel == "f", legendgroup=id))  # fmt: skip
            points[where].append((getattr(at, panel), color))
            seen[where].append(getattr(curve, panel))
        if tangent:
            reach = torch.tensor([x - 1.5, x + 1.5], device=z.device)
            data.append(line(reach, at.f + at.df * (reach - x), "", palette.INK, width=1.5, legend=False))
        alt.append(f"{names[id]}: f = {at.f:.3f}, f′ = {at.df:.3f}")
    for where, marks in points.items():
        if marks:
            y, colors = torch.stack([value for value, color in marks]), [color for value, color in marks]
            data.append(dots(torch.full_like(y, x), y, "", colors, axes=where, legend=False, hoverinfo="skip"))
    titles = [_("f(x)"), _("f′(x)")] if side else [_("f(x), dotted f′(x)")]
    ranges = [stable_range(y) for y in seen.values() if y]
    grid = columns([*titles, _("f″(x)")] if second else titles, span, ranges, below="x")
    return Plot(data, layout(**grid), _("At x = {x:g}").format(x=x) + ". " + "; ".join(alt))


def numbers(functions: list[str], x: float, **shape: Any) -> Table:
    """The exact values at the probe."""
    probes = activations.probe(functions, x, **{n: v for n, v in shape.items() if n in activations.PARAMETERS})
    cells = [[names[p.name], *(f"{n:.4f}" for n in (p.f, p.df, p.d2f)), short(p.lipschitz, 4)] for p in probes]
    titles = [_("at x = {x:g}").format(x=x), "f(x)", "f′(x)", "f″(x)", _("Lipschitz: largest |f′|")]
    return Table(titles, cells, _("f and its derivatives at the probe"))


def difference(functions: list[str], x: float, span: tuple[float, float], **shape: Any) -> Plot:
    """The first chosen function minus the second, on a scale of its own: for those that lie on one another."""
    z = torch.linspace(*span, 301, dtype=torch.float64)
    first, second = (activations.curve(id, z, **activations.own(id, shape)) for id in functions[:2])
    gap, name = first.f - second.f, f"{names[functions[0]]} − {names[functions[1]]}"
    grid = rows([_("difference")], span, [stable_range([gap])], below="x")
    alt = _("{name}: at most {most:.2g} on this range.").format(name=name, most=gap.abs().max())
    return Plot([line(z, gap, name, palette.INK)], layout(**grid, showlegend=True), alt)


if functions:
    lab.live(stage, handles=[Handle("x", label=_("Probe x")), Handle("x", label=_("Probe x"), xaxis="xaxis2")])
    if apart and len(functions) > 1:
        lab.live(difference, height=240, handles=[Handle("x", label=_("Probe x"))])
    lab.live(numbers, height=0)
    lab.csv(lambda: activations.samples(functions, lab.controls["span"].value, **shape))
else:
    lab.say(_("Choose at least one function on the left."))
lab.look(_("Where a curve is drawn broad, its derivative is close to zero: hardly any gradient gets through. Drag the "
           "probe and compare f′: sigmoid never passes more than a quarter, ReLU passes all or nothing."))  # fmt: skip
lab.theory()
lab.code(activations.probe, functions=functions, x=x, **shape)
