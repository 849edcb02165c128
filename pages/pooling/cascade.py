"""A cascade: the picture through the same pooling again and again. Each layer keeps a quarter; what remains?"""

from typing import Any

import torch

from app.code import Call
from app.figures.axes import axis
from app.figures.picture import Picture, Table, panel, shown
from app.figures.plot import Plot, layout, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.pooling import pools, subjects
from core import pooling, restore

KINDS = ["max", "average", "min", "lp", "median", "blur", "max_blur", "stochastic"]
PRESETS = {
    "bright": Preset(_("Max grows brighter, layer by layer"), {}),
    "dark": Preset(_("Min grows darker"), {"above": "min"}),
    "alike": Preset(_("Average stays, in the mean"), {"above": "median", "below": "average", "picture": "astronaut"}),
    "stars": Preset(_("One star survives six layers"), {"picture": "galaxies", "layers": 6}),
    "chance": Preset(_("By chance: a sample of pixels"), {"above": "stochastic", "below": "average"}),
    "three": Preset(_("3 × 3, stride 2, as in AlexNet"), {"kernel": 3, "tied": False, "stride": 2, "layers": 6}),
    "moire": Preset(_("Rings: folded over once, folded for ever"), {
        "source": "rings", "above": "strided", "below": "blur", "layers": 4}),
}  # fmt: skip

lab = Lab("pooling-cascade", PRESETS)
photo = subjects.choose_picture(lab, n=96)
lab.slider("layers", _("Layers"), 1, 8, 5)
family = pools.titles([*KINDS, "strided"])
lab.choice("above", _("Above"), family, "max")
lab.choice("below", _("Below"), family, "average")
pools.choose_window(lab, 2, 8, fine=False)
with lab.fold(_("Lp, the way back, seed")):
    pools.choose_p(lab)
    lab.choice("back", _("Back up"), {"nearest": _("Nearest"), "bilinear": _("Bilinear")})
    lab.seed()


def layers(photo: Any, now: dict[str, Any], kind: str) -> list[restore.Layer]:
    of, window = pools.to_repeat(photo, now, 96)
    return pools.layers(of, kind, window, now)


def strip(photo: Any, now: dict[str, Any], kind: str) -> Picture:
    """All layers in a row, each as large as the picture."""
    panels, title = [], pools.title(kind, now)
    for i, one in enumerate(layers(photo, now, kind)):
        height, width = one.size_hw
        panels.append(panel(f"{width} × {height}" if i else title, shown(one.output)))
    alt = _("{kind}: {n} layers leave {width} × {height} pixels.")
    return Picture(panels, alt.format(kind=title, n=now["layers"], width=width, height=height))


def stage(photo: Any, **now: Any) -> Picture:
    return strip(photo, now, now["above"])


def other(photo: Any, **now: Any) -> Picture:
    return strip(photo, now, now["below"])


def remains(photo: Any, **now: Any) -> Plot:
    """How well the picture can be brought back from each layer, under every kind."""
    kinds = dict.fromkeys([now["above"], now["below"], "max", "average", "blur"])
    found = {kind: torch.tensor([one.psnr for one in layers(photo, now, kind)[1:]]) for kind in kinds}
    data = pools.curves(torch.arange(1, now["layers"] + 1), found, now, mode="lines+markers")
    said = [f"{pools.title(kind, now)} {short(values[-1].item(), 1)}" for kind, values in found.items()]
    grid = {"xaxis": axis(_("layer"), range=[0.8, now["layers"] + 0.2], dtick=1),
            "yaxis": axis(_("PSNR, dB"), range=[0, 45])}  # fmt: skip
    alt = _("Decibels after {n} layers and the way back: {said}.").format(n=now["layers"], said=", ".join(said))
    return Plot(data, layout(**grid), alt)


def numbers(photo: Any, **now: Any) -> Table:
    """What each layer leaves."""
    cells = [[str(one.layer), str(one.width), str(one.height), str(one.numbers), f"{one.percent:.4g}"]
             for one in pooling.left(**sizes(photo, now))]  # fmt: skip
    titles = [_("layer"), _("width"), _("height"), _("numbers per channel"), _("left, %")]
    return Table(titles, cells, _("Sizes, layer by layer"))


def sizes(photo: Any, now: dict[str, Any]) -> dict[str, Any]:
    of, window = pools.to_repeat(photo, now, 96)
    return {"size_hw": tuple(of.pixels.shape[-2:]), "window": window, "layers": now["layers"]}


def script() -> Any:
    """The sizes of the page, and the PSNR behind each layer; of a picture that was made smaller, behind fewer."""
    now = lab.values
    given, (x, small) = sizes(photo, now), subjects.small_call(photo, now, 96)
    readers = {kind: pools.pooler_call(kind, now) for kind in dict.fromkeys((now["above"], now["below"]))}
    count = min(now["layers"], pooling.most_layers(min(small), given["window"]))
    window, smooth = pools.window_call(now), now["back"] == "bilinear"
    down = {"x": x, "pools": readers, "window": window, "layers": count, "smooth": smooth}
    return pooling.left, (Call(restore.fading, down),), given | {"window": window}


lab.live(stage, height=300, pen=subjects.pen(lab.values), photo=photo)
lab.live(other, height=300, place=lab.stage, photo=photo)
lab.live(remains, height=280, photo=photo)
lab.live(numbers, height=0, photo=photo)
lab.look(_("With kernel 2 each layer leaves a quarter: after five of them one number stands for 1024 pixels. Averages "
           "of averages are the average of all; the maximum of maxima is the brightest speck far and wide, so "
           "max-pooling drifts to white."))  # fmt: skip
lab.theory()
lab.code(script)
