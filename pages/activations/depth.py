"""Through depth: what an activation and its initialisation do to the signal and to the gradient, layer by layer."""

from typing import Any

import torch

from app import formulas
from app.code import Call, call
from app.figures import palette
from app.figures.axes import columns, decades, rows
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, remark
from app.figures.violins import growing_range, ranks, violins
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.memory import recalled
from core import depth as core
from core import device

PRESETS = {
    "sigmoid": Preset(_("Sigmoid: the gradient fades"), {"activation": "sigmoid", "scheme": "xavier_uniform"}),
    "xavier": Preset(_("ReLU with Xavier: both fade"), {"scheme": "xavier_uniform"}),
    "kaiming": Preset(_("ReLU with Kaiming holds"), {"scheme": "kaiming_normal"}),
    "explodes": Preset(_("σ a bit too large explodes"), {"sigma": 0.15}),
    "selu": Preset(_("SELU heals itself"), {"activation": "selu", "scheme": "lecun_normal", "input_scale": 5.0}),
    "zeros": Preset(_("All zeros: every unit the same"), {"activation": "sigmoid", "scheme": "zeros"}),
}

lab = Lab("activations-depth", PRESETS)
activation, readable = formulas.choose(lab, "relu")
rules = {id: _(rule.title) for id, rule in core.INITIALISATIONS.items()}
scheme = lab.choice("scheme", _("Weights"), rules, "normal")
if scheme == "normal":
    lab.slider("sigma", "σ", 0.0, 0.5, 0.1, 0.005, format="%.3f")
lab.slider("depth", _("Depth"), 1, 50, 30)
with lab.fold(_("More")):
    lab.slider("width", _("Width"), 8, 256, 128, 8)
    lab.slider("input_scale", _("Size of the input"), 0.1, 10.0, 1.0, log=True)
    lab.slider("bias_std", _("σ of the biases"), 0.0, 1.0, 0.0, 0.05)
    lab.slider("threshold", _("Saturated where |f′| is below"), 0.01, 0.5, 0.1, log=True)
    lab.seed()


def measured(**now: Any) -> core.Experiment:
    """Once for all figures of the page."""
    return recalled(call(core.experiment, now, f=formulas.source(**now), device=str(device.exact())))


def stage(**now: Any) -> Plot:
    """Above, how the activations of each layer are spread; below, how large signal and gradient are."""
    found, depth = measured(**now), now["depth"]
    signal, theory = found.signal, found.theory
    layer, gap = torch.arange(1.0, depth + 1), torch.tensor([torch.nan])
    twice, expected = torch.cat([layer, gap, layer]), torch.cat([theory.std, gap, theory.gradient_std])
    data = [
        violins(signal.edges, signal.counts, _("activations"), palette.BLUE),
        line(layer, signal.mean, _("mean"), palette.INK, width=1.5),
        line(layer, signal.std, _("std"), palette.BLUE, axes="xy2"),
        line(layer, signal.gradient_std, _("gradient"), palette.RED, axes="xy2"),
        line(twice, expected, _("theory"), palette.MUTED, width=2, dash="dash", axes="xy2"),
    ]
    # The first layer sets the frame: under the hand it rests, and what explodes leaves it.
    frame = signal.edges.clamp(*(8 * signal.edges[0].abs().max() * sign for sign in (-1, 1)))
    grid = rows([_("activation"), _("size")], ranks(depth), [growing_range(frame), (0, 1)], _("layer"))
    grid["yaxis2"] |= decades([signal.std, signal.gradient_std, expected])
    note, same = "", (signal.std == 0).nonzero().flatten().tolist()
    if signal.broken:
        note = _("From layer {n} on the numbers are no longer finite.").format(n=signal.broken)
    elif same:
        note = _("From layer {n} on every unit gives the same number.").format(n=same[0] + 1)
    alt = _("{n} layers; std at the last {std:.3g}, gradient at the first {gradient:.3g}.")
    said = alt.format(n=depth, std=signal.std[-1], gradient=signal.gradient_std[0])
    return Plot(data, layout(**grid, annotations=remark(note, "y2 domain")), f"{said} {note}")


def shares(**now: Any) -> Plot:
    """Left, what passes no gradient on; right, how strongly the weights of each layer are told to change."""
    found, layer = measured(**now), torch.arange(1.0, now["depth"] + 1)
    signal, expected = found.signal, found.theory.weight_gradient
    data = [
        line(layer, signal.dead, _("dead units"), palette.PINK),
        line(layer, signal.saturated, _("saturated"), palette.ORANGE),
        line(layer, signal.weight_gradient, "‖∂L/∂W‖", palette.GREEN, axes="x2y2"),
        line(layer, expected, _("theory"), palette.MUTED, width=2, dash="dash", axes="x2y2"),
    ]
    grid = columns([_("share"), "‖∂L/∂W‖"], ranks(now["depth"]), [(-0.04, 1.04), (0, 1)], below=_("layer"))
    grid["yaxis2"] |= decades([signal.weight_gradient, expected])
    alt = _("Last layer: {dead:.2f} of the units dead, {low:.2f} of the values saturated.")
    return Plot(data, layout(**grid), alt.format(dead=signal.dead[-1], low=signal.saturated[-1]))


def numbers(**now: Any) -> Table:
    """Both ends of the network, measured and expected."""
    found = measured(**now)
    fields = {_("mean"): "mean", _("std"): "std", _("gradient"): "gradient_std", "‖∂L/∂W‖": "weight_gradient"}
    parts = [(part, end) for end in (0, -1) for part in (found.signal, found.theory)]
    cells = [[name, *(f"{getattr(p, field)[end]:.3g}" for p, end in parts)] for name, field in fields.items()]
    return Table(["", _("first layer"), _("theory"), _("last layer"), _("theory")], cells, _("Measured and expected"))


def gains(**now: Any) -> Table:
    """The factor that makes up for what the function takes away: the integral, and PyTorch's table."""
    found, table = measured(**now), core.pytorch_gain(**formulas.source(**now).arguments)
    row = [f"{found.gain:.3f}", f"{table:.3f}" if table else "–", f"{found.holding_sigma:.4f}"]
    titles = [_("gain"), "1 / √E[f(z)²]", _("in PyTorch"), _("σ that holds")]
    return Table(titles, [[formulas.title(now["activation"]), *row]], _("Gain of the activation"))


if readable:
    for draw, height in ((stage, 500), (shares, 280), (numbers, 0), (gains, 0)):
        lab.live(draw, height=height)
else:
    lab.say(_("Mend the formula on the left, and the network comes back."))
lab.look(_("Drag σ slowly: a little too small and the signal fades to a dash, a little too large and it explodes, "
           "by the same factor in every layer. The deeper the network, the narrower the way between."))  # fmt: skip
lab.theory()
if readable:
    now = lab.values
    run = call(core.experiment, now, f=formulas.source(**now))
    lab.code(run.function, Call(core.pytorch_gain, run.arguments["f"].arguments), **run.arguments)
