"""Does the label survive? One argument of a transform grows, and a network says what it still sees."""

from typing import Any

from app import models
from app.augment import charts, readings, survival
from app.augment.readings import ASKED_AT, Curve
from app.controls import frozen
from app.domains import Refused
from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab, Preset
from app.live.component import Handle

PRESETS = {
    "six": Preset(_("When does a 6 become a 9?"), {}),
    "eight": Preset(_("An 8 can stand on its head"), {"label": "8", "Rotate_limit_at": 180}),
    "noise": Preset(_("Noise: sure for long, then lost"), {"transform": "GaussNoise", "label": "4"}),
    "holes": Preset(_("Holes: what has to stay?"), {
        "transform": "CoarseDropout", "label": "3", "CoarseDropout_num_holes_range_at": 9,
        "CoarseDropout_hole_height_range": (0.1, 0.1), "CoarseDropout_hole_width_range": (0.1, 0.1)}),
    "coat": Preset(_("Clothes do not like to be turned"), {"data": "fashion", "label": "4"}),
}  # fmt: skip

lab = Lab("augmentations-label", PRESETS)
data = readings.choose_picture(lab)
transform, grows, at = readings.choose_growing(lab)
lab.seed()
names = models.class_names(data)


def curve(now: dict[str, Any]) -> Curve:
    return readings.curve(transform, grows, frozen(now, without=(at,)))


def stage(**now: Any) -> Plot:
    """Probabilities along the magnitude, the pictures below them; at the right what stands at the line."""
    found = curve(now)
    here = readings.one(transform, readings.at_value(transform, grows, now, now[at]), now)
    return charts.along(found, (now[at], *here), int(now["label"]), names, quoted(grows))


def classes(found: Any, stops: list[float]) -> Plot:
    """Which classes bear it."""
    return charts.by_class(found, stops, names, quoted(grows), readings.EACH)


def numbers(**now: Any) -> Table:
    """What the network says to each of the pictures."""
    found, truth = curve(now), int(now["label"])
    told = [survival.reading(found.said[i], truth) for i in found.tiles]
    rows = [[_("the network says"), *(names[r.says] for r in told)],
            [_("how sure"), *(f"{r.sure:.3f}" for r in told)],
            [_("probability of the label"), *(f"{r.truth:.3f}" for r in told)]]  # fmt: skip
    values = [charts.number(found.values[i]) for i in found.tiles]
    return Table([quoted(grows), *values], rows, _("What the network says along the way"))


now = lab.values
lab.live(stage, handles=[Handle(at, label=_("Magnitude"))])
lab.live(numbers, height=0)
try:
    stops = readings.grown(transform, grows, now, ASKED_AT)
    asked = [arguments for arguments, _look in stops.values()]
    found = lab.compute(readings.many, data=data, transform=transform, stops=asked, seed=now["seed"])
    lab.live(classes, height=360, found=found, stops=list(stops))
except Refused:
    pass  # the stage says why
lab.look(
    _(
        "Drag the line. The network has never seen a digit turned this far, and yet it is sure of what it says: "
        "on the way to the 9 it sees a 4 and a 5. Below: which classes bear the same treatment, and how much of it."
    )
)
lab.theory()


def script() -> tuple[Any, tuple[()], dict[str, Any]]:
    found = curve(now)
    stops = [readings.at_value(transform, grows, now, found.values[i]) for i in found.tiles]
    made = readings.spelt_list(transform, stops)
    return survival.readings, (), readings.calls(now) | {"transforms": made, "seed": now["seed"]}


lab.code(script)
