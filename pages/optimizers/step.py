"""Inside one step: what a rule sees, what it remembers, and how far that makes it go in each direction."""

import math
from typing import Any

import torch

from app.figures import palette, paths, terrain
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.optimizers import walk_controls as ask
from app.optimizers import walks
from core import descent
from core.optimizers import RULES

PRESETS = {
    "first": Preset(_("Adam's first step: η on each axis"), {"t": 1}),
    "uncorrected": Preset(_("Uncorrected, it is three times as long"), {"t": 1, "adam_bias_correction": False}),
    "velocity": Preset(_("Momentum runs past the gradient"), {"rule": "momentum", "lr": 0.02, "t": 8}),
    "scaled": Preset(_("Adagrad: steep axes get small rates"), {"rule": "adagrad", "lr": 0.5, "t": 5}),
    "nesterov": Preset(_("Nesterov looks ahead"), {"rule": "nesterov", "lr": 0.02, "t": 3}),
    "newton": Preset(_("Newton jumps to the middle"), {"rule": "newton", "lr": 1.0, "t": 1}),
    "signs": Preset(_("Lion only asks for the sign"), {"rule": "lion", "lr": 0.1, "t": 10}),
}
SYMBOLS = {
    r"\hat m": "m̂", r"\sqrt{\hat v}": "√v̂", r"v_{\max}": "max v", r"\bar g": "ḡ", r"\prod\mu": "∏μ", r"\Delta": "Δ",
    "direction": "d", "rate": "r", "update": "−r·d", "w next": "w",
}  # fmt: skip

lab = Lab("optimizers-step", PRESETS)
surface, readable = ask.choose_surface(lab, data=False)
rule = lab.choice("rule", _("Rule"), {id: _(r.title) for id, r in RULES.items()}, "adam")
ask.ask_rate(lab, "lr", _("Learning rate η"), 0.2)
lab.slider("t", _("Step t"), 1, 40, 6)
ask.ask_rules(lab, [rule], rates=False)
start = ask.place_start(lab, surface)
now = lab.values | {"steps": 40}


def stage(t: int, **now: Any) -> Plot:
    """Where the rule stands at step t, and the arrows that make its next point."""
    found = walks.walked([rule], {**now, "steps": 40}, inside=True)
    ground, way = found.ground, found.paths[rule].points
    part = descent.anatomy(found.paths[rule], t)
    (wx, wy), (gx, gy), (ux, uy) = (part[name] for name in ("w", "g", "update"))
    span = ground.view[1] - ground.view[0]

    def seen(dx: float, dy: float) -> tuple[float, float]:
        """The other way round, and a fifth of the picture at most: what counts is where it points."""
        share = 0.2 * span / max(0.2 * span, (dx * dx + dy * dy) ** 0.5)
        return -dx * share, -dy * share

    x, y = paths.threaded(way)
    data = [terrain.contours(*walks.seen(now)),
            line(x, y, "", palette.MUTED, width=1.5, legend=False, hoverinfo="skip"),
            line(x[:t], y[:t], _("so far"), palette.INK, width=2, hoverinfo="skip", mode="lines"),
            paths.arrow((wx, wy), seen(gx, gy), _("downhill, −g"), palette.BLUE, span)]  # fmt: skip
    if "m" in part or r"\hat m" in part:
        m = part[r"\hat m" if r"\hat m" in part else "m"]
        data.append(paths.arrow((wx, wy), seen(*m), _("remembered, −m"), palette.GREEN, span))
    # Torch walks on the look-ahead points: the weights themselves lie behind, by η ρ m.
    if rule == "nesterov":
        before = descent.anatomy(found.paths[rule], t - 1)["m"] if t > 1 else (0.0, 0.0)
        mx, my = (now["lr"] * now["nesterov_rho"] * m for m in before)
        data.append(paths.arrow((wx + mx, wy + my), (-mx, -my), _("look ahead, −ηρm"), palette.PINK, span))
    data.append(paths.arrow((wx, wy), (ux, uy), _("the step, true length"), palette.RED, span, width=4))
    data.append(dots(torch.tensor([wx]), torch.tensor([wy]), "", palette.INK, 8, legend=False))
    rx, ry = part["rate"]
    gap = torch.nan
    data.append(line(torch.tensor([0, 0, gap, 1, 1]), torch.tensor([0.0, rx, gap, 0.0, ry]), "", palette.RED, width=40,
                     axes="x2y2", legend=False, hoverinfo="skip"))  # fmt: skip
    grid = paths.beside(
        ground.view,
        1,
        _("rate of each coordinate"),
        {"range": [0, 1.1 * 2.0 ** math.ceil(math.log2(max(rx, ry, 1e-12)))]},
    )
    grid["xaxis2"] |= {"title": {"text": ""}, "range": [-0.6, 1.6], "tickvals": [0, 1], "ticktext": ["x", "y"],
                       "showgrid": False, "zeroline": False}  # fmt: skip
    alt = _("Step {t} goes from ({x:.3g}, {y:.3g}) by ({ux:.3g}, {uy:.3g}).").format(t=t, x=wx, y=wy, ux=ux, uy=uy)
    return Plot(data, layout(**grid), alt)


def numbers(t: int, **now: Any) -> Table:
    """The same in numbers, in the order in which the rule computes them."""
    part = descent.anatomy(walks.walked([rule], {**now, "steps": 40}, inside=True).paths[rule], t)
    cells = [[SYMBOLS.get(name, name) + (f" (t = {t})" if name == "w next" else ""), f"{x:.5g}", f"{y:.5g}"]
             for name, (x, y) in part.items()]  # fmt: skip
    return Table([_("in step {t}").format(t=t), "x", "y"], cells, _("What happens inside step {t}").format(t=t))


if readable:
    lab.live(stage, handles=[Handle(*start, label=_("Start"), click=True)])
    with lab.below:
        ask.formula_of(rule)
    lab.live(numbers, height=0)
else:
    lab.say(_("Mend the formula on the left, and the surface comes back."))
lab.look(_("Drag t and compare blue with orange: plain descent goes where blue points; a rule with memory goes where "
           "the last steps pointed; Adam gives each axis its own rate, and no axis rules."))  # fmt: skip
lab.theory()
if readable:
    run = walks.run_of(rule, now)
    lab.code(descent.anatomy, path=walks.descend_call(rule, now, run, inside=True), t=now["t"])
