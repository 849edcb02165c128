"""A pipeline: stages in a row, each with its probability; what each did, and whether their order matters."""

from collections.abc import Callable
from typing import Any

from app import images
from app.augment import exchange, pipeline, stages, view
from app.augment.pipeline import Stage
from app.augment.samples import augmix, run
from app.code import Verbatim
from app.figures.picture import Picture, Table
from app.i18n import get_language
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.images import Photo
from app.lab import Lab, Preset

PRESETS = {
    "order": Preset(_("Order matters: holes, then turned"), {}),
    "weather": Preset(_("Weather"), {"stages": ["RandomRain", "RandomFog", "RandomSunFlare", "RandomShadow"],
                                     "how": "one", "picture": "rocket"}),
    "colour": Preset(_("Colour only"), {"stages": ["ColorJitter", "RandomGamma", "ToGray", "RGBShift"],
                                        "p_ToGray": 0.2, "p_RGBShift": 0.5, "picture": "astronaut"}),
    "medical": Preset(_("Gentle, as for a retina"), {"stages": ["Affine", "RandomBrightnessContrast", "GaussNoise"],
                                          "Affine_rotate": (-10, 10), "Affine_scale": (0.95, 1.05), "p_GaussNoise": 0.3,
                                          "Affine_shear": (0, 0), "GaussNoise_std_range": (0.01, 0.05),
                                          "picture": "retina"}),
    "digits": Preset(_("Digits: what not to do"), {"stages": ["HorizontalFlip", "VerticalFlip", "Rotate", "InvertImg"],
                                                   "p_HorizontalFlip": 0.5, "p_VerticalFlip": 0.5, "p_InvertImg": 0.5,
                                                   "picture": "digit", "which": 6}),
    "cutout": Preset(_("Cutout family"), {"stages": ["CoarseDropout", "GridDropout", "Erasing", "PixelDropout"],
                                          "how": "one"}),
    "rand": Preset(quoted("RandAugment"), {"how": "rand"}),
    "trivial": Preset(quoted("TrivialAugment"), {"how": "trivial"}),
    "augmix": Preset(quoted("AugMix"), {"how": "augmix"}),
}  # fmt: skip

lab = Lab("augmentations-pipeline", PRESETS)
chosen, own = stages.choose(lab, ["CoarseDropout", "Rotate", "RandomBrightnessContrast"])
how = lab.values["how"]
lab.slider("n", _("How many samples"), 1, 16, 8, help=_("From as many seeds on end"))
lab.seed()
lab.toggle("alike", _("Each stage with the same seed"), help=_("As Compose(seed=…) does: see the theory."))
photo = images.choose(lab)
lab.slider("side", _("Longer side, pixels"), 128, 640, 256, 64)


def built(now: dict[str, Any]) -> Stage:
    return stages.built(now, own)


def stage(photo: Photo, **now: Any) -> Picture:
    """The original, and samples from consecutive seeds."""
    found = view.piped(photo, built(now), now, how, range(now["seed"], now["seed"] + now["n"]))
    panels = [view.original(photo, now["side"], get_language())]
    panels += [view.shown(_("seed {n}").format(n=s.seed), s.image) for s in found]
    return Picture(panels, _("A picture and {n} samples of the pipeline.").format(n=len(found)))


def steps(photo: Photo, now: dict[str, Any]) -> Picture:
    return Picture(view.stepwise(photo, built(now), now, how), _("What each stage did to the first sample."))


def applied(photo: Photo, **now: Any) -> Table:
    return view.drawn(view.piped(photo, built(now), now, how, range(now["seed"], now["seed"] + min(4, now["n"]))))


lab.live(stage, photo=photo)
if how == "all" and 0 < len(chosen) <= pipeline.MOST_STAGES:
    lab.live(steps, height=140, place=lab.stage, photo=photo, now=lab.values)
lab.live(applied, height=0, photo=photo)
lab.look(_("Holes that are cut first are turned with the picture; cut after the turn, they stand upright. Lower a "
           "probability, and some samples go without that stage. OneOf takes a single one each time."))  # fmt: skip
now = lab.values
exchange.export(lab, lambda: built(now))
if how != "augmix":
    lab.link(
        "augmentations-help",
        _("Does it help? Train with this pipeline"),
        stages.shared(now),
        ":material/exercise:",
    )
lab.theory()


def script() -> tuple[Callable[..., Any], tuple[()], dict[str, Any]]:
    made, (height, width) = built(now), view.picture(photo, now["side"]).shape[:2]
    given: dict[str, Any] = {"picture": Verbatim(f"given({height}, {width})")}
    given["seeds"] = range(now["seed"], now["seed"] + now["n"])
    if how == "augmix":
        inner = ", ".join(s.spelt() for s in made.inner[0].inner)
        return augmix, (), given | {"operations": Verbatim(f"[{inner}]")}
    return run, (), given | {"pipeline": Verbatim(made.spelt()), "alike": now["alike"]}


lab.code(script)
