"""Average precision: how good are all detections of a model, whatever confidence one asks for?"""

from typing import Any

import torch

from app.code import Call
from app.detection import crowds
from app.detection.appraisal import averages, columns_of, confusion, given, ladder, limits, matching
from app.detection.crowds import LAST
from app.figures import frames, palette
from app.figures.axes import axis
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import precision

PRESETS = {
    "duplicate": Preset(_("Duplicate is a false positive"), {"each": 3, "missed": 0.0, "alarms": 0, "step": 14}),
    "alarms": Preset(_("Weak false alarms cost nothing"),
                     {"each": 1, "noise": 0.02, "missed": 0.0, "alarms": 30, "own": 0.0}),
    "sure": Preset(_("One sure false alarm costs a lot"),
                   {"each": 1, "noise": 0.02, "missed": 0.0, "alarms": 0, "own": 1.0}),
    "missed": Preset(_("Missed objects end the curve early"), {"each": 1, "missed": 0.5, "own": 0.0}),
    "strict": Preset(_("A strict judge: IoU from 0.85"), {"t": 0.85}),
    "yours": Preset(_("Three boxes of your own: move them, watch AP"),
                    {"number": 3, "seed": 24, "each": 0, "alarms": 0, "own": 0.9, "own_b": 0.7, "own_c": 0.5, "a_x": 82,
                     "a_y": 158, "a_w": 112, "a_h": 140, "b_x": 90, "b_y": 170, "b_w": 110, "b_h": 130, "c_x": 320,
                     "c_y": 180, "c_w": 110, "c_h": 140}),
    "labels": Preset(_("Right place, wrong class"), {"mistakes": 0.4, "each": 1, "noise": 0.03, "own": 0.0}),
}  # fmt: skip

lab = Lab("detection-ap", PRESETS)
crowds.ask_kind(lab)
lab.slider("t", _("A hit from IoU"), 0.05, 0.95, 0.5, 0.05)
lab.slider("step", _("Detections counted, best first"), 0, LAST, LAST,
           help=_("Moving it is moving the confidence cut."))  # fmt: skip
shown = {"all": _("all"), **{str(k): str(k) for k in range(crowds.CLASSES)}}
lab.choice("kind", _("Curve of class"), shown)
lab.slider("medium", _("Medium objects, % of the scene"), 0.5, 15.0, (4.2, 5.0), 0.1,
           help=_("For AP by size. COCO's limits, 32² and 96² pixels, are 0.3 % and 3 % of a picture of 640 × 480; "
                  "the objects here are larger."))  # fmt: skip
with lab.fold(_("The scene")):
    crowds.ask(lab, number=12, each=2, noise=0.09, alarms=6, overlap=0.2)
    lab.slider("missed", _("Share of objects without a detection"), 0.0, 1.0, 0.15, 0.05)
    lab.slider("mistakes", _("Share of wrong classes"), 0.0, 1.0, 0.1, 0.05)
with lab.fold(_("Boxes of your own")):
    own = crowds.ask_own(lab, 0.7)
now = lab.values


