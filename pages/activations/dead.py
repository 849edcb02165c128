"""Dead ReLU: the same network and the same steps, and only the activation differs."""

from textwrap import wrap

import torch

from app import formulas
from app.code import Call, call
from app.figures import palette
from app.figures.axes import axis, decades, rows
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line, mosaic
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.progress import each
from core import dead as core
from core.activations import ACTIVATIONS

PRESETS = {
    "large": Preset(_("Large steps kill ReLU units"), {"lr": 4.0}),
    "small": Preset(_("Small steps keep them alive"), {"lr": 0.5}),
    "hidden": Preset(_("Half are dead, nobody notices"), {"lr": 3.0}),
    "limit": Preset(_("Leaky ReLU has its limit, too"), {"lr": 8.0, "epoch": 10}),
}
EPOCHS, REACH, FINE, MOST = 60, 1.8, 40, 5
TINTS = [palette.BLUE + "90", palette.BLUE + "30", palette.RED + "30", palette.RED + "90"]

lab = Lab("activations-dead", PRESETS)
names = {id: _(a.title) for id, a in ACTIVATIONS.items()}
functions = lab.choices("functions", _("Activations"), names, ["relu", "leaky_relu", "tanh"])
lab.slider("lr", _("Learning rate"), 0.01, 30.0, 4.0, log=True, help=_("Trains anew when you let go."))
lab.slider("epoch", _("Epoch"), 0, EPOCHS, EPOCHS, help=_("Or drag the line in the picture."))
lab.choice("task", _("Task"), {id: _(t.title) for id, t in core.TASKS.items()})
with lab.fold(_("More")):
    lab.slider("width", _("Units in a layer"), 4, 64, 32, 4)
    lab.slider("hidden", _("Hidden layers"), 1, 3, 2)
    lab.slider("noise", _("Noise of the points"), 0.0, 0.5, 0.1, 0.05)
    lab.seed()
colors = [palette.style(place + 2)[0] for place in range(MOST)]  # blue and red are the two classes
now = lab.values
# On the CPU: at a high learning rate the last bit decides, and a link should show the same on every machine.
cloud = call(core.points, now, n=128)


def training(id: str) -> Call:
    """What is run for one activation; all else is the same for all of them."""
    run = call(core.train, now, f=formulas.source(id, **now), data=cloud, epochs=EPOCHS, batch_size=32)
    return Call(core.collect, {"epochs": run})


def stage(epoch: int, runs: dict[str, core.Run], points: core.Points) -> Plot:
    """What each network has learnt at this epoch; below, the share of its hidden units that are dead."""
    lines, titles, told, maps, many = [], [], [], [], len(runs) > 3  # where they are narrow, titles break
    for color, (id, run) in zip(colors, runs.items(), strict=False):
        maps.append(core.decision(formulas.function(id, **now), run.at(epoch), REACH, FINE))
        share = run.dead.mean(1)
        said = _("{share:.0%} dead").format(share=share[min(epoch, len(share) - 1)])
        if run.diverged_at is not None and epoch >= run.diverged_at:
            said = _("diverged at epoch {n}").format(n=run.diverged_at)
        told.append(f"{names[id]}, {said}")
        titles.append("<br>".join(part for text in (names[id], said) for part in wrap(text, 10 if many else 24)))
        lines.append(line(torch.arange(len(share)), share, names[id], color, axes="x2y2", legend=False))
    learnt, middle = mosaic(maps, REACH, TINTS)
    x, y = (points.x[:, :1] + middle).T, points.x[:, 1].expand(len(maps), -1)  # (maps, points)
    data = [learnt]
    for label, ink in enumerate((palette.BLUE, palette.RED)):
        of = points.y == label
        data.append(dots(x[:, of].flatten(), y[:, of].flatten(), "", ink, 6, legend=False, hoverinfo="skip"))
    data.append(line(middle, torch.full_like(middle, REACH + 0.05), "", palette.INK, mode="text", text=titles,
                     textfont={"color": [palette.letters(c) for c in colors[:len(runs)]], "size": 14 if many else 16},
                     textposition="top center", cliponaxis=False, legend=False, hoverinfo="skip"))  # fmt: skip
    grid = {"xaxis": {"visible": False, "range": [-REACH, middle[-1].item() + REACH]},
            "yaxis": {"visible": False, "range": [-REACH, REACH + 1], "domain": [0.38, 1]},
            "xaxis2": axis(_("epoch"), range=[0, EPOCHS], anchor="y2"), "margin": {"l": 68, "r": 12, "t": 40, "b": 44},
            "yaxis2": axis(_("dead units"), range=[-0.05, 1.05], domain=[0, 0.3], anchor="x2",
                           tickformat=".0%")}  # fmt: skip
    alt = _("Epoch {n}").format(n=epoch) + ": " + "; ".join(told)
    return Plot([*data, *lines], layout(**grid), alt)


def loss(epoch: int, runs: dict[str, core.Run]) -> Plot:
    """The loss, which may hide the damage."""
    data = [line(torch.arange(len(run.loss)), run.loss, names[id], color)
            for color, (id, run) in zip(colors, runs.items(), strict=False)]  # fmt: skip
    grid = rows([_("loss")], (0, EPOCHS), [(0, 1)], _("epoch"))
    grid["yaxis"] |= decades([run.loss for run in runs.values()], (-2.0, 0.0))
    alt = "; ".join(f"{names[id]}: {run.loss[min(epoch, len(run.loss) - 1)]:.3g}" for id, run in runs.items())
    return Plot(data, layout(**grid), _("Loss at epoch {n}").format(n=epoch) + ". " + alt)


def numbers(epoch: int, runs: dict[str, core.Run]) -> Table:
    """The state at the epoch."""
    at = {id: min(epoch, len(run.loss) - 1) for id, run in runs.items()}  # what has diverged stays as it was
    cells = [[names[id], *(f"{share:.3f}" for share in run.dead[at[id]]), f"{run.loss[at[id]]:.3g}",
              f"{run.accuracy[at[id]]:.3f}"] for id, run in runs.items()]  # fmt: skip
    layers = [_("dead in layer {n}").format(n=n + 1) for n in range(now["hidden"])]
    titles = [_("at epoch {n}").format(n=epoch), *layers, _("loss"), _("accuracy")]
    return Table(titles, cells, _("Dead units, loss and accuracy"))


if 1 <= len(functions) <= MOST:
    runs, points = each(lab, {id: training(id) for id in functions}), cloud()
    cursor = Handle("epoch", label=_("Epoch"), xaxis="xaxis2", yaxis="yaxis2")
    lab.live(stage, runs=runs, points=points, handles=[cursor])
    lab.live(loss, runs=runs, height=280, handles=[Handle("epoch", label=_("Epoch"))])
    lab.live(numbers, runs=runs, height=0)
else:
    lab.say(_("Choose one to {most} activations on the left.").format(most=MOST))
lab.look(_("Drag the epoch back to 0 and forth: most units die within the first few steps, and none comes back in the "
           "first layer. Then halve the learning rate until ReLU draws the same boundary as the others."))  # fmt: skip
lab.theory()
if functions:
    first, *others = map(training, functions)
    lab.code(first.function, *others, **first.arguments)
