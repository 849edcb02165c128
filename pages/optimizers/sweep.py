"""Rate and momentum: each cell of the map is a whole run; drag the point, and its run is walked beside it."""

import math
from typing import Any

import torch

from app.code import Call
from app.figures import palette, paths, terrain
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.memory import recalled
from app.optimizers import walk_controls as ask
from app.optimizers import walks
from core import landscapes
from core.optimizers import RULES

PRESETS = {
    "wedge": Preset(_("The best cells lie close to the limit"), {"rho": 0.6, "lg": -0.9}),
    "steep": Preset(_("A steep ravine asks for more momentum"), {"kappa": 200.0, "rho": 0.85, "lg": -2.05}),
    "nesterov": Preset(_("Nesterov has a lower limit"), {"rule": "nesterov", "rho": 0.9, "lg": -1.2}),
    "adam": Preset(_("Adam: no rate blows up"), {"rule": "adam", "rho": 0.9, "lg": -0.7}),
    "bent": Preset(_("No quadratic: the line is a hint"), {"surface": "rosenbrock", "steps": 200, "lg": -3.0}),
}
# What the second axis is, for each rule that has a memory of direction.
AXES = {
    "momentum": "rho",
    "nesterov": "rho",
    "rmsprop": "rho",
    "adam": "beta1",
    "nadam": "beta1",
    "adamax": "beta1",
}
LOW, HIGH, N = -4.0, 1.0, 61

lab = Lab("optimizers-sweep", PRESETS)
surface, readable = ask.choose_surface(lab, data=False)
rule = lab.choice("rule", _("Rule"), {id: _(RULES[id].title) for id in AXES}, "momentum")
lab.slider("lg", _("Learning rate, log₁₀ η"), LOW, HIGH, -1.3, 0.01)
lab.slider("rho", _("Momentum ρ (β₁ of Adam)"), 0.0, 0.99, 0.8, 0.01)
lab.slider("steps", _("Steps"), 1, 300, 80)
start = ask.place_start(lab, surface)
second, symbol = AXES[rule], "β₁" if AXES[rule] == "beta1" else "ρ"
rates, memories = (
    landscapes.steps_between(10**LOW, 10**HIGH, N, log=True),
    landscapes.steps_between(0.0, 0.99, N),
)


def sweep_call(now: dict[str, Any], rows: list[float], columns: list[float]) -> Call:
    return Call(landscapes.sweep, {"walk": walks.walker_call(rule, now, second, "lr"), "f": walks.parts(now)["f"],
                                   "start": walks.start_of(now), "rows": rows, "columns": columns})  # fmt: skip


def found_for(now: dict[str, Any]) -> landscapes.Sweep:
    return recalled(sweep_call(now, memories, rates))


def stage(lg: float, rho: float, **now: Any) -> Plot:
    """Left, the loss at the end of each run; right, the run of the chosen cell."""
    now = {**now, "lg": lg, "rho": rho}
    found, on = found_for(now), walks.ground(now)
    data = [terrain.losses(found, on.lowest)]
    if (steepest := on.steepest) is not None and rule in ("momentum", "nesterov"):
        edge = [math.log10(landscapes.stability_limit(steepest, m, rule == "nesterov")) for m in memories]
        title = _("limit on a quadratic")
        data.append(line(torch.tensor(edge), found.rows, title, palette.RED, width=3, hoverinfo="skip"))
    right = {"xaxis": "x2", "yaxis": "y2"}
    way = walks.walked([rule], {**now, "lr": 10**lg, f"{rule}_{second}": rho}).paths[rule]
    data.append(terrain.contours(*walks.seen(now)) | right)
    data += [trace | right for trace in paths.trail(way.points, _("this run"), (palette.INK, "solid"))]
    powers = range(int(LOW), int(HIGH) + 1)
    ticks = {"tickvals": list(powers), "ticktext": [f"10<sup>{p}</sup>".replace("-", "−") for p in powers]}
    grid = paths.plane((LOW, HIGH, 0, 0.99), (_("learning rate η"), symbol), (0, 0.54)) | paths.plane(
        on.view, domain=(0.62, 1), n="2"
    )
    grid["xaxis"] |= ticks
    grid |= {"meta": {"narrow": paths.NARROW}, "margin": {"l": 64, "r": 12, "t": 12, "b": 44}}
    loss = float(on.field.f(*way.points[-1, 0])) if way.diverged_at[0] < 0 else math.inf
    alt = _("At η = {lr:.4g} and {name} = {rho:g} the run ends at a loss of {loss:.4g}.")
    return Plot(data, layout(**grid), alt.format(lr=10**lg, name=symbol, rho=rho, loss=loss))


def numbers(lg: float, rho: float, **now: Any) -> Table:
    """This cell, and the best one."""
    now = {**now, "lg": lg, "rho": rho}
    here = sweep_call(now, [rho], [10**lg])().loss.item()
    memory, rate, loss = landscapes.best_cell(found_for(now))
    cells = [[_("this cell"), f"{10**lg:.4g}", f"{rho:.4g}", f"{here:.4g}"],
             [_("best cell"), f"{rate:.4g}", f"{memory:.4g}", f"{loss:.4g}"]]  # fmt: skip
    return Table(["", "η", symbol, _("loss at the end")], cells, _("The chosen cell and the best one"))


if readable:
    lab.live(stage, handles=[Handle("lg", "rho", label=_("Rate and momentum"), click=True),
                             Handle(*start, label=_("Start"), xaxis="xaxis2", yaxis="yaxis2")])  # fmt: skip
    lab.live(numbers, height=0)
    ask.link_to_walk(lab, rule, 10 ** lab.values["lg"], {f"{rule}_{second}": lab.values["rho"]})
else:
    lab.say(_("Mend the formula on the left, and the surface comes back."))
lab.look(_("Dark is good, blank is lost. The best cells stand close to the orange line; just right of it every "
           "run is lost. More momentum moves the limit to the right, up to twice the rate, but too much "
           "of it rings."))  # fmt: skip
lab.theory()
if readable:
    now = lab.values
    here = Call(landscapes.best_cell, {"found": sweep_call(now, [now["rho"]], [10 ** now["lg"]])})
    lab.code(landscapes.best_cell, here, found=sweep_call(now, memories, rates))
