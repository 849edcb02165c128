"""Shift: move the picture, by a pixel or a part of one, and watch whether the output moves along or changes."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app import images, pools
from app.code import Call
from app.figures import palette
from app.figures.picture import Picture, pair
from app.figures.plot import Plot, axis, layout, line, stable_range
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import pooling, shift

N, FURTHEST = 32, 8
PRESETS = {
    "pixel": Preset(_("One pixel to the right, and max-pooling disagrees"), {}),
    "cure": Preset(_("The cure: blur before you subsample"), {"kinds": ["max", "max_blur", "strided", "blur"]}),
    "alias": Preset(_("Stripes fold over: aliasing"), {
        "frequency": 13 / 32, "hard": False, "dx": 0.0, "kinds": ["strided", "max", "average", "blur"]}),
    "coarse": Preset(_("Coarse stripes: all move along"), {
        "frequency": 1 / 32, "hard": False, "dx": 3.0}),
    "whole": Preset(_("A whole stride: nothing but a move"), {"dx": 2.0}),
    "part": Preset(_("A quarter of a pixel"), {"dx": 0.25, "source": "noise"}),
    "cat": Preset(_("A photograph, kernel 8"), {
        "source": "photo", "kernel": 8, "dx": 4.0, "kinds": ["max", "average", "blur"]}),
    "stays": Preset(_("Is it the same, rather than moved?"), {"compare": "first"}),
}  # fmt: skip
FAMILY = [kind for kind in pooling.KINDS if kind not in ("stochastic", "max_shared", "lp")]

lab = Lab("pooling-shift", PRESETS)
lab.slider("dx", _("To the right, pixels"), 0.0, float(FURTHEST), 1.0, 0.125)
lab.slider("dy", _("Down, pixels"), 0.0, float(FURTHEST), 0.0, 0.125)
photo = pools.choose_picture(lab, "stripes", n=N, frequency=0.25, hard=True)
pools.choose_window(lab, 2, 8, fine=False)
kinds = lab.choices("kinds", _("Pooling"), pools.titles(FAMILY), ["max", "average", "blur", "strided"])
lab.choice("compare", _("The output is compared"), {
    "moved": _("with the first one, moved along"), "first": _("with the first one")})  # fmt: skip
lab.choice("between", _("Between pixels"), {"fourier": _("Fourier"), "linear": _("Bilinear")})


def base(photo: images.Photo | None, now: dict[str, Any]) -> tuple[Tensor, dict[str, Any]]:
    """The picture, grey, and for each kind how it is read."""
    x = pools.picture(photo, now, N, 96, square=True).mean(0)
    return x, {kind: pooling.pooler(kind, pools.window(now, x.shape)) for kind in pools.chosen(now)}


def how(now: dict[str, Any]) -> dict[str, Any]:
    """What the output is compared with, and how a part of a pixel is made."""
    return {
        "stride": pools.stride(now) if now["compare"] == "moved" else 0,
        "linear": now["between"] == "linear",
    }


def stage(photo: images.Photo | None, dx: float, dy: float, **now: Any) -> Picture:
    """Input and outputs: above before the shift, below after it."""
    x, readers = base(photo, now)
    y = shift.translate(x, dx, dy, now["between"] == "linear")
    panels = [pair(_("input"), x, y)]
    for kind, read in readers.items():
        change = shift.changes(read, x, [(dx, dy)], **how(now))[0]
        panels.append(pair(f"{pools.title(kind, now)}: {100 * change:.0f} %", read(x), read(y)))
    alt = _("Shifted by {dx:g}, {dy:g} pixels the outputs change by: {said}")
    return Picture(panels, alt.format(dx=dx, dy=dy, said=", ".join(p.title for p in panels[1:])))


@lru_cache(32)
def curves(photo: images.Photo | None, dy: float, key: tuple[Any, ...]) -> dict[str, Tensor]:
    """How much each output changes, for every eighth of a pixel, or every half on a photograph."""
    now = dict(key)
    x, readers = base(photo, now)
    fine = 8 if len(x) <= N else 2
    shifts = [(i / fine, dy) for i in range(FURTHEST * fine + 1)]
    return {kind: torch.tensor(shift.changes(read, x, shifts, **how(now))) for kind, read in readers.items()}


def change(photo: images.Photo | None, dx: float, dy: float, **now: Any) -> Plot:
    """The change of each output, in units of the contrast of the picture, over the shift to the right."""
    found = curves(photo, dy, pools.frozen(now))
    top = max(1.0, stable_range(list(found.values()))[1])
    at = torch.linspace(0, FURTHEST, len(next(iter(found.values()))))
    data = pools.curves(at, {kind: 100 * values for kind, values in found.items()}, now)
    grid = {"xaxis": axis(_("shift to the right, pixels"), range=[0, FURTHEST], dtick=1),
            "yaxis": axis(_("change, % of contrast"), range=[-2, 100 * top])}  # fmt: skip
    worst = ", ".join(f"{pools.title(kind, now)} {100 * v.max():.0f} %" for kind, v in found.items())
    return Plot(data, layout(**grid), _("The largest change over all shifts: {said}.").format(said=worst))


def contrast(**now: Any) -> Plot:
    """What is left of the contrast of stripes; right of the dashed line it comes back as stripes that are not there."""
    pools.window(now, (64, 64))
    frequencies, finest = [i / 64 for i in range(1, 33)], 0.5 / pools.stride(now)
    left = {kind: 100 * torch.tensor(shift.passed(pools.pooler_call(kind, now)(), frequencies))
            for kind in pools.chosen(now)}  # fmt: skip
    edge, name = torch.full((2,), finest), _("finest that the output can hold")
    data = [*pools.curves(torch.tensor(frequencies), left, now),
            line(edge, torch.tensor([0.0, 160.0]), name, palette.INK, dash="dash")]  # fmt: skip
    grid = {"xaxis": axis(_("stripes, cycles per pixel"), range=[0, 0.5]),
            "yaxis": axis(_("contrast left, %"), range=[-2, 160])}  # fmt: skip
    alt = _("Beyond {f:.3g} cycles per pixel stripes fold over.")
    return Plot(data, layout(**grid), alt.format(f=finest))


lab.live(stage, height=330, photo=photo)
sideways = Handle("dx", label=_("To the right, pixels"))
lab.live(change, height=250, handles=[sideways], place=lab.stage, photo=photo)
lab.live(contrast, height=280)
lab.look(_("Drag the shift: what is above the line is the output before, below it after. By a whole stride everything "
           "only moves along; between, max-pooling and the strided convolution change their minds. Blurring first "
           "costs sharpness and buys calm."))  # fmt: skip
lab.theory()
now = {name: control.value for name, control in lab.controls.items()}
folding = Call(shift.folded, {"frequency": now.get("frequency", 0.25), "stride": pools.stride(now)})
lab.code(shift.changes, folding, read=pools.pooler_call(kinds[0] if kinds else "max", now),
         x=pools.pattern_call(now, N), shifts=[(now["dx"], now["dy"])], **how(now))  # fmt: skip
