"""Every picture transform of the installed albumentations, found by looking: class, group, arguments, docstring."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import albumentations as A
from albumentations.core.transforms_interface import DualTransform, ImageOnlyTransform, Transform3D

from app.augment.knobs import Argument, arguments

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str

# Not in the catalogue, and why.
LEFT_OUT = {
    "Lambda": "takes functions",
    "NoOp": "does nothing",
    "FromFloat": "takes a picture of floats; ours are bytes",
    "ToRGB": "takes a picture of one channel; ours have three",
    "TextImage": "needs a font file; none is shipped",
}
# Arguments of masks, keypoints and files: nothing of the picture follows them.
UNSEEN = ("fill_mask", "mask_interpolation", "mask_drop_value", "keypoint_remapping_method", "mask", "mask_params",
          "metadata_key", "read_fn", "reference_images", "cropping_bbox_key")  # fmt: skip
# Arguments that no slider can give, without which nothing happens.
FIXED: dict[str, dict[str, Any]] = {"ConstrainedCoarseDropout": {"mask_indices": [1]}}
# At most so many samples of what takes a quarter of a second and more each.
SLOW = {"PiecewiseAffine": 1, "Superpixels": 2}
# What the module of the library is called here; its large module of pixel transforms in three parts.
GROUPS = {"blur": _("Blur"), "crops": _("Crop"), "dropout": _("Dropout"), "geometric": _("Geometry"),
          "mixing": _("Two pictures"), "other": _("Type"), "pixel": _("Colour and light"), "weather": _("Weather"),
          "noise": _("Noise and compression"), "spectrogram": _("Spectrogram")}  # fmt: skip
_WEATHER = re.compile("Rain|Snow|Fog|Flare|Shadow|Gravel|Spatter|Plasma")
_NOISE = re.compile("Noise|Pepper|Compression|Downscale")


@dataclass(frozen=True)
class Transform:
    """One transform of the library."""

    name: str
    group: str
    cls: type
    arguments: tuple[Argument, ...]
    targets: tuple[str, ...]

    def text(self) -> str:
        """The first paragraph of its docstring."""
        first = inspect.cleandoc(self.cls.__doc__ or "").split("\n\n")[0]
        return " ".join(first.replace("`", "").split())


@cache
def transforms() -> Mapping[str, Transform]:
    """Name -> transform, in the order of the groups."""
    found = []
    for name, cls in vars(A).items():
        if not inspect.isclass(cls) or not issubclass(cls, ImageOnlyTransform | DualTransform):
            continue
        if cls in (ImageOnlyTransform, DualTransform, Transform3D) or issubclass(cls, Transform3D) or name in LEFT_OUT:
            continue
        targets = tuple(target.value.lower() for target in getattr(cls, "_targets", ()) if "olume" not in target.value)
        found.append(Transform(name, _group(name, cls), cls, tuple(arguments(cls, UNSEEN)), targets))
    order = list(GROUPS)
    return {t.name: t for t in sorted(found, key=lambda t: (order.index(t.group), t.name))}


def alone() -> list[str]:
    """The transforms that need nothing beside the picture, and do not take long: the stages of pipelines."""
    more = re.compile("BBox|MaskDropout|NonEmptyMask|Constrained")
    return [n for n, t in transforms().items() if t.group != "mixing" and not more.search(n) and n not in SLOW]


def _group(name: str, cls: type) -> str:
    part = cls.__module__.split(".")[2] if cls.__module__.count(".") > 2 else "other"
    if part == "pixel":
        return "weather" if _WEATHER.search(name) else "noise" if _NOISE.search(name) else "pixel"
    return part if part in GROUPS else "other"


def spelt(name: str, given: Mapping[str, Any]) -> str:
    """The call as it stands in a program: only what differs from the library's own defaults."""
    signature = inspect.signature(transforms()[name].cls).parameters
    parts = [f"{n}={v!r}" for n, v in given.items() if signature[n].default != v or n in FIXED.get(name, {})]
    return f"A.{name}({', '.join([*parts, 'p=1.0'])})"
