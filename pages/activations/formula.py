"""Your own formula: type a function and see its derivative, which automatic differentiation works out."""

from typing import Any

import streamlit as st
import torch

from app import formulas
from app.domains import Refused
from app.figures import palette
from app.figures.axes import columns, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import device
from core import formula as core
from core.activations import ACTIVATIONS

PRESETS = {
    "swish": Preset(_("Swish by hand"), {"formula": "x * sigmoid(a * x)", "functions": ["relu"]}),
    "elu": Preset(_("ELU from pieces"), {"formula": "where(x > 0, x, a * (exp(x) - 1))", "functions": ["elu"]}),
    "snake": Preset(_("Snake: a line with waves"), {"formula": "x + sin(a * x)**2 / a", "functions": ["relu"]}),
    "bump": Preset(_("A bump"), {"formula": "exp(-a * x**2)", "functions": ["sigmoid"]}),
    "kink": Preset(_("Kinks have no slope"), {"formula": "relu(x) - a * relu(x - 1)", "functions": ["relu"]}),
    "hole": Preset(_("NaN in the middle"), {"formula": "sqrt(x * x)", "functions": ["relu"], "x": 0.0}),
}

lab = Lab("activations-formula", PRESETS)
names = {id: _(a.title) for id, a in ACTIVATIONS.items()} | {formulas.OWN: _("your f")}
readable = formulas.ask(lab, default="x * sigmoid(a * x)")
functions = lab.choices("functions", _("Compare with"), {id: names[id] for id in ACTIVATIONS}, ["relu"])
x = lab.slider("x", _("Probe x"), -10.0, 10.0, 1.0, 0.1, help=_("Or drag the line in the picture."))
with lab.fold(_("More")):
    lab.slider("span", _("Range of x"), -10.0, 10.0, (-5.0, 5.0), 0.5)
now = lab.values
if readable:
    use = {n: v for n, v in now.items() if n in ("formula", *core.PARAMETERS)}
    use |= {"activation": formulas.OWN, "depth": 50}
    with lab.words():
        st.page_link("../pages/activations/depth.py", label=_("Send it through fifty layers"), icon=":material/layers:",
                     query_params={f"activations-depth.{n}": str(v) for n, v in use.items()})  # fmt: skip


def stage(functions: list[str], x: float, span: tuple[float, float], **shape: Any) -> Plot:
    """f and f′ of your formula among known functions; the dots are slopes measured without autograd."""
    if span[1] - span[0] < 0.5:
        raise Refused(_("The range of x is empty: pull its two ends apart."))
    z = core.grid(*span, device=str(device.exact()))
    probe = torch.full((1,), x, device=z.device, dtype=z.dtype)
    data, seen, alt = [], [list[torch.Tensor](), list[torch.Tensor]()], []
    for place, id in enumerate([*functions, *[formulas.OWN] * readable]):
        own = id == formulas.OWN
        color, dash = (palette.RED, "solid") if own else palette.style(place + (place > 0))
        f = formulas.function(id, **shape)
        for panel, (axes, y) in enumerate(zip(("xy", "x2y2"), core.value_and_slope(f, z), strict=True)):
            data.append(line(z, core.broken_at_poles(y), names[id], color, dash=dash, width=4 if own else 2.5,
                             axes=axes, legend=not panel, legendgroup=id))  # fmt: skip
            # A pole must not flatten all the rest: what is far outside the usual is left to run out of the picture.
            seen[panel].append(y[y.abs() < 8 * (1 + y.abs().nanmedian())])
        value, slope = core.value_and_slope(f, probe)
        alt.append(f"{names[id]}: f = {value.item():.3f}, f′ = {slope.item():.3f}")
        if own:
            every = z[10::20]
            data.append(dots(every, core.differences(f, every), _("finite differences"), palette.PAPER[0], 8,
                             axes="x2y2", marker={"line": {"color": color, "width": 2}}, hoverinfo="skip"))  # fmt: skip
    grid = columns([_("f(x)"), _("f′(x)")], span, [stable_range(y) for y in seen], below="x")
    return Plot(data, layout(**grid), _("At x = {x:g}").format(x=x) + ". " + "; ".join(alt))


def report(x: float, span: tuple[float, float], formula: str, **shape: Any) -> core.Report:
    return core.report(formula, x, *span, **{n: shape[n] for n in core.PARAMETERS if n in shape})


def probe(x: float, **now: Any) -> Table:
    """Your f and its slope at one point, by both ways."""
    told = report(x, **now)
    row = [names[formulas.OWN], *(short(value, 4) for value in (told.f, told.df, told.difference))]
    titles = [_("at x = {x:g}").format(x=x), "f(x)", _("f′ by autograd"), _("f′ by differences")]
    return Table(titles, [row], _("f and f′ at the probe"))


def badge(**now: Any) -> Table:
    """The largest difference between autograd and finite differences, and what could not be compared."""
    check = report(**now).check
    gap = f"{check.gap:.1e}" if check.compared else "–"
    titles = [_("over the whole range"), _("largest gap"), _("kinks"), _("undefined")]
    row = [_("autograd against differences"), gap, str(check.kinks), str(check.undefined)]
    return Table(titles, [row], _("Autograd and finite differences differ by {gap} at most").format(gap=gap))


if functions or readable:
    both = [Handle("x", label=_("Probe x")), Handle("x", label=_("Probe x"), xaxis="xaxis2", yaxis="yaxis2")]
    lab.live(stage, handles=both)
else:
    lab.say(_("Mend the formula on the left, or choose a function to look at."))
if readable:
    lab.live(probe, height=0, place=lab.stage)
    lab.live(badge, height=0, place=lab.stage)
lab.look(_("The dots are slopes measured with two nearby points; the line is what automatic differentiation "
           "says, without being told any derivative. At a kink there is no slope for them to agree on."))  # fmt: skip
lab.theory()
if readable:
    own = {n: now[n] for n in core.parse(now["formula"]).parameters}
    lab.code(core.report, text=now["formula"], x=x, low=now["span"][0], high=now["span"][1], **own)
