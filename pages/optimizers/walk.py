"""Optimizers: drag the start, and watch every rule bend its path at once."""

from typing import Any

import torch

from app.figures import palette, paths, terrain
from app.figures.axes import columns, falling, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, layout, remark, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.optimizers import walk_controls as ask
from app.optimizers import walks
from app.optimizers.walk_controls import preset_of as on
from core.optimizers import RULES

PRESETS = {
    "momentum": Preset(_("Ravine: momentum wins"), on("ravine", "gd momentum", 0.01, kappa=100.0, steps=120)),
    "nesterov": Preset(_("Nesterov brakes in time"), on("ravine", "momentum nesterov", 0.02)),
    "adagrad": Preset(_("Adagrad stops too early"), on("rosenbrock", "adagrad adam", 0.1, steps=300)),
    "plateau": Preset(_("Adam crosses the plateau"), on("cliff", "gd adagrad adam", 0.1, steps=100)),
    "cliff": Preset(_("The cliff and clipping"), on("cliff", "gd momentum", 0.5, clip=1.0, cliff_start_x=1.05)),
    "fast": Preset(_("Too fast: one step past 2/λ"), on("ravine", "gd", 0.11, steps=30)),
    "saddle": Preset(_("Saddle: noise helps"), on("saddle", "gd adam", 0.1, noise=0.05, saddle_start_y=0.0)),
    "flat": Preset(_("Sharp or flat?"), on("sharp_flat", "gd", 0.08, starts=9)),
    "bias": Preset(_("Bias correction in the first steps"), on("ravine", "adam adamw", 0.1, steps=20,
                                                                adam_bias_correction=False)),
    "decay": Preset(_("L2 in Adam fades, AdamW shrinks"), on("himmelblau", "adam adamw", 0.1, decay=0.5, steps=100)),
}  # fmt: skip

lab = Lab("optimizers", PRESETS)
names = {id: _(rule.title) for id, rule in RULES.items()}
looks = {id: palette.style(i) for i, id in enumerate(RULES)}
surface, readable = ask.choose_surface(lab)
rules = lab.choices("rules", _("Rules"), names, ["gd", "momentum", "adam"])
rates = ask.ask_rates(lab, readable)
lab.slider("steps", _("Steps"), 0, 500, 60)
start = ask.place_start(lab, surface)
ask.ask_rules(lab, rules, rates == "own")
ask.ask_more(lab)
view, predict = ask.ask_view(lab)
hidden = predict and ask.ask_guess(lab)


def stage(best: dict[str, float], **now: Any) -> Plot:
    """The surface with the path of each rule; beside it the loss, step by step."""
    found, steps = walks.walked([] if hidden else rules, now, best), now["steps"]
    ground, (x, y, z, relief) = found.ground, walks.seen(now)
    lost = [_("{rule} diverged at step {n}").format(rule=names[r], n=n) for r, n in found.lost.items()]
    gone = [_("{rule} diverged").format(rule=names[r]) for r in found.lost]  # rests while the step changes
    ends = "; ".join(f"{names[r]}: {short(s.final_loss[0].item(), 4)}" for r, s in found.scores.items())
    alt = _("Loss at the end: {ends}.").format(ends=ends) + " " + "; ".join(lost)
    if view == "relief":
        points = {r: path.points for r, path in found.paths.items()}
        return paths.in_space(x, y, z, relief, points, names, looks, alt, ground.field)
    data = [terrain.contours(x, y, z, relief)]
    data += [paths.slopes(ground.field, ground.view)] * now["arrows"]
    data += [terrain.minima(list(m), m is ground.minima) for m in (ground.local_minima, ground.minima) if m]
    for r, path in found.paths.items():
        data += [
            *paths.trail(path.points, names[r], looks[r]),
            paths.curve(found.height(r), looks[r], "x2y2"),
        ]
    heights = [*map(found.height, found.paths)] or [torch.ones(1)]
    scale = falling(heights) if ground.minima else {"range": stable_range(heights)}
    grid = paths.beside(ground.view, steps, _("loss above the minimum") if ground.minima else _("loss"), scale)
    playable = steps + 1 if now["starts"] == 1 and found.paths else 0
    return Plot(data, layout(**grid, annotations=remark("<br>".join(gone), "y domain")), alt, playable)


def progress(best: dict[str, float], **now: Any) -> Plot:
    """Along the way: the slope, the distance that is left, and by what the schedule multiplies the rate."""
    found, factors = walks.walked(rules, now, best), torch.tensor([*walks.factors(now), torch.nan])
    data = [paths.curve(factors, (palette.INK, "solid"), "x3y3")]
    slopes, left = (list[torch.Tensor]() for _both in range(2))
    for r, along in found.curves.items():
        slopes.append(along.slope[:, 0])
        left.append(along.distance[:, 0])
        data += [paths.curve(slopes[-1], looks[r], "xy", names[r]), paths.curve(left[-1], looks[r], "x2y2")]
    titles = ["‖g‖", _("distance to the minimum"), _("learning rate, factor")]
    grid = columns(titles, paths.along(now["steps"]), [(0, 1), (0, 1), (-0.05, 1.1)], 0.1, _("step"))
    grid["yaxis"] |= falling(slopes)
    grid["yaxis2"] |= falling(left)
    grid["meta"] |= {"high": 400}  # one above the other
    return Plot(data, layout(**grid), _("Slope, distance and learning rate along the way"))


def scores(best: dict[str, float], **now: Any) -> Table:
    """Who got there, and how soon."""
    found = walks.walked(rules, now, best)
    return paths.scoreboard(names, found.rates, found.scores, walks.TOLERANCE)


if not rules:
    lab.say(_("Choose at least one rule on the left."))
elif not readable:
    lab.say(_("Mend the formula on the left, and the surface comes back."))
else:
    best = walks.best_rates(rules, lab.values) if rates == "best" else {}
    handles = [Handle(*start, label=_("Start"), click=not predict)]
    handles += [Handle("guess_x", "guess_y", label=_("Your guess"), click=True)] * predict
    lab.live(stage, handles=handles if view == "flat" else [], best=best)
    if not hidden:
        ask.tell_guess(lab, rules, best, predict)
        lab.live(progress, best=best, height=260)
        lab.live(scores, best=best, height=0)
        lab.csv(lambda: walks.columns(rules, lab.values, best))
        lab.download(_("Playback as GIF"), lambda: walks.playback(rules, lab.values, best), "gif", "image/gif",
                     ":material/gif_box:")  # fmt: skip
lab.look(_("Drag the start: every path answers. Then drag η over the mark 2/λ: plain descent leaves the ravine exactly "
           "there, momentum stands almost twice as much, and Adam does not care how steep the walls are."))  # fmt: skip
lab.theory()
if rules and readable:
    runs, now = walks.walked(rules, lab.values, best).runs, lab.values
    first, *others = (walks.verdict_call(r, now, run) for r, run in runs.items())
    lab.code(first.function, *others, **first.arguments)
