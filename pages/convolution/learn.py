"""Learn a kernel: somebody has filtered the picture; gradient descent finds out with what."""

from typing import Any

import torch

from app.code import Script
from app.convolution import lessons
from app.convolution.lessons import STEPS, Lesson
from app.figures import maps, palette
from app.figures.axes import axis, falling
from app.figures.picture import Picture, Table, panel, signed
from app.figures.plot import Plot, Trace, dots, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import kernel_learning as learning

PRESETS = {
    "photo": Preset(_("A photograph: the blur first, the edges last"), {"hidden": "sharpen"}),
    "noise": Preset(_("Noise: every weight learns at once"), {"source": "noise"}),
    "momentum": Preset(_("Momentum walks the ravine"), {"momentum": 0.95, "lr": 0.5, "step": 150}),
    "fast": Preset(_("A rate beyond the limit"), {"lr": 1.1, "source": "noise", "step": 60}),
    "small": Preset(_("3×3 cannot be a wide blur"), {"hidden": "gaussian", "step": 300}),
    "stripes": Preset(_("Stripes do not tell what lies along them"), {"source": "stripes", "step": 300}),
    "edges": Preset(_("An edge map is no linear filter"), {"edges": True, "source": "noise", "step": 300}),
}

lab = Lab("convolution-learn", PRESETS)
lesson = lessons.choose(lab)
lab.toggle("edges", _("Target: absolute values (edge map)"))
lab.slider("k", _("Learnt kernel k × k"), 1, 11, 3, 2)
lab.slider("lr", _("Rate, in parts of the limit"), 0.01, 2.0, 0.9, log=True)
lab.slider("momentum", _("Momentum"), 0.0, 0.99, 0.0, 0.01)
lab.slider("step", _("Step t"), 0, STEPS, 20)
with lab.fold(_("More")):
    lab.toggle("centred", _("Take the mean off first"), True, help=_("Without it, one direction is far steeper."))
    lab.seed()


def stage(step: int, lesson: Lesson, **now: Any) -> Plot:
    """Above, the hidden kernel, what is learnt of it, and what is missing; below, the loss."""
    found = lessons.learned(lesson, now)
    secret, course = found.hidden, found.course
    at = min(step, len(course.losses) - 1)
    side = max(len(secret), now["k"])
    there, here = learning.aligned(secret, side), learning.aligned(course.kernels[at], side)
    data: list[Trace] = []
    grid: dict[str, Any] = {}
    most = secret.abs().max().item() or 1.0
    titles = (_("hidden"), _("learnt"), _("hidden − learnt"))
    for i, (w, title) in enumerate(zip((there, here, there - here), titles, strict=True)):
        n, left = str(i + 2), i * 0.34
        data += [maps.signed(w, n, 1.6 * most), *([maps.numbers(w, n)] if side <= 5 else [])]
        grid |= maps.frame(n, title, (side, side), (left, left + 0.32), (0.44, 1))
    steps = torch.arange(len(course.losses))
    data += [line(steps, course.losses, "", palette.ORANGE, legend=False),
             dots(steps[at : at + 1], course.losses[at : at + 1], "", palette.ORANGE, 12, legend=False)]  # fmt: skip
    grid |= {"xaxis": axis(_("step"), range=[-3, STEPS + 3], anchor="y"),
             "yaxis": axis(_("loss"), domain=[0, 0.32], anchor="x") | falling([course.losses])}  # fmt: skip
    alt = _("After {step} steps the loss is {loss}, the learnt kernel is off by at most {gap}.")
    loss, gap = short(course.losses[at].item(), 4), short((there - here).abs().max().item(), 3)
    places = {"xaxis2": [0, 0.48], "xaxis3": [0.52, 1], "xaxis4": [0, 0.42], "xaxis": [0.66, 1],
              "yaxis2": [0.58, 1], "yaxis3": [0.58, 1], "yaxis4": [0, 0.42], "yaxis": [0.06, 0.42]}  # fmt: skip
    narrow = {name: {"domain": place} for name, place in places.items()}
    frame = {"margin": {"l": 68, "r": 12, "t": 32, "b": 44}, "meta": {"narrow": narrow}}
    return Plot(data, layout(**grid, **frame), alt.format(step=at, loss=loss, gap=gap))


def pictures(step: int, lesson: Lesson, **now: Any) -> Picture:
    """What the kernels make of the picture."""
    found = lessons.learned(lesson, now)
    x, y, course = found.picture, found.target, found.course
    made = learning.filtered(x, course.kernels[min(step, len(course.kernels) - 1)])
    made, y = learning.middles(made, y)
    most = y.abs().max().item() or 1.0
    shown = {_("picture"): x, _("target"): y, _("made by the learnt kernel"): made, _("error"): y - made}
    panels = [panel(name, z if z is x else signed(z.float(), most), z) for name, z in shown.items()]
    return Picture(panels, _("The picture, the target, what the learnt kernel makes, and the error"))


def numbers(step: int, lesson: Lesson, **now: Any) -> Table:
    """How far one has come, and how far one can come."""
    it = lessons.learned(lesson, now)
    found = learning.summary(it.bowl, it.course, it.hidden, step)
    row = [
        "0" if v < 1e-12 else f"{v:.4g}" for v in (found.loss, found.gap, found.best_loss, found.condition, found.limit)
    ]
    titles = [
        _("step"),
        _("loss"),
        _("largest gap"),
        _("smallest loss possible"),
        _("steepest : flattest"),
        _("largest rate"),
    ]
    return Table(titles, [[str(step), *row]], _("Loss and largest gap at this step"))


def script() -> Script:
    """The numbers of the table, from the picture on."""
    chain = lessons.calls(lesson, lab.values)
    given = {name: chain[name] for name in ("bowl", "course", "hidden")}
    return learning.summary, (), given | {"step": lab.values["step"]}


lab.live(stage, height=500, lesson=lesson, plays="step")
lab.live(pictures, lesson=lesson, height=230)
lab.live(numbers, lesson=lesson, height=0)
lab.look(_("Press Play. On a photograph neighbours are alike, so the bowl of the loss is a ravine: the sum of the "
           "weights is right after ten steps, their differences take hundreds. On noise ten are "
           "enough for all."))  # fmt: skip
lab.theory()
lab.code(script)
