"""Test-time augmentation: a network looks at many views of one picture, and their mean answers."""

from typing import Any

import torch

from app import models
from app.augment import charts, controls, readings, survival
from app.augment.catalogue import spelt
from app.code import Verbatim
from app.controls import frozen
from app.domains import Refused
from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab, Preset

PRESETS = {
    "doubt": Preset(_("Seen askew, read aright"), {}),
    "far": Preset(_("Turned too far: the mean is misled"), {"Affine_rotate": (-180, 180)}),
    "mirror": Preset(_("Mirrored digits say other things"), {"transform": "HorizontalFlip"}),
    "clothes": Preset(_("Clothes bear the mirror"), {"data": "fashion", "label": "6", "transform": "HorizontalFlip"}),
}

lab = Lab("augmentations-views", PRESETS)
data = readings.choose_picture(lab, 6, 65)
known = [*readings.growing(), "HorizontalFlip", "VerticalFlip", "D4"]
transform = lab.choice("transform", _("Transform"), {n: quoted(n) for n in sorted(known)}, "Affine")
lab.slider("n", _("How many views"), 1, 24, 12)
controls.tune(lab, transform, in_view=2)
lab.seed()
names = models.class_names(data)


def stage(**now: Any) -> Plot:
    """The views with an answer each; at the right the untouched picture, and the mean of the answers."""
    seen, said = readings.views(transform, frozen(now))
    return charts.votes(seen, said, readings.untouched(now), int(now["label"]), names)


def classes(found: torch.Tensor) -> Plot:
    """Where it helps, and where it hurts."""
    return charts.hurts(found, names, polled)


def numbers(**now: Any) -> Table:
    """The untouched picture, the mean, the agreement."""
    _seen, said = readings.views(transform, frozen(now))
    truth = int(now["label"])
    alone, mean = (survival.reading(p, truth) for p in (readings.untouched(now)[1], said.mean(0)))
    agree = (said.argmax(1) == mean.says).float().mean().item()
    lines = ((_("untouched"), alone, "–"), (_("mean of the views"), mean, f"{agree:.3f}"))
    rows = [[title, names[r.says], f"{r.sure:.3f}", f"{r.truth:.3f}", share] for title, r, share in lines]
    titles = ["", _("the network says"), _("how sure"), _("probability of the label"), _("agreement")]
    return Table(titles, rows, _("The answer to the untouched picture, and to its views together"))


now = lab.values
polled = min(8, now["n"])  # views of each of the many pictures behind the bars
lab.live(stage)
lab.live(numbers, height=0)
try:
    found = lab.compute(readings.polls, data=data, transform=transform, arguments=controls.given(transform, now),
                        n=polled, seed=now["seed"])  # fmt: skip
    lab.live(classes, height=260, found=found)
except Refused:
    pass  # the stage says why
lab.look(
    _(
        "One view may mislead; the mean of twelve seldom does, as long as most of them keep the label. Where the "
        "transform takes the label away, more views only make the network surer of what is wrong. Low agreement "
        "is a warning that needs no label. The bars ask {n} other pictures of each class."
    ).format(n=readings.EACH)
)
lab.theory()


def script() -> tuple[Any, tuple[()], dict[str, Any]]:
    made = Verbatim(spelt(transform, controls.given(transform, now)))
    seeds = range(now["seed"], now["seed"] + now["n"])
    return survival.poll, (), readings.calls(now) | {"transform": made, "seeds": seeds}


lab.code(script)
