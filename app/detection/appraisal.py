"""What there is to read about the worth of detections: the matching, the confusion, AP counted in three ways."""

from typing import Any

import torch
from torch import Tensor

from app.detection import crowds
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, short
from app.i18n import gettext as _
from core import precision


def verdicts() -> dict[str, str]:
    return {
        "right": _("right"),
        "duplicate": _("duplicate"),
        "wrong": _("false alarm"),
        "ignored": _("ignored"),
    }


def given(now: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The scene, in the order in which precision takes its parts."""
    s = crowds.seen(now)
    return s.boxes, s.scores, s.classes, s.truth, s.kinds


def matching(**now: Any) -> Table:
    """Ten detections up to the last one counted: what each is worth."""
    boxes, scores, classes, truth, kinds = given(now)
    found = precision.match(boxes, scores, classes, truth, kinds, now["t"])
    upto = 10 if now["step"] == crowds.LAST else max(now["step"], 10)
    cells = [[str(place), f"{score:.3f}", str(kind), f"{u:.3f}", verdicts()[word], str(j) if j else "–"]
             for place, score, kind, u, j, word in precision.matched(found, scores, classes)[:upto][-10:]]  # fmt: skip
    titles = [_("place"), _("score"), _("class"), _("IoU"), _("verdict"), _("object")]
    return Table(titles, cells, _("What each detection is worth"))


def columns_of(now: dict[str, Any]) -> dict[str, list[float]]:
    """The whole matching, number by number; object 0 stands for none."""
    boxes, scores, classes, truth, kinds = given(now)
    found = precision.match(boxes, scores, classes, truth, kinds, now["t"])
    names = ("place", "score", "class", "iou", "object")
    columns = list(zip(*precision.matched(found, scores, classes), strict=True))[:5]
    return dict(zip(names, map(list, columns), strict=False)) or {name: [] for name in names}


def limits(now: dict[str, Any]) -> tuple[float, float]:
    """The areas between which an object is of medium size, in pixels."""
    height, width = crowds.SIZES.get(now["scene"], crowds.CANVAS)
    low, high = (round(share / 100 * height * width) for share in now["medium"])
    return low, high


def averages(**now: Any) -> Table:
    """AP of each class and their mean, counted in three ways; the mean once more for objects of one size."""
    cells = [[_("mean: mAP") if kind < 0 else _("class {k}").format(k=kind), str(n), *(short(v, 4) for v in ap)]
             for kind, n, *ap in precision.by_class(*given(now), now["t"])]  # fmt: skip
    low, high = (f"{share:g}" for share in now["medium"])
    sizes = [_("mAP, small: up to {low} % of the scene"), _("mAP, medium: {low} to {high} %"),
             _("mAP, large: from {high} %")]  # fmt: skip
    cells += [[name.format(low=low, high=high), str(n), *(short(v, 4) if n else "–" for v in ap)] for name, (n, *ap)
              in zip(sizes, precision.by_size(*given(now), limits(now), now["t"]), strict=True)]  # fmt: skip
    titles = ["", _("objects"), _("11 points (VOC 2007)"), _("all points (VOC 2010)"), _("101 points (COCO)")]
    return Table(titles, cells, _("AP counted in three ways"))


def confusion(**now: Any) -> Table:
    """Which class was said where which one was."""
    table = precision.confusion(*given(now), crowds.CLASSES, now["t"])
    names = [_("class {k}").format(k=k) for k in range(crowds.CLASSES)]
    cells = [[name, *map(str, row)] for name, row in zip([*names, _("nothing there")], table, strict=True)]
    cells[-1][-1] = "–"
    return Table([_("true ↓ said →"), *names, _("nothing said: missed")], cells, _("Confusion by class"))


def ladder(**now: Any) -> Plot:
    """mAP against the IoU from which a detection is a hit: COCO's 0.50, 0.55, …, 0.95 and their mean."""
    rows = precision.over_thresholds(*given(now))
    t, ap = (torch.tensor(part, dtype=torch.float64) for part in zip(*rows[:-1], strict=True))
    mean, here = rows[-1][1], torch.tensor([now["t"]] * 2)
    data = [line(t, ap, _("mAP, 101 points"), palette.BLUE, mode="lines+markers", marker={"size": 9}),
            line(t[[0, -1]], torch.full((2,), mean), _("mean: COCO's AP"), palette.ORANGE, dash="dash"),
            line(here, torch.tensor([0.0, 1.0]), _("threshold here"), palette.ACCENT, dash="dot")]  # fmt: skip
    grid = columns([_("mAP")], (0.04, 0.96), [(0, 1.04)], below=_("IoU from which it is a hit"))
    return Plot(data, layout(**grid), _("COCO's AP, the mean over ten thresholds, is {ap:.3f}.").format(ap=mean))
