"""Shift: move the picture, by a pixel or a part of one, and watch whether the output moves along or changes."""

from typing import Any

import torch

from app import images
from app.code import Call
from app.figures import shifts
from app.figures.picture import Picture, pair
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.pooling import pools, subjects
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
photo = subjects.choose_picture(lab, "stripes", n=N, frequency=0.25, hard=True, drawn=False)
pools.choose_window(lab, 2, 8, fine=False)
kinds = lab.choices("kinds", _("Pooling"), pools.titles(FAMILY), ["max", "average", "blur", "strided"])
lab.slider("digit", _("Digit for the small network"), 0, 199, 7)
lab.choice("compare", _("The output is compared"), {
    "moved": _("with the first one, moved along"), "first": _("with the first one")})  # fmt: skip
lab.choice("between", _("Between pixels"), {"fourier": _("Fourier"), "linear": _("Bilinear")})


def base(photo: images.Photo | None, now: dict[str, Any]) -> images.Photo:
    """The picture, grey; one that the window fits into."""
    of = subjects.square(photo, now, N, 96)
    pools.window(now, of.pixels.shape[-2:])
    return of


def stage(photo: images.Photo | None, dx: float, dy: float, **now: Any) -> Picture:
    """Input and outputs: above before the shift, below after it."""
    x = shift.fitted(base(photo, now).pixels[0], pools.stride(now))
    y = shift.translate(x, dx, dy, now["between"] == "linear")
    panels = [pair(_("input"), x, y)]
    for kind in pools.chosen(now):
        first, after = pools.around_call(kind, now)()(torch.stack([x, y]))
        change = shift.apart(x, first, after[None], [(dx, dy)], pools.compared(now)["stride"])[0]
        panels.append(pair(f"{pools.title(kind, now)}: {100 * change:.0f} %", first, after))
    alt = _("Shifted by {dx:g}, {dy:g} pixels the outputs change by: {said}")
    return Picture(panels, alt.format(dx=dx, dy=dy, said=", ".join(p.title for p in panels[1:])))


def change(photo: images.Photo | None, dy: float, **now: Any) -> Plot:
    """Over all shifts to the right."""
    of = base(photo, now)
    found = {kind: pools.change_by_shift(of, kind, now, dy, FURTHEST) for kind in pools.chosen(now)}
    at = torch.linspace(0, FURTHEST, len(next(iter(found.values()))))
    data = pools.curves(at, {kind: 100 * values for kind, values in found.items()}, now)
    return shifts.changes(data, found, FURTHEST, {kind: pools.title(kind, now) for kind in found})


def contrast(**now: Any) -> Plot:
    """Which stripes get through, and which come back as others."""
    pools.window(now, (64, 64))
    frequencies = [i / 64 for i in range(1, 33)]
    left = {kind: 100 * torch.tensor(shift.passed(pools.pooler_call(kind, now)(), frequencies))
            for kind in pools.chosen(now)}  # fmt: skip
    return shifts.contrast(pools.curves(torch.tensor(frequencies), left, now), 0.5 / pools.stride(now))


def confidence(dy: float, digit: int, between: str) -> Plot:
    """A network that was trained with max-pooling looks at a digit that moves."""
    at, sure, label = pools.confidence(digit, dy, FURTHEST, between == "linear")
    return shifts.confidence(at, sure, pools.right_by_shift(FURTHEST, between == "linear"), FURTHEST, label)


def script() -> Any:
    """The change of every kind that was chosen, of the picture itself; and where stripes fold over."""
    now, kinds = lab.values, pools.chosen(lab.values)
    x, step = base(photo, now).pixels, pools.stride(now)
    made = subjects.pattern_call(now, N) if photo is None else subjects.text_call(x)
    folding = (Call(shift.folded, {"frequency": now["frequency"], "stride": step}),) if "frequency" in now else ()
    return shift.comparison, folding, {
        "readers": {kind: pools.around_call(kind, now) for kind in kinds}, "shifts": [(now["dx"], now["dy"])],
        "x": Call(shift.fitted, {"x": made, "stride": step}), **pools.compared(now)}  # fmt: skip


used = [name for name in lab.controls if name != "digit"]
lab.live(stage, height=330, follows=used, photo=photo)
sideways = Handle("dx", label=_("To the right, pixels"))
curve = [name for name in used if name != "dx"]  # its handle alone moves with dx: the curve is the same
lab.live(change, height=250, handles=[sideways], place=lab.stage, follows=curve, photo=photo)
lab.live(contrast, height=280, follows=["kernel", "tied", "stride", "kinds"])
lab.live(confidence, height=260, handles=[sideways])
lab.look(_("Drag the shift: what is above the line is the output before, below it after. By a whole stride everything "
           "only moves along; between, max-pooling and the strided convolution change their minds. Blurring first "
           "costs sharpness and buys calm. The network below holds for a few pixels, then it is lost."))  # fmt: skip
lab.theory()
lab.code(script)
