"""One transform of albumentations, drawn many times: not one lucky picture but the distribution behind it."""

from typing import Any

import streamlit as st

from app import images
from app.augment import controls, view
from app.augment.catalogue import SLOW, spelt
from app.augment.samples import samples
from app.code import Verbatim
from app.domains import Refused
from app.figures.picture import Picture, Table
from app.figures.plot import short
from app.i18n import get_language
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.images import Photo
from app.lab import Lab, Preset

PRESETS = {
    "turned": Preset(_("Turned, scaled, slanted"), {}),
    "rain": Preset(_("Rain"), {"transform": "RandomRain", "RandomRain_rain_type": "heavy", "picture": "coffee"}),
    "flare": Preset(_("Sun in the lens"), {"transform": "RandomSunFlare", "picture": "rocket"}),
    "colour": Preset(_("Colours wander"), {"transform": "ColorJitter", "picture": "astronaut"}),
    "cutout": Preset(_("Cutout: holes to look around"),
                     {"transform": "CoarseDropout", "CoarseDropout_num_holes_range": (3, 8)}),
    "elastic": Preset(_("Digits as if by other hands"),
                      {"transform": "ElasticTransform", "picture": "digit", "ElasticTransform_alpha": 25,
                       "ElasticTransform_sigma": 3}),
    "six": Preset(_("Upside down: a 6 becomes a 9"),
                  {"transform": "Rotate", "picture": "digit", "which": 6, "Rotate_limit": (-180, 180)}),
    "borrowed": Preset(_("Colours of another picture"), {"transform": "HistogramMatching", "picture": "cat"}),
    "jpeg": Preset(_("Saved once too often"),
                   {"transform": "ImageCompression", "ImageCompression_quality_range": (2, 12)}),
}  # fmt: skip

lab = Lab("augmentations", PRESETS)
transform = controls.choose(lab, "Affine")
controls.tune(lab, transform)
lab.slider("n", _("How many samples"), 1, 16, 8, help=_("From as many seeds on end"))
lab.seed()
photo = images.choose(lab)
lab.slider(
    "side",
    _("Longer side, pixels"),
    128,
    640,
    256,
    64,
    help=_("Sizes in pixels mean more on a small picture."),
)
other = images.photograph(controls.second(lab, transform))
if transform in SLOW:
    with lab.words():
        st.caption(_("This one is slow: at most {n} samples are drawn.").format(n=SLOW[transform]))
now = lab.values
sweep = controls.sweepable(transform, now)
if sweep:
    lab.choice(f"{transform}_sweep", _("Sweep"), {n: quoted(n) for n in sweep})
try:
    with lab.words():
        took = view.milliseconds(photo, other, transform, now)
        st.caption(_("{ms} ms a picture, on one thread").format(ms=short(took, 1)))
except Refused:
    pass  # the figures say why
controls.described(lab, transform)
STEPS = 6  # of the sweep


def stage(photo: Photo, other: Photo, **now: Any) -> Picture:
    """The original, and samples from consecutive seeds."""
    found = view.sampled(photo, other, transform, now, now["n"])
    panels = [view.original(photo, now["side"], get_language())]
    panels += [view.shown(_("seed {n}").format(n=s.seed), s.image) for s in found]
    words = _("A picture and {n} samples of {name}, each from a seed of its own.")
    return Picture(panels, words.format(n=len(found), name=quoted(transform)))


def strip(photo: Photo, other: Photo, now: dict[str, Any]) -> Picture:
    """One argument from its low end to its high one; the seed stays."""
    name, panels = now[f"{transform}_sweep"], view.strip(photo, other, transform, now, STEPS)
    return Picture(list(panels), _("{name} from its low end to its high one.").format(name=quoted(name)))


def apart(photo: Photo, other: Photo, now: dict[str, Any]) -> Picture:
    """How far samples lie from the original, and from each other."""
    found = view.sampled(photo, other, transform, now, now["n"])
    alt = _("The first sample less the original; mean and spread of all.")
    return Picture(view.differences(view.picture(photo, now["side"]), found), alt)


def values(photo: Photo, other: Photo, **now: Any) -> Table:
    return view.drawn(view.sampled(photo, other, transform, now, min(4, now["n"])))


# Samples and numbers follow the hand; the sweep and the differences come when it lets go.
lab.live(stage, photo=photo, other=other)
if sweep:
    told = _("{name} from its low end to its high one.").format(name=f"`{quoted(lab.values[f'{transform}_sweep'])}`")
    lab.stage.caption(told)
    lab.live(strip, height=130, place=lab.stage, photo=photo, other=other, now=lab.values)
lab.live(apart, height=220, photo=photo, other=other, now=lab.values)
lab.live(values, height=0, photo=photo, other=other)
lab.look(_("A transform is not a picture but a lottery: each seed draws other values from the ranges on the left. "
           "Pull the two thumbs together, and all samples are alike; pull them apart until you would no longer "
           "give the picture its label, then go back a little."))  # fmt: skip
view.elsewhere(lab, transform, now)
lab.theory()
height, width = view.picture(photo, now["side"]).shape[:2]
call = {"picture": Verbatim(f"given({height}, {width})"),
        "transform": Verbatim(spelt(transform, controls.given(transform, now))),
        "seeds": range(now["seed"], now["seed"] + min(now["n"], SLOW.get(transform, 16)))}  # fmt: skip
if controls.takes_two(transform):
    call["other"] = Verbatim(f"given({height}, {width}, 2)")
lab.code(lambda: (samples, (), call))
