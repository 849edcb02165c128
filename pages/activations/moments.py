"""Moments: what a function does to a bell of inputs, and where the bell goes when layer follows layer."""

from typing import Any

import torch

from app.code import Call
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, arrows, dots, layout, line, play, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import activations, moments
from core.activations import ACTIVATIONS

PRESETS = {
    "home": Preset(_("SELU comes home"), {}),
    "shift": Preset(_("ReLU moves the mean"), {"function": "relu", "mu": 0.0, "sigma": 1.0, "omega": 1.0}),
    "tanh": Preset(_("Tanh shrinks, and shrinks"), {"function": "tanh", "omega": 1.0}),
    "sigmoid": Preset(_("Sigmoid forgets its input"), {"function": "sigmoid", "mu": 0.0, "omega": 1.0}),
    "lost": Preset(_("Even SELU can get lost"), {"omega": 1.0}),
}
Z = torch.linspace(-6.0, 6.0, 145, dtype=torch.float64)
BOTTOM, LEFT = -4.0, -6.0  # where the bell stands, and its image
POINTS, DEEPEST = 2048, 50  # of each integral; layers

lab = Lab("activations-moments", PRESETS)
function = lab.choice("function", _("Function f"), {id: _(a.title) for id, a in ACTIVATIONS.items()}, "selu")
mu = lab.slider("mu", _("Mean μ of z"), -3.0, 3.0, 1.0, 0.05)
sigma = lab.slider("sigma", _("Standard deviation σ of z"), 0.05, 3.0, 2.0, 0.05)
for p in ACTIVATIONS[function].parameters:
    lab.slider(p.name, f"{_(ACTIVATIONS[function].title)}: ${p.symbol}$", p.low, p.high, p.default, p.step)
layers = lab.slider("layers", _("Layers"), 1, DEEPEST, 20)
omega = lab.slider("omega", _("Sum of the weights ω"), -1.0, 1.5, 0.5, 0.05,
                   help=_("The next mean is ω times the mean of f(z)."))  # fmt: skip
tau = lab.slider("tau", _("Sum of their squares τ"), 0.1, 3.0, 1.0, 0.05,
                 help=_("The next variance is τ times the variance of f(z)."))  # fmt: skip


def bound(function: str, shape: dict[str, Any]) -> Call:
    own = {p.name: shape[p.name] for p in ACTIVATIONS[function].parameters if p.name in shape}
    return Call(activations.bind, {"name": function, **own})


