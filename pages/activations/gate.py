"""Gates: one half of a layer decides how much of the other half gets through."""

import torch

from app.code import Call
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, arrows, dots, heat, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import activations, gates
from core.gates import GATES

PRESETS = {
    "open": Preset(_("An open gate: the value passes"), {"gate": "glu", "v": 3.0}),
    "closed": Preset(_("Closed: hardly anything gets through"), {"gate": "glu", "v": -3.0}),
    "dead": Preset(_("ReGLU can die"), {"gate": "reglu", "v": -1.0}),
    "unused": Preset(_("Value 0: the gate cannot learn"), {"u": 0.0, "v": 1.0}),
    "bilinear": Preset(_("No function, and still not linear"), {"gate": "bilinear"}),
}
REACH = 3.0
Z = torch.linspace(-REACH, REACH, 65, dtype=torch.float64)

lab = Lab("activations-gate", PRESETS)
lab.choice("gate", _("Gate"), {id: _(g.title) for id, g in GATES.items()}, "swiglu")
lab.slider("u", _("Value u"), -REACH, REACH, 2.0, 0.1, help=_("Or drag the circle in the picture."))
lab.slider("v", _("Gate v"), -REACH, REACH, 1.5, 0.1)


def function(gate: str) -> Call:
    return Call(activations.bind, {"name": GATES[gate].activation})


def surface(gate: str) -> torch.Tensor:
    """u f(v) over (v, u): rows are u, columns are v."""
    return gates.gated(function(gate)(), Z.unsqueeze(1), Z.unsqueeze(0)).y.float()


def stage(gate: str, u: float, v: float) -> Plot:
    """Left: y over value and gate, and where it grows fastest. Right: the two cuts through the point."""
    f, here, y = function(gate)(), torch.tensor([u, v], dtype=Z.dtype), surface(gate)
    at = gates.passed(f, u, v)
    most = y.abs().max().item()
    by_gate, by_value = u * f(Z), Z * f(here[1:])
    bend = [palette.BLUE, palette.BLUE + "70", palette.GRID, palette.RED + "70", palette.RED]
    slope = torch.tensor([[at.dv], [at.du]], dtype=Z.dtype)
    size = slope.norm().clamp(min=1e-9)
    # The arrow starts at the point.
    middle = here.flip(0).unsqueeze(1) + 0.6 * (size / 0.6).tanh() * slope / size
    room = 1.08 * most
    data = [
        heat(y, Z, Z, bend, -most, most),
        line(Z, torch.full_like(Z, u), "", palette.ORANGE, width=2, legend=False),
        line(torch.full_like(Z, v), Z, "", palette.GREEN, width=2, legend=False),
        arrows(middle[0], middle[1], slope[0], slope[1], (0.6, 0.6), palette.INK)
        | {"line": {"color": palette.INK, "width": 3, "simplify": False}},
        line(Z, by_gate, "y(v)", palette.ORANGE, axes="x2y2"),
        line(Z, by_value, "y(u)", palette.GREEN, axes="x2y2"),
        line(Z, f(Z), "f(v)", palette.MUTED, dash="dash", width=2, axes="x2y2"),
        dots(here.flip(0), torch.full_like(here, at.y), "", [palette.ORANGE, palette.GREEN], 12, axes="x2y2",
             legend=False),
    ]  # fmt: skip
    grid = columns([_("value u"), "y = u · f(v)"], (-REACH, REACH), [(-REACH, REACH), (-room, room)], gap=0.13)
    grid["xaxis"]["title"]["text"], grid["xaxis2"]["title"]["text"] = _("gate v"), _("u or v")
    alt = _("u = {u}, v = {v}: y = {y}; by the value {du}, by the gate {dv}.").format(
        u=short(u, 1), v=short(v, 1), y=short(at.y), du=short(at.du), dv=short(at.dv))  # fmt: skip
    return Plot(data, layout(**grid), alt)


def numbers(gate: str, u: float, v: float) -> Table:
    """The gate at the point, and the plain activation with the same input."""
    at = gates.passed(function(gate)(), u, v)
    rows = [
        [_(GATES[gate].title), *(f"{number:.4f}" for number in (at.y, at.du, at.dv))],
        [_("f alone"), f"{at.f:.4f}", "–", f"{at.df:.4f}"],
    ]
    return Table(["", "y", "∂y/∂u", "∂y/∂v"], rows, _("Gate and plain activation"))


lab.live(stage, handles=[Handle("v", "u", _("Value and gate"), True)])
lab.live(numbers, height=0)
lab.look(_("The green cut is always a straight line: y is linear in the value, and the gate sets its slope. Close the "
           "gate and it lies flat. The orange cut is f, stretched by the value: at u = 0 the gate gets no "
           "gradient at all."))  # fmt: skip
lab.theory()
now = lab.values
lab.code(gates.passed, f=function(now["gate"]), u=now["u"], v=now["v"])
