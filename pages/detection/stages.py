"""Two stages: regions are proposed, each is cut out at one size by RoI align, a classifier says what it is."""

from functools import partial
from typing import Any

import torch

from app import models
from app.detection import seeing, staged
from app.figures import frames, maps, palette
from app.figures.axes import axis
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import detector

PRESETS = {
    "windows": Preset(_("Sliding window: sixty looks, objects missed"), {"way": "windows", "most": 60}),
    "merged": Preset(_("Merged ink: found without learning"), {"way": "merged"}),
    "touching": Preset(_("… until two digits touch"), {"way": "merged", "b2_x": 42, "b2_y": 36}),
    "tight": Preset(_("Cut too tight: other classes"), {"context": 1.0}),
    "warped": Preset(_("Warped as in R-CNN: the 1 becomes broad"), {"shape": "warped", "o1": "1", "b1_w": 12}),
    "clothes": Preset(_("Clothes, read by their own network"), {
        "data": "fashion", "context": 1.05, "b1_w": 22, "o2": "1", "b2_w": 20, "o3": "7", "b3_w": 48, "b3_h": 26,
        "b4_w": 44, "o5": "8", "b5_w": 42, "b5_h": 38}),
}  # fmt: skip

lab = Lab("detection-stages", PRESETS)
lab.choice("way", _("First stage: where?"), staged.ways())
lab.slider("most", _("Proposals"), 1, 60, 12)
data = lab.choice("data", _("Second stage: what?"), {"digits": _("Digits"), "fashion": _("Clothes")})
lab.slider("context", _("Region taken, times the box"), 0.6, 2.2, 1.4, 0.05)
lab.choice("shape", _("Cut out"), {"square": _("Square"), "warped": _("Stretched")})
lab.slider("confidence", _("Confidence at least"), 0.05, 0.95, 0.3, 0.01)
with lab.fold(_("Suppression and noise")):
    lab.slider("t", _("IoU threshold of NMS"), 0.0, 1.0, 0.45, 0.01)
    lab.slider("number", _("Pictures"), 0, seeing.MOST, seeing.MOST)
    lab.slider("noise", _("Noise"), 0.0, 0.5, 0.05, 0.01)
    lab.slider("which", _("Other pictures of the same classes"), 0, 99, 1)
with lab.fold(_("Which pictures, and where")):
    handles = seeing.ask(lab, models.class_names(data), seeing.DIGITS)
SIDE, ROW = float(detector.CANVAS), 4


def stage(**now: Any) -> Plot:
    """Left, the scene with its proposals and what is left; right, the first of them cut out, and what is read there."""
    laid, r = staged.read(now)
    names = models.class_names(now["data"])
    shown = torch.zeros(staged.LISTED, 28, 28)
    shown[: len(r.crops)] = r.crops[: staged.LISTED]
    board = maps.tiled(shown, ROW, 10).nan_to_num(0)
    words, at = ["\u00a0"] * staged.LISTED, torch.arange(staged.LISTED)
    for i, (kind, p) in enumerate(
        zip(r.kinds.tolist()[: staged.LISTED], r.probabilities.amax(1).tolist(), strict=False)
    ):
        words[i] = f"{names[kind]} {p:.2f}{' ✓' if r.kept[i] else ''}"
    left = r.first.boxes[r.kept]
    said = [names[k] for k in r.kinds[r.kept].tolist()]
    ink = (palette.PAPER[0], palette.MUTED)
    data = [maps.shown((laid.canvas * 255).byte(), "", ink, 0, 255),
            frames.frames(r.first.boxes[~r.kept], _("proposed"), "dropped", width=1.5),
            frames.frames(laid.truth, _("true"), "truth"), frames.frames(left, _("left in the end"), "kept"),
            frames.names(left, said, 18),
            maps.shown((board.clamp(0, 1) * 255).byte(), "2", ink, 0, 255),
            line(at % ROW * 38.0 - 1, at // ROW * 38.0 + 32.5, "", palette.INK, mode="text", text=words, axes="x2y2",
                 textposition="middle right", textfont={"size": 14}, legend=False)]  # fmt: skip
    plain: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False, "constrain": "domain",
                             "showline": True, "mirror": True, "ticks": ""}  # fmt: skip
    rows = -(-staged.LISTED // ROW)
    grid = {"xaxis": axis(range=[-0.5, SIDE - 0.5], domain=[0, 0.5], **plain),
            "yaxis": axis(range=[SIDE - 0.5, -0.5], scaleanchor="x", **plain),
            "xaxis2": axis(_("the first {n}, cut out at 28 × 28").format(n=staged.LISTED), range=[-3, ROW * 38 - 6],
                           domain=[0.53, 1], anchor="y2", side="top", **plain),
            "yaxis2": axis(range=[rows * 38 - 2, -3], domain=[0, 0.94], anchor="x2", scaleanchor="x2",
                           **plain)}  # fmt: skip
    # On a phone the first row alone, below a picture as large as the height allows.
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.34, 1]},
              "xaxis2": {"domain": [0, 1], "title": {"text": ""}},
              "yaxis2": {"domain": [0, 0.3], "range": [37, -3]}}  # fmt: skip
    frame = {"margin": {"l": 8, "r": 8, "t": 12, "b": 8}, "meta": {"narrow": narrow, "small": 13}}
    alt = _("{n} proposals, {m} left: {said}").format(n=len(r.first.boxes), m=len(left), said=", ".join(said) or "–")
    return Plot(data, layout(**grid, **frame), alt)


lab.live(stage, handles=handles)
shares = lab.compute(staged.reached, scene=staged.scene_of(lab.values))
lab.live(staged.reach, height=280, shares=shares)
lab.live(staged.readings, height=0)
lab.look(_("The first stage only says: here is something. RoI align brings each region to 28 × 28, and the "
           "classifier of the convolution page reads it. It knows no background: of an empty region "
           "it names a class, too."))  # fmt: skip
lab.theory()
lab.code(partial(staged.script, lab.values))