def stage(**now: Any) -> Plot:
    """Left, the detections counted so far, right or wrong; right, the curve as far as they take it."""
    boxes, scores, classes, truth, kinds = given(now)
    found = precision.match(boxes, scores, classes, truth, kinds, now["t"])
    among = torch.ones_like(classes, dtype=torch.bool) if now["kind"] == "all" else classes == int(now["kind"])
    there = len(truth) if now["kind"] == "all" else int((kinds == int(now["kind"])).sum())
    order = found.order[among[found.order]]
    curve = precision.curve(found, scores, there, among)
    upto = len(order) if now["step"] == LAST else min(now["step"], len(order))
    done, ok = order[:upto], found.claimed[order[:upto]] >= 0
    data = [frames.frames(truth, _("true"), "truth"),
            frames.frames(boxes[order[upto:]], _("not counted yet"), "waiting"),
            frames.frames(boxes[done[~ok]], _("false positive"), "dropped", width=2.5),
            frames.frames(boxes[done[ok]], _("right"), "kept"),
            frames.frames(boxes[done[-1:] if now["step"] < LAST else done[:0]], "", "now", legend=False)]  # fmt: skip
    right: dict[str, Any] = {"axes": "x2y2", "legend": False}
    start = torch.zeros(1, dtype=torch.float64)
    recall, p = (torch.cat([start + i, part]) for i, part in enumerate((curve.recall, curve.precision)))
    way = [i for i in range(upto + 1) for _twice in range(2)]  # two points at least: a line from the first one on
    steps = torch.cat([curve.recall.new_zeros(1), curve.recall]).repeat_interleave(2)[1:-1]
    high = curve.envelope.repeat_interleave(2)
    area = torch.stack([torch.cat([steps, steps[-1:], start]), torch.cat([high, start, start])]) \
        if len(high) else torch.zeros(2, 3)  # fmt: skip
    data += [line(area[0], area[1], "", palette.ORANGE + "40", width=0, fill="toself", fillcolor=palette.ORANGE + "40",
                  hoverinfo="skip", **right),
             line(recall, p, "", palette.MUTED, width=1.5, **right),
             line(recall[way], p[way], "", palette.BLUE, width=3.5, **right),
             dots(*precision.sampled(curve, 11), "", palette.ORANGE, 8, **right),
             dots(*precision.sampled(curve, 101), "", palette.ORANGE, 3, marker={"line": {"width": 0}}, **right),
             dots(recall[upto : upto + 1], p[upto : upto + 1], "", palette.INK, 12, **right)]  # fmt: skip
    hits, all_points = int(ok.sum()), precision.area(curve)
    cut = short(scores[done[-1]].item()) if upto else "–"
    words = [_("{hits} of {n} right, {lost} of {m} missed").format(hits=hits, n=upto, lost=there - hits, m=there),
             _("confidence from {cut}; AP {ap}").format(cut=cut, ap=short(all_points, 3))]  # fmt: skip
    data.append(line(torch.full((2,), 0.02), torch.tensor([1.32, 1.16]), "", palette.INK, mode="text", text=words,
                     textposition="middle right", textfont={"size": 15}, **right))  # fmt: skip
    under = crowds.backdrop_of(now)
    grid = {**under, "xaxis": under["xaxis"] | {"domain": [0, 0.6]},
            "xaxis2": axis(_("recall"), range=[-0.02, 1.04], domain=[0.68, 1], anchor="y2", tickvals=[0, 0.5, 1]),
            "yaxis2": axis(_("precision"), range=[0, 1.42], anchor="x2", tickvals=[0, 0.5, 1])}  # fmt: skip
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.46, 1]}, "margin": {"b": 22},
              "xaxis2": {"domain": [0.12, 1], "title": {"text": ""}}, "yaxis2": {"domain": [0, 0.43]},
              "legend": {"font": {"size": 12}}}  # fmt: skip
    frame = {"margin": {"l": 12, "r": 8, "t": 12, "b": 44}, "meta": {"narrow": narrow, "small": 12}}
    return Plot(data, layout(**grid, **frame), ". ".join(words))


lab.live(stage, handles=own, plays="step")
lab.live(matching, height=0)
lab.live(averages, height=0)
lab.live(confusion, height=0)
lab.live(ladder, height=280)
lab.look(_("Play: each right detection is a step to the right, each false one a step down; that makes the teeth. A "
           "false alarm hurts AP only if better ones come after it. The confidence cut moves along the curve, the IoU "
           "threshold makes another curve."))  # fmt: skip
lab.csv(lambda: columns_of(now))
lab.theory()
parts = crowds.parts(now, ("boxes", "scores", "classes", "truth", "kinds"))
found = Call(precision.match, {**parts, "threshold": now["t"]})
lab.code(precision.matched, Call(precision.by_class, {**parts, "threshold": now["t"]}),
         Call(precision.by_size, {**parts, "limits": limits(now), "threshold": now["t"]}),
         Call(precision.confusion, {**parts, "number": crowds.CLASSES, "threshold": now["t"]}),
         Call(precision.over_thresholds, parts), found=found, scores=parts["scores"],
         classes=parts["classes"])  # fmt: skip
