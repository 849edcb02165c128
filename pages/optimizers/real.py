"""A real loss surface: a small network trained on handwritten digits, and a plane through its weights."""

import torch

from app.code import Call
from app.figures import palette, paths, terrain
from app.figures.axes import decades
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.progress import grown
from core import digits, real_surface
from core.optimizers import RULES

PRESETS = {
    "ways": Preset(_("Three rules, three ways down"), {}),
    "plain": Preset(_("Deep and plain: high walls"), {"depth": 8, "plane": "random", "rules": ["adam"]}),
    "skip": Preset(_("Skip connections: lower walls"), {"depth": 8, "plane": "random", "rules": ["adam"],
                                                               "skip": True}),
    "bowl": Preset(_("A random plane looks like a bowl"), {"plane": "random", "rules": ["gd"]}),
}  # fmt: skip

lab = Lab("optimizers-real", PRESETS)
names = {id: _(title) for id, (title, *_rest) in real_surface.TRAINERS.items()}
rules = lab.choices("rules", _("Rules"), names, ["gd", "momentum", "adam"])
lab.choice("plane", _("Plane"), {"pca": _("Of the ways"), "random": _("Random")},
           help=_("The two main directions of the ways, or two random ones, filter-normalised."))  # fmt: skip
lab.toggle("skip", _("Skip connections"))
lab.slider("depth", _("Hidden layers"), 1, 10, 3, help=_("Trains anew when you let go."))
lab.slider("width", _("Width"), 4, 32, 12, 4)
lab.slider("steps", _("Training steps"), 50, 500, 200, 50)
view = lab.choice("view", _("Surface as"), {"flat": _("Contours"), "relief": _("3-D")})
lab.seed()
now = lab.values
looks = {id: palette.style(list(RULES).index(id)) for id in names}
net = Call(real_surface.Network, {"inputs": digits.PIXELS, "classes": 10, "width": now["width"], "depth": now["depth"],
                                  "skip": now["skip"]})  # fmt: skip
work = Call(real_surface.explore, {
    "network": net, "x": Call(digits.pictures, {}), "labels": Call(digits.labels, {}), "rules": rules,
    "steps": now["steps"], "plane": now["plane"], "seed": int(now["seed"])})  # fmt: skip


def stage(found: real_surface.Exploration) -> Plot:
    """The loss on the plane, and the way of each rule, projected; beside it the true losses."""
    drawn = found.map
    assert drawn is not None
    relief = terrain.Relief(drawn.loss, log=True)
    ends = "; ".join(f"{names[r]}: {loss[-1]:.4g}" for r, loss in found.losses.items())
    alt = _("Loss at the end: {ends}.").format(ends=ends)
    ways = {r: way[:, None] for r, way in found.paths.items()}
    if view == "relief":
        return paths.in_space(drawn.alpha, drawn.beta, drawn.loss, relief, ways, names, looks, alt)
    data = [terrain.contours(drawn.alpha, drawn.beta, drawn.loss, relief)]
    every = max(1, now["steps"] // max(1, len(next(iter(ways.values()))) - 1))
    for r, way in ways.items():
        data += [*paths.trail(way, names[r], looks[r]), paths.curve(found.losses[r], looks[r], "x2y2")]
    middle = torch.zeros(1)
    data.append(dots(middle, middle, "", palette.INK, 9, legend=False))
    (left, right), (low, high) = ((a[0].item(), a[-1].item()) for a in (drawn.alpha, drawn.beta))
    steps = max(len(way) for way in ways.values())
    grid = paths.beside(
        (left, right, low, high), steps - 1, _("loss"), decades(list(found.losses.values()), (-2.0, 0.5))
    )
    grid["xaxis2"] |= {"title": {"text": _("step / {n}").format(n=every)}}
    return Plot(data, layout(**grid), alt, steps)


def numbers(found: real_surface.Exploration) -> Table:
    """Where each rule ended, and how much of the ways the plane holds."""
    told = real_surface.summary(found)
    cells = [[names.get(name, name), f"{value:.4g}"] for name, value in told.items() if name in names]
    if now["plane"] == "pca":
        cells += [
            [_("share of direction {n}").format(n=i + 1), f"{share:.4f}"] for i, share in enumerate(found.explained)
        ]
    return Table(["", _("loss at the end, share")], cells, _("Loss at the end, and what the plane holds"))


if rules:
    found, seconds = grown(lab, work, _("Training, then {n} networks on a plane …").format(n=41 * 41))
    lab.live(stage, found=found)
    lab.live(numbers, found=found, height=0)
else:
    lab.say(_("Choose at least one rule on the left."))
lab.look(_("Each point of the picture is a whole network, evaluated on all digits. Play the ways: they start at one "
           "point. Then go eight layers deep, plain and with skip connections, and compare the walls."))  # fmt: skip
lab.theory()
if rules:
    lab.code(real_surface.summary, found=Call(real_surface.last, {"parts": work}))