def standing(height: torch.Tensor, along: torch.Tensor, foot: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The outline of a density that stands on a line, closed at both ends."""
    ends = torch.tensor([foot], dtype=height.dtype)
    return torch.cat([ends, foot + height, ends]), torch.cat([along[:1], along, along[-1:]])


def spread(mean: float, std: float) -> torch.Tensor:
    return torch.tensor([mean - std, mean, mean + std])


def stage(function: str, mu: float, sigma: float, layers: int, omega: float, tau: float, **shape: Any) -> Plot:
    """Left: the bell below goes through f and comes out at the side. Right: where it goes, layer after layer."""
    f = bound(function, shape)()
    path = moments.cascade(f, mu, sigma, layers, omega, tau, POINTS)
    trail_x, trail_y = path[torch.arange(DEEPEST + 1).clamp(max=layers), :2].T  # as many points at any depth
    mean, std = path[0, 2:].tolist()
    bell_y, bell_x = standing(2 * torch.exp(-(((Z - mu) / sigma) ** 2) / 2), Z, BOTTOM)
    edges, mass = moments.distribution(f, mu, sigma, points=8192)
    # As high as the bell where f neither stretches nor squeezes; where it squeezes, the peak fills the picture.
    density = 5 * sigma * mass / edges.diff()
    density = density * min(1.0, 5 / density.max().item())
    image_x, image_y = standing(density.repeat_interleave(2), edges.repeat_interleave(2)[1:-1], LEFT)
    m, s = torch.linspace(-2.8, 2.8, 10), torch.linspace(0.2, 3, 7)
    after = moments.field(f, m, s, points=256)
    s, m = torch.meshgrid(s, m, indexing="ij")
    dots_on = {"mode": "lines+markers", "marker": {"size": [0, 13, 0]}, "width": 5, "legend": False,
               "cliponaxis": False}  # fmt: skip
    data = [
        line(bell_x, bell_y, _("input z"), palette.ORANGE, fill="toself", width=1.5),
        line(image_x, image_y, _("output f(z)"), palette.BLUE, fill="toself", width=1.5),
        line(Z, f(Z), "", palette.INK, width=2, legend=False),
        line(spread(mu, sigma), torch.full((3,), BOTTOM + 0.1), "", palette.ORANGE, **dots_on),
        line(torch.full((3,), LEFT + 0.1), spread(mean, std), "", palette.BLUE, **dots_on),
        arrows(m, s, omega * after.mean - m, tau**0.5 * after.std - s, (0.27, 0.17), palette.MUTED, axes="x2y2"),
        play(line(trail_x, trail_y, _("layer after layer"), palette.PINK, axes="x2y2"), "trail"),
        play(dots(trail_x, trail_y, "", palette.PINK, 9, axes="x2y2", legend=False), "head"),
        dots(torch.zeros(1), torch.ones(1), _("mean 0, spread 1"), palette.GREEN, 15, axes="x2y2",
             marker={"symbol": "x-thin", "line": {"color": palette.GREEN, "width": 4}}),
    ]  # fmt: skip
    grid = columns([_("f(z)"), _("spread of z")], (-6, 6), [(BOTTOM, 6.0), (0, 3.2)], gap=0.12, below="z")
    grid["xaxis2"]["range"] = [-3.2, 3.2]
    grid["xaxis2"]["title"]["text"] = _("mean of z")
    alt = _("z has mean {mu} and spread {sigma}; f(z) has mean {mean} and spread {std}.").format(
        mu=short(mu), sigma=short(sigma), mean=short(mean), std=short(std))  # fmt: skip
    last = _("After {n} layers: mean {mean}, spread {std}.").format(
        n=layers, mean=short(path[-1, 0].item()), std=short(path[-1, 1].item()))  # fmt: skip
    return Plot(data, layout(**grid), f"{alt} {last}", steps=layers + 1)


def numbers(mu: float, sigma: float, layers: int, omega: float, tau: float, **rest: Any) -> Table:
    """The same path in numbers."""
    f = bound(rest["function"], rest)()
    path = moments.cascade(f, mu, sigma, layers, omega, tau, POINTS).tolist()
    shown = {n: _("after layer {n}").format(n=n) for n in (0, 1, 2, 5, 10, layers) if n <= layers}
    rows = [[title, *(short(value, 4) for value in path[n])] for n, title in ({**shown, 0: _("first layer")}).items()]
    titles = ["", _("mean of z"), _("spread of z"), _("mean of f(z)"), _("spread of f(z)")]
    return Table(titles, rows, _("Mean and spread from layer to layer"))


lab.live(stage, handles=[Handle("mu", "sigma", _("Mean and spread of z"), True, "xaxis2", "yaxis2")])
lab.live(numbers, height=0)
lab.look(_("Drag the circle: it is the bell of the first layer, and the arrows say where a layer takes any bell. "
           "With SELU and a small ω they all lead to mean 0, spread 1; tanh shrinks the bell, ReLU moves its "
           "mean."))  # fmt: skip
lab.theory()
shape = {n: v for n, v in lab.values.items() if n in activations.PARAMETERS}
lab.code(moments.cascade, f=bound(function, shape), mu=mu, sigma=sigma, layers=layers, omega=omega, tau=tau,
         points=POINTS)  # fmt: skip
