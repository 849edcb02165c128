"""Targets follow: boxes, masks and points go where the picture goes, or are dropped, and the reason is said."""

from typing import Any

import numpy as np

from app import images
from app.augment import controls, marks, view
from app.augment.annotations import OBJECTS, POINTS, masks, written
from app.augment.catalogue import alone, spelt, transforms
from app.augment.targets import Box, follow, oval
from app.code import Verbatim
from app.domains import Refused
from app.figures.picture import Picture, Table
from app.figures.plot import short
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab, Preset
from app.live.component import Handle

PRESETS = {
    "turn": Preset(_("Turned: boxes grow, masks do not"), {}),
    "flip": Preset(_("Mirrored: left is right"), {"transform": "HorizontalFlip"}),
    "crop": Preset(_("Cropped: some are lost"), {"transform": "RandomCrop", "visibility": 0.5, "picture": "astronaut"}),
    "warp": Preset(_("Warped"), {"transform": "ElasticTransform", "picture": "coffee"}),
    "colour": Preset(_("Colours move nothing"), {"transform": "ColorJitter", "picture": "rocket"}),
}
SIDE = 256  # pixels

lab = Lab("augmentations-targets", PRESETS)
follows = [n for n in alone() if {"bboxes", "keypoints"} <= {*transforms()[n].targets} or n == "ColorJitter"]
transform = lab.choice("transform", _("Transform"), {n: quoted(n) for n in follows}, "Rotate")
controls.tune(lab, transform)
photo = images.choose(lab)
name = lab.values["picture"]
lab.slider("area", "`{}`".format(quoted("min_area")), 0, 5000, 0, 50, help=_("Pixels that must be left of a box"))
lab.slider("visibility", "`{}`".format(quoted("min_visibility")), 0.0, 1.0, 0.3, 0.05,
           help=_("The share of a box that must be left in the picture"))  # fmt: skip
lab.slider("n", _("How many samples"), 1, 8, 5)
lab.seed()
marked = name in OBJECTS
if lab.toggle("own", _("A box of your own"), not marked, help=_("Drag its two corners in the first picture.")):
    with lab.fold(_("Its corners, in pixels")):
        lab.point("a", "1", (60.0, 40.0), (0, SIDE), (0, SIDE), 1)
        lab.point("b", "2", (180.0, 140.0), (0, SIDE), (0, SIDE), 1)
image = view.filled(photo, SIDE)
height, width = image.shape[:2]


def boxes(now: dict[str, Any]) -> dict[str, Box]:
    """The marked objects, and the visitor's own box, in shares of the picture."""
    found = {_(title): box for title, box in OBJECTS.get(name, {}).items()}
    if now["own"]:
        (left, right), (top, bottom) = sorted((now["a_x"], now["b_x"])), sorted((now["a_y"], now["b_y"]))
        if right - left < 2 or bottom - top < 2 or right > width or bottom > height:
            raise Refused(_("Your box has to lie in the picture: {w} × {h}.").format(w=width, h=height))
        found[_("your box")] = (left / width, top / height, right / width, bottom / height)
    return found


def targets(now: dict[str, Any]) -> tuple[dict[str, Box], list[tuple[float, float]], list[np.ndarray]]:
    """Boxes, points and masks; the visitor's own box comes with an oval."""
    found, covers = boxes(now), masks(name, height, width) if marked else []
    ovals = [oval(b, height, width) for b in list(found.values())[len(covers) :]]
    return found, POINTS.get(name, []), [*covers, *ovals]


def stage(**now: Any) -> Picture:
    """The picture with its targets, and samples with theirs."""
    panels = [view.shown(_("original"), marks.before(image, *targets(now)))]
    for sample in view.moved(image, transform, targets(now), now, now["n"]):
        kept = sum(f.verdict in ("kept", "clipped") for f in sample.fates)
        title = _("seed {n}: {k} of {all} kept").format(n=sample.seed, k=kept, all=len(sample.fates))
        panels.append(view.shown(title, marks.after(sample)))
    return Picture(panels, _("A picture with boxes, masks and points, and how they move."))


def fates(**now: Any) -> Table:
    """What became of each object in the first sample; its box in the four formats."""
    first, rows = view.moved(image, transform, targets(now), now, 1)[0], []
    for fate in first.fates:
        told = fate.written.items()
        written = [", ".join(short(v, 1 if kind in ("pascal_voc", "coco") else 3) for v in box) for kind, box in told]
        rows.append([fate.name, marks.verdict(fate.verdict), f"{fate.visible:.2f}", *(written or ["–"] * 4)])
    kinds = map(quoted, ("pascal_voc", "albumentations", "coco", "yolo"))
    return Table([_("seed {n}").format(n=now["seed"]), _("what became of it"), _("seen"), *kinds], rows,
                 _("The fate of each object"))  # fmt: skip


handles = [Handle("a_x", "a_y", label=_("Corner 1")), Handle("b_x", "b_y", label=_("Corner 2"))]
now = lab.values
lab.live(stage, handles=handles if now["own"] else ())
lab.live(fates, height=0)
lab.look(
    _(
        "A box stays upright: around a turned object it grows, while the mask turns along. What is cut too far is "
        "dropped, red with a cross: raise min_visibility and see the labels go that no eye would miss."
    )
)
lab.theory()


def script() -> tuple[Any, tuple[()], dict[str, Any]]:
    made = spelt(transform, controls.given(transform, now))
    given = {"picture": Verbatim(f"given({height}, {width})"), "pipeline": Verbatim(f"[{made}]"), "boxes": boxes(now),
             "points": POINTS.get(name, []), "seeds": [now["seed"]], "min_area": now["area"],
             "min_visibility": now["visibility"]}  # fmt: skip
    return follow, (), given | ({"masks": written(name, height, width)} if marked else {})


lab.code(script)
