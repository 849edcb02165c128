"""What there is to read about two boxes: their measures, their formats, and the cases where a formula says nothing."""

from typing import Any

from app.figures import frames
from app.figures.picture import Table
from app.figures.plot import short
from app.i18n import gettext as _
from core import boxes


def names() -> dict[str, str]:
    return {"iou": _("IoU"), "giou": _("GIoU"), "diou": _("DIoU"), "ciou": _("CIoU")}


def numbers(**now: Any) -> Table:
    """Each measure with the parts that it is made of."""
    found = boxes.numbers(frames.box("a", now), frames.box("b", now))
    n = {k: f"{v:.7g}" if v > 9 else short(v, 4) for k, v in found.items()}
    iou, giou, diou, ciou = names().values()
    squares = _("d² = {d}, c² = {c}").format(d=n["distance2"], c=n["diagonal2"])
    rows = [[iou, "|A∩B| / |A∪B|", f"{n['intersection']} / {n['union']}", n["iou"]],
            [giou, f"{iou} − (|C| − |A∪B|) / |C|", f"|C| = {n['hull']}", n["giou"]],
            [diou, _("{iou} − d² / c²").format(iou=iou), squares, n["diou"]],
            [ciou, f"{diou} − α v", f"α = {n['alpha']},  v = {n['v']}", n["ciou"]]]  # fmt: skip
    return Table(["", _("formula"), _("its parts, px²"), _("value")], rows, _("The measures and their parts"))


def written(width: int, height_px: int, **now: Any) -> Table:
    """The same two boxes as files and libraries write them."""
    titles = {"xyxy": _("corners x1 y1 x2 y2"), "xywh": _("corner and size x y w h"),
              "cxcywh": _("centre and size cx cy w h"), "normalised": _("the same, over width and height")}  # fmt: skip
    a, b = (boxes.written(frames.box(name, now), width, height_px) for name in "ab")
    rows = [[title, *("  ".join(f"{v:.4g}" for v in box[form]) for box in (a, b))] for form, title in titles.items()]
    return Table([_("format"), "A", "B"], rows, _("The boxes in four formats"))


def special() -> Table:
    """What the measures say where the picture has no answer."""
    titles = {"same": _("the same box twice"), "touching": _("touching edges"), "apart": _("far apart"),
              "flat": _("a box without height"), "inside_out": _("turned inside out: x2 < x1"),
              "both_empty": _("two empty boxes"), "nan": _("a coordinate is NaN")}  # fmt: skip
    rows = [
        [titles[case], *(short(v, 3) if v == v else _("NaN") for v in values)] for case, values in boxes.special_cases()
    ]
    return Table([_("special case"), *names().values()], rows, _("The measures where boxes are odd"))
