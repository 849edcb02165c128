"""A real network: what each layer makes of a picture, what it answers, and which part of the picture did it."""

from typing import Any

import torch

from app import models
from app.code import Call
from app.convolution import networks
from app.convolution.networks import IN_ROW, Asked
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Picture, Table, panel, signed
from app.figures.plot import Plot, layout, line
from app.figures.rods import rods
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import cnn

PRESETS = {
    "bend": Preset(_("Bend the 7 into a 1"), {"about": "class"}),
    "three": Preset(_("A 3: what speaks for an 8?"), {**networks.stroke("3"), "about": "class", "class": 8}),
    "parts": Preset(_("Layer 3: parts, hardly any place"), {**networks.stroke("2"), "layer": "conv3"}),
    "corner": Preset(_("Draw: a small 3 is read as a 7"), {"source": "pen", "drawing": networks.SMALL}),
    "wrong": Preset(_("Quite sure, and wrong"), {"source": "test", "index": 526}),
    "shirt": Preset(_("Coat or shirt?"), {"data": "fashion", "source": "test", "index": 18}),
    "channel": Preset(_("One channel: what it answers to"), {
        "data": "fashion", "source": "test", "index": 27, "layer": "conv2", "about": "channel", "channel": 4}),
    "strange": Preset(_("A digit among clothes: sure all the same"), {"data": "fashion"}),
}  # fmt: skip

lab = Lab("convolution-network", PRESETS)
asked = networks.choose(lab)
names = models.class_names(asked.data)


def stage(asked: Asked, names: list[str], **now: Any) -> Plot:
    """The picture, the maps of one layer, the answer."""
    picture, trace, unit = networks.traced(asked, now)
    seen = trace.maps[asked.layer.replace("conv", "relu")][0]
    probabilities, true = trace.probabilities[0], networks.truth(asked, now)
    gap = max(1, seen.shape[-1] // 9)
    tiled = maps.tiled(seen, IN_ROW[asked.layer], gap)
    data = [
        maps.shown(networks.paper_of(asked, now)),
        maps.shown(tiled, "2", maps.GLOW, 0, models.bright(asked.data, asked.layer)),
    ]
    if asked.about == "channel":
        around = maps.outline(unit.channel, seen.shape[1:], IN_ROW[asked.layer], gap)
        data.append(line(*around, "", palette.ACCENT, width=4, axes="x2y2", legend=False))
    colors = [palette.GREEN if i == true else palette.BLUE for i in range(len(names))]
    data += rods(probabilities, colors, [f"{p:.2f}" for p in probabilities], 1.05, "x3y3")
    marked = [f"<b>{name} ✓</b>" if i == true else name for i, name in enumerate(names)]
    title = _("layer {n}, ReLU: {c} maps").format(n=asked.layer[-1], c=len(seen))
    grid = maps.frame("", _("picture"), picture.shape, (0, 0.34))
    grid |= maps.frame("2", title, tiled.shape, (0.36, 0.7))
    grid |= {"xaxis3": axis(_("probability"), domain=[0.78, 1], range=[0, 1.4], side="top", anchor="y3",
                            tickvals=[0, 1], showgrid=False),
             "yaxis3": axis(range=[9.5, -0.5], anchor="x3", tickvals=list(range(len(names))), ticktext=marked,
                            showgrid=False, zeroline=False)}  # fmt: skip
    best = int(probabilities.argmax())
    alt = _("The network answers {name}, with probability {p:.3f}.")
    frame = {
        "margin": {"l": 12, "r": 12, "t": 40, "b": 12},
        "showlegend": False,
        "meta": {"narrow": asked.narrow},
    }
    return Plot(data, layout(**grid, **frame), alt.format(name=names[best], p=probabilities[best]))


def drivers(asked: Asked, names: list[str], **now: Any) -> Picture:
    """Which part of the picture drives the unit."""
    picture, trace, unit = networks.traced(asked, now)
    net = models.classifier(asked.data)
    slope = cnn.saliency(net, picture, unit)
    if unit.layer == "head":
        name, last = names[unit.channel], cnn.grad_cam(net, picture, unit)
        title = _("Grad-CAM: what speaks for {name}").format(name=name)
    else:
        name = _("channel {n}").format(n=unit.channel + 1)
        seen = trace.maps[unit.layer.replace("conv", "relu")][:, unit.channel : unit.channel + 1]
        last = torch.nn.functional.interpolate(seen, size=picture.shape)[0, 0]
        title = _("where {name} fires").format(name=name)
    warm = last / last.max().clamp(min=1e-12)
    panels = [panel(_("gradient: blue pixels raise {name}").format(name=name), signed(slope), slope),
              panel(title, maps.tinted(picture, warm), last)]  # fmt: skip
    if now.get("centred"):
        panels.insert(0, panel(_("what the network is given"), picture))
    return Picture(panels, _("Which pixels drive {name}").format(name=name))


def numbers(asked: Asked, names: list[str], **now: Any) -> Table:
    """Scores and probabilities."""
    found = cnn.answer(models.classifier(asked.data), networks.picture_of(asked, now))
    rows = [[_("score"), *(f"{v:.2f}".replace("-", "−") for v in found.scores)],
            [_("probability"), *(f"{v:.4f}" for v in found.probabilities)]]  # fmt: skip
    return Table(["", *names], rows, _("Scores and probabilities of the ten classes"))


lab.live(stage, height=400, handles=asked.handles, pen=asked.pen, asked=asked, names=names)
lab.live(drivers, height=250, asked=asked, names=names)
dreams = lab.compute(cnn.dream, net=Call(models.classifier, {"name": asked.data}),
                     layer=asked.layer if asked.about == "channel" else "head").pictures  # fmt: skip
lab.live(networks.units, height=310, asked=asked, dreams=dreams, names=names)
lab.live(numbers, height=0, asked=asked, names=names)
lab.look(
    _(
        "Drag a point of the digit, or draw one yourself, and watch the bars tip. Layer 1 finds edges, each map "
        "its own; layer 3 is coarse: what is there rather than where. Grad-CAM shows which part it was."
    )
)
lab.theory()
lab.code(cnn.answer, **networks.calls(asked, lab.values))
