"""Learn a kernel: somebody has filtered the picture; gradient descent finds out with what."""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app import images, stacks
from app.code import Call
from app.domains import Refused
from app.figures import maps, palette
from app.figures.picture import Picture, Table, panel, signed
from app.figures.plot import Plot, axis, dots, falling, layout, line, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import drawing, kernels
from core import kernel_learning as learning
from core.convolution import grey

PRESETS = {
    "photo": Preset(_("A photograph: the blur first, the edges last"), {}),
    "noise": Preset(_("Noise: every weight learns at once"), {"source": "noise"}),
    "momentum": Preset(_("Momentum walks the ravine"), {"momentum": 0.95, "lr": 0.5}),
    "fast": Preset(_("A rate beyond the limit"), {"lr": 1.1, "source": "noise", "step": 60}),
    "small": Preset(_("3×3 cannot be a wide blur"), {"hidden": "gaussian", "step": 300}),
    "stripes": Preset(_("Stripes do not tell what lies along them"), {"source": "stripes", "step": 300}),
    "edges": Preset(_("An edge map is no linear filter"), {"edges": True, "source": "noise", "step": 300}),
}  # fmt: skip
STEPS, SIDE = 300, 64

lab = Lab("convolution-learn", PRESETS)
sources = {"photo": _("A photograph"), "noise": _("Noise"), "smooth": _("Clouds"), "stripes": _("Stripes"),
           "dots": _("Dots")}  # fmt: skip
source = lab.choice("source", _("Learns from"), sources)
photo = images.choose(lab, "photographer") if source == "photo" else None
titles = {id: _(kernel.title) for id, kernel in kernels.KERNELS.items()}
hidden = lab.choice("hidden", _("Hidden kernel"), titles | {"own": _("Typed in")}, "sobel_x")
typed = lab.text("typed", _("Rows with ; between them"), "0 1 0; 1 -4 1; 0 1 0") if hidden == "own" else ""
lab.toggle("edges", _("Target: absolute values (edge map)"))
lab.slider("k", _("Learnt kernel k × k"), 1, 11, 3, 2)
lab.slider("lr", _("Rate, in parts of the limit"), 0.01, 2.0, 0.9, log=True)
lab.slider("momentum", _("Momentum"), 0.0, 0.99, 0.0, 0.01)
lab.slider("step", _("Step"), 0, STEPS, 20)
with lab.fold(_("More")):
    lab.toggle(
        "centred", _("Take the mean off first"), True, help=_("Without it, one direction is far steeper.")
    )
    lab.seed()


def calls(now: dict[str, Any]) -> dict[str, Call]:
    """The chain from the picture to the course, as the script has it."""
    try:
        w = kernels.parse(typed) if hidden == "own" else kernels.KERNELS[hidden].make()
        if w.shape[0] != w.shape[1] or not len(w) % 2:
            raise ValueError
    except ValueError:
        raise Refused(
            _("A hidden kernel is a square of 1, 3, 5, … 11 rows of numbers, with ; between them.")
        ) from None
    picture = Call(learning.patterns, {"size": SIDE, "kind": source, "seed": now["seed"]})
    if photo is not None:
        text = drawing.as_text(grey(stacks.middle(photo, SIDE))[0])
        picture = Call(drawing.from_text, {"text": text, "width": SIDE})
    secret = Call(kernels.parse, {"text": kernels.written(w)})
    target = Call(learning.filtered, {"picture": picture, "kernel": secret, "edges": now["edges"]})
    bowl = Call(
        learning.bowl, {"picture": picture, "target": target, "k": now["k"], "centred": now["centred"]}
    )
    course = Call(
        learning.descend, {"bowl": bowl, "lr": now["lr"], "steps": STEPS, "momentum": now["momentum"]}
    )
    return {"picture": picture, "secret": secret, "target": target, "bowl": bowl, "course": course}


KEYS = ("k", "lr", "momentum", "edges", "centred", "seed")


@lru_cache(4)
def course_of(*values: Any) -> tuple[Tensor, Tensor, Tensor, learning.Bowl, learning.Course]:
    """The whole course, once for all its steps: picture, hidden kernel, target, bowl, course."""
    chain = calls(dict(zip(KEYS, values, strict=True)))
    bowl = chain["bowl"]()
    course = chain["course"].function(**chain["course"].arguments | {"bowl": bowl})
    return chain["picture"](), chain["secret"](), chain["target"](), bowl, course


