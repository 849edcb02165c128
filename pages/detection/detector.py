"""A real detector at work: what it says of every anchor, what is left after the cut, and what after suppression."""

from functools import partial
from typing import Any

from app.detection import detected, seeing
from app.figures import frames, maps, palette
from app.figures.axes import axis
from app.figures.plot import Plot, layout
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import detector

PRESETS = {
    "crowd": Preset(_("Two threes side by side: one box left"),
                    {"number": 2, "o2": "3", "b2_x": 44, "b2_y": 36, "t": 0.1}),
    "nosup": Preset(_("Without suppression: each object many times"), {"t": 1.0}),
    "nocut": Preset(_("Hardly a cut: what it half believes in"), {"confidence": 0.05}),
    "noise": Preset(_("More noise than it ever saw: false alarms"), {"noise": 0.35}),
    "squeezed": Preset(_("A squeezed 8: no anchor is so flat"), {"number": 1, "o1": "8", "b1_x": 64, "b1_y": 64,
                                                                "b1_w": 110, "b1_h": 14}),
    "large": Preset(_("Larger than anything it learnt from"), {"number": 1, "b1_x": 64, "b1_y": 64, "b1_w": 100,
                                                               "b1_h": 124}),
}  # fmt: skip

lab = Lab("detection-detector", PRESETS)
lab.slider("confidence", _("Confidence at least"), 0.05, 0.95, 0.3, 0.01)
lab.slider("t", _("IoU threshold of NMS"), 0.0, 1.0, 0.45, 0.01)
lab.choice("rule", _("Suppression"), {"classes": _("Class by class"), "hard": _("Across classes")})
lab.slider(
    "number",
    _("Pictures"),
    0,
    seeing.MOST,
    seeing.MOST,
    help=_("Drag them in the scene, by middle or corner."),
)
lab.slider("noise", _("Noise"), 0.0, 0.5, 0.05, 0.01)
lab.slider("which", _("Other pictures of the same classes"), 0, 99, 1)
with lab.fold(_("Which pictures, and where")):
    handles = seeing.ask(lab, seeing.class_names())
SIDE = float(detector.CANVAS)


def stage(**now: Any) -> Plot:
    """Left, the scene and what is left in the end; right, every anchor's objectness, and the boxes after the cut."""
    laid = seeing.laid(now)
    s = seeing.seen(now)
    kept, names = s.verdict.kept, seeing.class_names()
    said = [
        f"{names[k]} {p:.2f}" for k, p in zip(s.sure.classes[kept].tolist(), s.sure.scores[kept].tolist(), strict=True)
    ]
    left = s.sure.boxes[kept]
    board = maps.tiled(s.objectness.reshape(16, 16, -1).movedim(-1, 0), 3, 1)
    n = detector.SHAPES_OF_CELL * 256
    right: dict[str, Any] = {"axes": "x3y3", "legend": False}
    ink = (palette.PAPER[0], palette.MUTED)
    data = [maps.shown((laid.canvas * 255).byte(), "", ink, 0, 255),
            frames.frames(laid.truth, _("true"), "truth"), frames.frames(left, _("left in the end"), "kept"),
            frames.names(left, said, 17),
            maps.shown(board, "2", (palette.PAPER[0], palette.BLUE, palette.INK)),
            frames.frames(laid.truth, "", "truth", **right),
            frames.frames(s.sure.boxes[~kept], _("suppressed"), "dropped", **right | {"legend": True}),
            frames.frames(left, "", "kept", width=2, **right)]  # fmt: skip
    counts = _("{n} anchors → {k} confident → {m} left").format(n=n, k=len(s.sure.boxes), m=int(kept.sum()))
    plain: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False, "constrain": "domain",
                             "showline": True, "mirror": True, "ticks": ""}  # fmt: skip
    grid = {"xaxis": axis(range=[-0.5, SIDE - 0.5], domain=[0, 0.62], **plain),
            "yaxis": axis(range=[SIDE - 0.5, -0.5], scaleanchor="x", **plain),
            "xaxis2": axis(_("object? 9 shapes, 256 cells each"), range=[-0.5, board.shape[1] - 0.5],
                           domain=[0.66, 1], anchor="y2", side="top", **plain),
            "yaxis2": axis(range=[board.shape[0] - 0.5, -0.5], domain=[0.54, 0.95], anchor="x2",
                           scaleanchor="x2", **plain),
            "xaxis3": axis(_("after the confidence cut"), range=[0, SIDE], domain=[0.66, 1], anchor="y3", side="top",
                           **plain),
            "yaxis3": axis(range=[SIDE, 0], domain=[0, 0.42], anchor="x3", scaleanchor="x3", **plain)}  # fmt: skip
    # On a phone the same beside each other, as large as the width allows.
    titles = {"xaxis2": _("object?"), "xaxis3": _("confident")}
    narrow = {n: {"domain": [0.68, 1], "title": {"text": title, "standoff": 2}} for n, title in titles.items()}
    narrow |= {"xaxis": {"domain": [0, 0.65]}}
    frame = {"margin": {"l": 8, "r": 8, "t": 12, "b": 8}, "meta": {"narrow": narrow, "small": 12}}
    return Plot(data, layout(**grid, **frame), f"{counts}: {', '.join(said) or '–'}")


lab.live(stage, handles=handles)
lab.live(detected.stages, height=0)
lab.live(detected.answers, height=0)
last = lab.below.container()  # filled at the end: nothing waits behind the held-back scenes
lab.look(_("Drag a digit onto another and watch which anchors believe in it. Each object lights up several anchors of "
           "several shapes; that is why there is suppression. Squeeze a picture until nobody answers."))  # fmt: skip
lab.theory()
lab.code(partial(seeing.script, lab.values))
judged = lab.compute(seeing.judged, t=lab.values["t"], rule=lab.values["rule"])
lab.live(detected.worth, height=280, place=last, judged=judged)
