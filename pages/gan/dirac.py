"""Dirac-GAN: two numbers play against each other, and the picture shows who circles and who arrives."""

from typing import Any

import torch

from app.code import Call, call
from app.figures import palette, paths
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, arrows, dots, layout
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import dirac

PRESETS = {
    "circles": Preset(_("One circles, one creeps, one arrives"), {}),
    "critics": Preset(_("Three critics, none arrives"), {"games": ["wgan", "clip", "gp"], "lr": 0.1}),
    "thrown": Preset(_("Both at once: thrown outwards"), {"games": ["minimax", "wgan"], "alternate": False}),
    "tight": Preset(_("Too strong a penalty creeps"), {"games": ["r1"], "strength": 5.0}),
}
REACH = 2.0
# On a phone the plane takes what it can, and the curve under it is named along its axis.
NARROW = paths.NARROW | {
    "xaxis2": {"domain": [0, 1], "title": {"text": _("distance from rest, step by step"), "standoff": 8}},
    "yaxis": {"domain": [0.42, 1]},
    "yaxis2": {"domain": [0, 0.24], "title": {"text": ""}},
    "margin": {"l": 52, "r": 8, "t": 4, "b": 46},
}

lab = Lab("gan-dirac", PRESETS)
names = {id: _(g.title) for id, g in dirac.GAMES.items()}
games = lab.choices("games", _("Losses"), names, ["ns", "wgan", "r1"])
field = lab.choice("field", _("Arrows of"), names, "r1")
lab.slider("lr", _("Learning rate"), 0.01, 1.0, 0.2, log=True)
lab.slider("steps", _("Steps"), 10, 500, 200, 10)
lab.slider("strength", _("Strength of penalty or noise"), 0.0, 5.0, 0.3, 0.1,
           help=_("γ of R1, λ of WGAN-GP, σ of the instance noise."))  # fmt: skip
lab.slider("clip", _("Clip at"), 0.1, 2.0, 1.0, 0.1)
lab.toggle("alternate", _("In turn (else both at once)"), True)
lab.point("from", _("Start"), (1.0, 1.0), (-REACH, REACH), (-REACH, REACH))
looks = {id: palette.style(i) for i, id in enumerate(dirac.GAMES)}
now = lab.values


def walked(id: str, from_x: float, from_y: float, **at: Any) -> torch.Tensor:
    takes = {n: at[n] for n in ("lr", "steps", "alternate", "strength", "clip")}
    return dirac.play(id, from_x, from_y, **takes)


def stage(**at: Any) -> Plot:
    """The ways on the plane of both numbers, over the field of one loss; beside it how far from rest they are."""
    n = 15
    grid = torch.linspace(-REACH, REACH, n + 2, dtype=torch.float64)[1:-1]
    x, y = grid.expand(n, n), grid[:, None].expand(n, n)
    size = 2 * REACH / n / 2.4
    u, v = (m * size for m in dirac.downhill(field, x, y, at["strength"]))
    data = [arrows(x, y, u, v, (size, size), palette.MUTED)]
    told = []
    for id in games:
        way = walked(id, **at)
        data += paths.trail(way[:, None], names[id], looks[id])
        data.append(paths.curve(way.norm(dim=1), looks[id], "x2y2"))
        told.append(f"{names[id]}: {dirac.ends(way)['end']:.3g}")
    zero = torch.zeros(1)
    data.append(dots(zero, zero, "", palette.INK, 11, legend=False, hoverinfo="skip", marker={"symbol": "x"}))
    frame = paths.plane((-REACH, REACH, -REACH, REACH), ("θ, " + _("generator"), "ψ, " + _("discriminator")), (0, 0.56))
    frame |= {"xaxis2": axis(_("step"), range=[0, at["steps"]], domain=[0.68, 1], anchor="y2"),
              "yaxis2": axis(_("distance from rest"), anchor="x2", range=[0, 3]),
              "margin": {"l": 66, "r": 12, "t": 12, "b": 44}, "meta": {"narrow": NARROW}}  # fmt: skip
    alt = _("Distance from the rest point at the end: {told}.")
    return Plot(data, layout(**frame), alt.format(told="; ".join(told)), int(at["steps"]) + 1)


def numbers(**at: Any) -> Table:
    """Where each run ended, and what the eigenvalues at the rest point foretell."""
    cells = []
    for id in games:
        told, (real, turn) = dirac.ends(walked(id, **at)), dirac.turning(id, at["strength"])
        foretold = "–" if real != real else f"{real:.3f} ± {turn:.3f}i".replace("-", "−")
        cells.append([names[id], f"{told['end']:.4f}", f"{told['late']:.4f}", foretold])
    titles = [
        _("loss"),
        _("distance at the end"),
        _("farthest in the last quarter"),
        _("eigenvalues at rest"),
    ]
    return Table(titles, cells, _("Who arrives"))


if games:
    follows = ("lr", "steps", "strength", "clip", "alternate", "from_x", "from_y")
    lab.live(stage, follows=follows, handles=[Handle("from_x", "from_y", label=_("Start"), click=True)])
    lab.live(numbers, follows=follows, height=0)
else:
    lab.say(_("Choose at least one loss on the left."))
lab.look(
    _(
        "The data is the point 0, the generator the point θ, the discriminator a line of slope ψ. Drag the start: "
        "Wasserstein circles for ever, however small the rate; the non-saturating loss creeps inwards, ever more "
        "slowly. R1 and noise turn the circle into a spiral that arrives."
    )
)
lab.theory()
if games:
    ways = [call(dirac.play, now, game=id, theta=now["from_x"], psi=now["from_y"]) for id in games]
    told = [Call(dirac.ends, {"way": way}) for way in ways]
    told += [Call(dirac.turning, {"game": id, "strength": now["strength"]}) for id in games]
    lab.code(told[0].function, *told[1:], **told[0].arguments)
