"""Non-maximum suppression: of many boxes on one object one should be left, and of two objects two."""

import math
from typing import Any

import torch

from app.code import Call
from app.detection import crowds
from app.detection.crowds import LAST
from app.detection.verdicts import columns_of, judged, queue, rules, said, settings, sweep
from app.figures import frames, palette
from app.figures.axes import axis
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import boxes, suppress

PRESETS = {
    "two": Preset(_("Two neighbours, one box left"),
                  {"scene": "garments", "number": 2, "seed": 3, "overlap": 0.6, "alarms": 0, "t": 0.3, "own": 0.0}),
    "soft": Preset(_("Soft-NMS saves the neighbour"),
                   {"scene": "garments", "number": 2, "seed": 3, "overlap": 0.6, "alarms": 0, "rule": "gaussian",
                    "t": 0.3, "floor": 0.2, "own": 0.0}),
    "high": Preset(_("Threshold too high: duplicates stay"), {"t": 0.85}),
    "low": Preset(_("Too low: neighbours vanish"), {"t": 0.05}),
    "sure": Preset(_("The confidence cut comes first"), {"floor": 0.6}),
    "fusion": Preset(_("A mean of boxes fits better than the best"),
                     {"rule": "fusion", "noise": 0.15, "each": 8, "alarms": 0, "own": 0.0}),
    "yours": Preset(_("Three boxes of your own: who drops whom?"),
                    {"scene": "garments", "number": 2, "seed": 3, "overlap": 0.6, "each": 0, "alarms": 0, "own_b": 0.7,
                     "own_c": 0.5, "a_x": 91, "a_y": 150, "a_w": 130, "a_h": 160, "b_x": 146, "b_y": 160, "b_w": 136,
                     "b_h": 170, "c_x": 110, "c_y": 140, "c_w": 140, "c_h": 160}),
    "coins": Preset(_("24 coins, 148 boxes"), {"scene": "coins", "each": 6, "own": 0.0}),
}  # fmt: skip
COLOR = {"kept": palette.BLUE, "dropped": palette.RED, "waiting": palette.MUTED}

lab = Lab("detection-nms", PRESETS)
crowds.ask_kind(lab)
rule = lab.choice("rule", _("Rule"), {id: _(r.title) for id, r in suppress.RULES.items()}, "classes")
lab.slider("t", _("IoU threshold"), 0.0, 1.0, 0.45, 0.01)
lab.slider("floor", _("Confidence at least"), 0.0, 0.95, 0.2, 0.01)
lab.slider("most", _("At most"), 1, LAST, LAST,
           help=_("Boxes kept after the rule, the best by score; at the end: all. "
                  "Libraries call it max_det."))  # fmt: skip
lab.slider(
    "step",
    _("Judged so far"),
    0,
    LAST,
    LAST,
    help=_("At the end: the whole queue, however long."),
)
with lab.fold(_("The scene")):
    crowds.ask(lab, each=4, noise=0.07, alarms=4, overlap=0.3)
    lab.slider("sigma", _("σ of Gaussian and matrix"), 0.05, 2.0, 0.5, 0.05)
with lab.fold(_("Boxes of your own")):
    own = crowds.ask_own(lab, 0.9)
now = lab.values


def stage(**now: Any) -> Plot:
    """Left, the boxes judged so far; right, the queue: one bar a box, as long as its score."""
    scene, found = judged(now)
    order = found.order.tolist()
    upto = len(order) if now["step"] == LAST else min(now["step"], len(order))
    done, left = order[:upto], order[upto:]
    kept, dropped = [i for i in done if found.kept[i]], [i for i in done if not found.kept[i]]
    last = done[-1:] if now["step"] < LAST else []
    data = [frames.frames(scene.truth, _("true"), "truth"),
            frames.frames(scene.boxes[left], _("waiting"), "waiting"),
            frames.frames(scene.boxes[dropped], _("dropped"), "dropped"),
            frames.frames(found.boxes[kept], _("kept"), "kept"),
            frames.frames(scene.boxes[last], "", "now", legend=False)]  # fmt: skip
    rank = {i: float(place) for place, i in enumerate(order)}
    most = math.ceil(max(len(scene.boxes), 1) / 10) * 10
    thick = min(14.0, 300 / most)
    for role, members, after in (
        ("waiting", order, False),
        ("dropped", dropped, False),
        ("kept", kept, True),
    ):
        score = (found.score if after else scene.scores)[members].double()
        rows = torch.tensor([rank[i] for i in members], dtype=torch.float64)
        color = COLOR[role] + ("60" if role == "waiting" else "")
        slim = {"narrow": {"line": {"color": color, "width": thick / 4, "simplify": False}}}
        data.append(frames.strip(score * 0, score, rows, "", color, width=thick, axes="x2y2", legend=False, meta=slim))
    above = {"narrow": {"y": torch.full((1,), -0.19 * most)}}
    data.append(line(torch.zeros(1), torch.full((1,), -0.1 * most), "", palette.INK, mode="text", axes="x2y2",
                     text=[said(found, done, rank)], textposition="middle right", textfont={"size": 15},
                     legend=False, meta=above))  # fmt: skip
    under = crowds.backdrop_of(now)
    plain: dict[str, Any] = {"showticklabels": False, "showgrid": False, "zeroline": False}
    grid = {**under, "xaxis": under["xaxis"] | {"domain": [0, 0.72]},
            "xaxis2": axis(_("score"), range=[0, 1.02], domain=[0.76, 1], anchor="y2", tickvals=[0, 0.5, 1]),
            "yaxis2": axis(range=[most + 0.5, -0.16 * most], anchor="x2", **plain)}  # fmt: skip
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.33, 1]}, "margin": {"b": 8},
              "xaxis2": {"domain": [0, 1], "title": {"text": ""}, "showticklabels": False},
              "yaxis2": {"domain": [0, 0.29], "range": [most + 0.5, -0.32 * most]},
              "legend": {"font": {"size": 12}}}  # fmt: skip
    alt = _("{kept} boxes kept, {dropped} dropped, {left} waiting; there are {m} objects.")
    alt = alt.format(kept=len(kept), dropped=len(dropped), left=len(left), m=len(scene.truth))
    frame = {"margin": {"l": 12, "r": 8, "t": 12, "b": 44}, "meta": {"narrow": narrow, "small": 13}}
    return Plot(data, layout(**grid, **frame), alt)


lab.live(stage, handles=own, plays="step")
lab.live(queue, height=0)
lab.live(rules, height=0)
lab.live(sweep, height=280)
lab.look(_("Play: the best box is kept, and whatever overlaps it too much falls. Then look for two neighbours of which "
           "one has lost all its boxes: no threshold is right for both crowds and duplicates."))  # fmt: skip
lab.csv(lambda: columns_of(now))
lab.theory()
whole = {**crowds.parts(now, ("boxes", "scores", "classes")), "iou": boxes.iou}
verdict = Call(suppress.suppress, {"rule": rule, **whole, **settings(now)})
truth = crowds.parts(now, ("truth", "kinds"))
lab.code(suppress.reasons, Call(suppress.compare, {**truth, **whole, **settings(now)}),
         found=verdict, scores=whole["scores"])  # fmt: skip
