"""A trained network on a page: which one, which picture, which unit; the picture drawn by hand, or as six points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app import models
from app.code import Call
from app.drawings import drawn
from app.figures import maps
from app.figures.picture import Picture, panel, signed
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle, Pen
from core import cnn, drawing

# Six points for each of some digits; a pen through them draws what the network reads as that digit.
STROKES = {
    "0": ((14, 5), (8, 13), (13, 22), (20, 15), (18, 7), (13, 5)),
    "1": ((15, 5), (14.5, 8), (14, 12), (13.5, 15), (13, 19), (12.5, 22)),
    "2": ((9, 9), (15, 6), (18, 11), (13, 17), (8, 21), (20, 21)),
    "3": ((9, 7), (18, 7), (13, 13), (19, 17), (15, 22), (8, 20)),
    "5": ((19, 6), (11, 6), (10, 13), (18, 15), (16, 21), (8, 21)),
    "6": ((17, 5), (10, 13), (10, 20), (17, 21), (18, 15), (10, 17)),
    "7": ((8, 7), (14, 6.5), (20, 7), (17, 12), (14.5, 17), (13, 22)),
    "9": ((18, 9), (11, 6), (10, 13), (18, 11), (17, 16), (15, 23)),
}
# A 7 on the brink of a 1: the page begins here.
BRINK = ((12, 6), (14.5, 7.5), (16.5, 10), (15, 14), (13.5, 18), (12.5, 22))
SMALL = ".G43SQ3LZuUiSSTJG7b"  # a 3 near the corner, as nobody drew them for the training
IN_ROW = {"conv1": 3, "conv2": 4, "conv3": 6}
POINTS, WIDTH = range(1, 7), 2.6


@dataclass(frozen=True)
class Asked:
    """What the page is about: the data set, where the picture comes from, the layer, and the sort of unit."""

    data: str
    source: str
    layer: str
    about: str

    @property
    def handles(self) -> list[Handle]:
        if self.source != "drawn":
            return []
        return [Handle(f"p{i}_x", f"p{i}_y", _("Point {n}").format(n=i)) for i in POINTS]

    @property
    def pen(self) -> Pen | None:
        return Pen("drawing") if self.source == "pen" else None

    @property
    def narrow(self) -> dict[str, Any]:
        """On a phone: the picture, large enough to draw on, over the maps; the bars beside both."""
        wide, cut = 0.64 if self.data == "digits" else 0.48, 0.4  # names of clothes are longer than digits
        places = {"xaxis": [0, wide], "yaxis": [cut, 1], "xaxis2": [0, wide], "yaxis2": [0, cut - 0.1],
                  "xaxis3": [0.76, 1], "yaxis3": [0, 1]}  # fmt: skip
        return {name: {"domain": place} for name, place in places.items()}


def stroke(name: str) -> dict[str, float]:
    """For presets: the points of a stroke as values of their controls."""
    return {f"p{i}_{axis}": float(v) for i, p in zip(POINTS, STROKES[name], strict=True)
            for axis, v in zip("xy", p, strict=True)}  # fmt: skip


def choose(lab: Lab) -> Asked:
    data = lab.choice("data", _("Network trained on"), {"digits": _("Digits"), "fashion": _("Clothes")})
    source = lab.choice("source", _("Picture"), {"drawn": _("Points"), "pen": _("Pen"), "test": _("Test set")},
                        help=_("Points: drag the six points in the picture. Pen: draw in it."))  # fmt: skip
    if source == "pen":
        lab.pen("drawing")
        lab.toggle("centred", _("Sized and centred"), help=_("As the digits of MNIST were, before they are read."))
    if source == "test":
        lab.slider("index", _("Which of {n}").format(n=models.HELD_BACK), 0, models.HELD_BACK - 1, 14)
    layer = lab.choice("layer", _("Layer"), {"conv1": "1", "conv2": "2", "conv3": "3"})
    about = lab.choice("about", _("What drives"), {"answer": _("Answer"), "class": _("Class"), "channel": _("Channel")})
    if about == "class":
        lab.slider("class", _("Class"), 0, cnn.CLASSES - 1, 1)
    if about == "channel":
        lab.slider("channel", _("Channel"), 1, cnn.LAYERS[layer][1], 1)
    if source == "drawn":
        with lab.fold(_("Points of the stroke")):
            for i, (x, y) in zip(POINTS, BRINK, strict=True):
                lab.point(f"p{i}", _("Point {n}").format(n=i), (float(x), float(y)), (0, 27), (0, 27), 0.1)
    return Asked(data, source, layer, about)


def picture_of(asked: Asked, now: Mapping[str, Any]) -> Tensor:
    """The picture, with 256 levels as every picture of the collection has."""
    if asked.source == "test":
        return models.held_back(asked.data)[0][now["index"]]
    if asked.source == "pen":
        seen: Tensor = drawn(now["drawing"], cnn.SIDE, now["centred"])()
        return seen
    digit = drawing.ink([(now[f"p{i}_x"], now[f"p{i}_y"]) for i in POINTS], cnn.SIDE, WIDTH)
    return (digit * 255).round() / 255


def paper_of(asked: Asked, now: Mapping[str, Any]) -> Tensor:
    """The picture as it lies under the hand: a drawing is not moved there."""
    return drawn(now["drawing"], cnn.SIDE, False)() if asked.source == "pen" else picture_of(asked, now)


def truth(asked: Asked, now: Mapping[str, Any]) -> int | None:
    """The label of a test picture."""
    return int(models.held_back(asked.data)[1][now["index"]]) if asked.source == "test" else None


def unit_of(asked: Asked, now: Mapping[str, Any], logits: Tensor) -> cnn.Unit:
    """What the page asks about: the winning class, a class, or a channel of the layer."""
    if asked.about == "channel":
        return cnn.Unit(asked.layer, now["channel"] - 1)
    return cnn.Unit("head", now["class"] if asked.about == "class" else int(logits.argmax()))


def traced(asked: Asked, now: Mapping[str, Any]) -> tuple[Tensor, cnn.Trace, cnn.Unit]:
    """The picture, all that it becomes on its way, and the unit that is asked about."""
    picture = picture_of(asked, now)
    with torch.no_grad():
        trace = cnn.forward(models.classifier(asked.data), picture[None])
    return picture, trace, unit_of(asked, now, trace.logits[0])


def calls(asked: Asked, now: Mapping[str, Any]) -> dict[str, Call]:
    """Network and picture as the script carries them: all weights, and all pixels or strokes, written out."""
    if asked.source == "pen":
        picture = drawn(now["drawing"], cnn.SIDE, now["centred"])
    else:
        text = drawing.as_text(picture_of(asked, now))
        picture = Call(drawing.from_text, {"text": text, "width": cnn.SIDE})
    return {"net": Call(cnn.unpacked, {"text": models.as_text(asked.data)}), "picture": picture}


def units(asked: Asked, dreams: Tensor, names: list[str]) -> Picture:
    """What the first layer looks for, and what the units are fond of."""
    kernels = maps.tiled(models.classifier(asked.data)["conv1.weight"][:, 0], IN_ROW["conv1"])
    panels = [panel(_("kernels of layer 1"), signed(kernels.nan_to_num(0)), kernels)]
    if asked.about == "channel":
        panels.append(panel(_("what drives each channel most"), maps.tiled(dreams, 8, 2).nan_to_num(1)))
    else:
        said = _("drives {name} most")
        panels += [panel(said.format(name=name), dream) for name, dream in zip(names, dreams, strict=True)]
    alt = _("The kernels of the first layer; pictures that drive each unit as far as possible")
    return Picture(panels, alt)
