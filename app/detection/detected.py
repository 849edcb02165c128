"""What there is to read about the detector at work: what is left, at which stage, and how good it is."""

from typing import Any

import torch

from app.detection import seeing
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from core import boxes, detector, precision


def answers(**now: Any) -> Table:
    """What is left, line by line."""
    laid = seeing.laid(now)
    s = seeing.seen(now)
    rows = detector.answers(s.sure, s.verdict.kept, laid.truth, laid.kinds, boxes.iou)
    names = seeing.class_names()
    cells = [[f"{place}. {names[kind]}", short(score, 3), short(u, 3), *(short(v, 1) for v in box)]
             for place, (kind, score, u, box) in enumerate(rows, 1)]  # fmt: skip
    titles = [_("said"), _("score"), _("IoU with a true one"), "x1", "y1", "x2", "y2"]
    return Table(titles, cells, _("What is left in the end"))


def stages(**now: Any) -> Table:
    """How many boxes there are at each stage."""
    s = seeing.seen(now)
    titles = {
        "anchors": _("anchors"),
        "confident": _("after the confidence cut"),
        "left": _("after suppression"),
    }
    rows = detector.funnel(s.sure, s.verdict.kept, len(seeing.places()))
    return Table([_("stage"), _("boxes")], [[titles[n], str(k)] for n, k in rows], _("How many boxes are left"))


def worth(confidence: float, judged: tuple[precision.Curve, float, int]) -> Plot:
    """Precision over recall on scenes of pictures that the training has not seen; the point is this page's cut."""
    curve, mean, objects = judged
    counted = int((curve.score >= confidence).sum())
    last = slice(max(counted - 1, 0), counted)  # none, where nothing is that sure
    data = [
        line(curve.recall, curve.precision, _("all classes together"), palette.BLUE),
        dots(curve.recall[last], curve.precision[last], _("this confidence"), palette.ACCENT, 14),
    ]
    below = _("recall, of {m} objects in {n} held-back scenes").format(m=objects, n=seeing.JUDGED)
    grid = columns([_("precision")], (0, 1.02), [(0, 1.04)], below=below)
    grid["meta"] = {"narrow": {"xaxis": {"title": {"text": _("recall"), "standoff": 6}}}, "small": 13}
    told = seeing.noted()["judged"]
    words = [_("mAP at IoU 0.5: {here} on these scenes").format(here=short(mean, 3)),
             _("after the training, on {n} scenes: {all},").format(n=told["scenes"], all=short(told["AP50"], 3)),
             _("at IoU 0.50:0.95 {coco}").format(coco=short(told["AP"], 3))]  # fmt: skip
    data.append(line(torch.full((3,), 0.02), torch.tensor([0.32, 0.19, 0.06]), "", palette.INK, mode="text", text=words,
                     legend=False, textposition="middle right", textfont={"size": 16}))  # fmt: skip
    return Plot(data, layout(**grid), " ".join(words))