def learned(now: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor, learning.Bowl, learning.Course]:
    return course_of(*(now[name] for name in KEYS))


def stage(step: int, **now: Any) -> Plot:
    """Above, the hidden kernel, what is learnt of it, and what is missing; below, the loss."""
    _x, secret, _y, _bowl, course = learned(now)
    at = min(step, len(course.losses) - 1)
    side = max(len(secret), now["k"])
    there, here = learning.aligned(secret, side), learning.aligned(course.kernels[at], side)
    most, text = secret.abs().max().item() or 1.0, "%{z:.2f}" if side <= 5 else ""
    data, grid, third = (
        [],
        {},
        (("hidden", _("hidden")), ("learnt", _("learnt")), ("missing", _("hidden − learnt"))),
    )
    for i, (w, (_id, title)) in enumerate(zip((there, here, there - here), third, strict=True)):
        n, left = str(i + 2), i * 0.34
        data.append(maps.signed(w, n, most, texttemplate=text, textfont={"size": 15, "color": palette.INK}))
        grid |= maps.frame(n, title, (side, side), (left, left + 0.32), (0.36, 1))
    steps = torch.arange(len(course.losses))
    data += [line(steps, course.losses, "", palette.ORANGE, legend=False),
             dots(steps[at : at + 1], course.losses[at : at + 1], "", palette.ORANGE, 12, legend=False)]  # fmt: skip
    grid |= {"xaxis": axis(_("step"), range=[-3, STEPS + 3], anchor="y"),
             "yaxis": axis(_("loss"), domain=[0, 0.24], anchor="x") | falling([course.losses])}  # fmt: skip
    alt = _("After {step} steps the loss is {loss}, the learnt kernel is off by at most {gap}.")
    alt = alt.format(
        step=at, loss=short(course.losses[at].item(), 4), gap=short((there - here).abs().max().item(), 3)
    )
    return Plot(data, layout(**grid, margin={"l": 68, "r": 12, "t": 32, "b": 44}), alt)


def pictures(step: int, **now: Any) -> Picture:
    """What the kernels make of the picture."""
    x, _secret, y, _bowl, course = learned(now)
    made = learning.filtered(x, course.kernels[min(step, len(course.kernels) - 1)])
    rim = (len(made) - len(y)) // 2
    made, y = (made[rim : len(made) - rim, rim : len(made) - rim], y) if rim > 0 else (
        made, y[-rim : len(y) + rim, -rim : len(y) + rim])  # fmt: skip
    most = y.abs().max().item() or 1.0
    shown = {_("picture"): x, _("target"): y, _("made by the learnt kernel"): made, _("error"): y - made}
    panels = [panel(name, z if z is x else signed(z.float(), most), z) for name, z in shown.items()]
    return Picture(panels, _("The picture, the target, what the learnt kernel makes, and the error"))


def numbers(step: int, **now: Any) -> Table:
    """How far one has come, and how far one can come."""
    _x, secret, _y, bowl, course = learned(now)
    found = learning.summary(bowl, course, secret, step)
    row = [f"{v:.4g}" for v in (found.loss, found.gap, found.best_loss, found.condition, found.limit)]
    titles = [
        _("step"),
        _("loss"),
        _("largest gap"),
        _("smallest loss possible"),
        _("steepest : flattest"),
        _("limit"),
    ]
    return Table(titles, [[str(step), *row]], _("Loss and largest gap at this step"))


lab.live(stage, plays="step")
lab.live(pictures, height=230)
lab.live(numbers, height=0)
lab.look(_("Press Play. On a photograph neighbours are alike, so the bowl of the loss is a ravine: sums of weights are "
           "right at once, differences take hundreds of steps. On noise the same descent needs ten."))  # fmt: skip
lab.theory()
now = {name: control.value for name, control in lab.controls.items()}
try:
    chain = calls(now)
except Refused:
    chain = {}
if chain:
    parts = {"bowl": chain["bowl"], "course": chain["course"], "hidden": chain["secret"], "step": now["step"]}
    lab.code(learning.summary, **parts)
