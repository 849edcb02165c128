"""Softmax: from scores to probabilities, to the loss and its gradient; and what a finite number of bits does to it."""

import math
from typing import Any

import torch

from app.controls import Control
from app.domains import Refused, Span
from app.figures import palette
from app.figures.axes import bar_columns, columns, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, bars, layout, short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from core import softmax

NAMES = [_("cat"), _("dog"), _("fox"), _("owl"), _("bee"), _("frog"), _("horse"), _("ship"), _("car"), _("tree")]
START = (2.0, 1.0, 0.1, -1.0, 0.5, -0.5, 0.0, 1.5, -2.0, 0.0)
PRESETS = {
    "wrong": Preset(_("Confident and wrong"), {"s1": 6.0, "target": "2"}),
    "melt": Preset(_("Temperature melts the winner"), {"s1": 5.0, "temperature": 5.0}),
    "freeze": Preset(_("Cold: the winner takes all"), {"temperature": 0.1}),
    "shift": Preset(_("A shift changes nothing"), {"shift": 5}),
    "overflow": Preset(_("Logits 100, 10, 1 overflow"), {
        "classes": 3, "s1": 10.0, "s2": 1.0, "s3": 0.1, "temperature": 0.1, "how": "naive"}),
    "half": Preset(_("12 is too much for float16"), {"shift": 10, "how": "naive", "dtype": "float16"}),
}  # fmt: skip

lab = Lab("activations-softmax", PRESETS)
temperature = lab.slider("temperature", _("Temperature T"), 0.1, 10.0, 1.0, log=True)
shift = lab.slider("shift", _("Shift c of all logits"), -100, 100, 0)
lab.choice("how", _("Computed"), {"stable": _("Stable"), "naive": _("Naive")},
           help=_("Naive takes e to the power of each logit; stable first subtracts the largest logit."))  # fmt: skip
classes = lab.slider("classes", _("Classes"), 3, 10, 4)
names = NAMES[:classes]
target = lab.choice("target", _("True class"), {str(i + 1): name for i, name in enumerate(NAMES)})
for first in range(0, classes, 2):
    with lab.row(f"logits{first}"):
        for i in range(first, min(first + 2, classes)):
            lab.slider(f"s{i + 1}", _("Logit: {name}").format(name=names[i]), -10.0, 10.0, START[i], 0.1)
            # A handle needs two numbers: the logit, and the row that it must not leave.
            lab.controls[f"row{i + 1}"] = Control(f"{lab.address}.row{i + 1}", i, i, Span(i, i, 1))
with lab.fold(_("More")):
    lab.choice("dtype", _("Numbers on the stage"), {d: _(d) for d in softmax.DTYPES}, "float32")
    lab.slider("n", _("Samples"), 10.0, 10000.0, 100.0, log=True)
    lab.seed()


def logits(target: str, values: dict[str, Any]) -> tuple[torch.Tensor, int]:
    """The logits, and which class is true. While the number of classes is being dragged, some have no slider yet."""
    n, true = values["classes"], int(target) - 1
    if true >= n:
        text = _("The true class, {name}, is not among the {n} classes.")
        raise Refused(text.format(name=NAMES[true], n=n))
    return torch.tensor([values.get(f"s{i + 1}", START[i]) for i in range(n)], dtype=torch.float64), true


def colors(s: torch.Tensor, target: str, others: str = "") -> list[str]:
    """The true class green, the others blue."""
    return [palette.GREEN if i == int(target) - 1 else palette.BLUE + others for i in range(len(s))]


def stage(temperature: float, shift: int, how: str, target: str, dtype: str, **rest: Any) -> Plot:
    """Each class on its row: logit, probability, loss, gradient."""
    s, true = logits(target, rest)
    out = softmax.outcome(s.tolist(), true, temperature, shift, dtype, how == "naive")
    p, loss, gradient = (torch.tensor(v) for v in (out.p, out.loss, out.gradient))
    rows, color, would_be = torch.arange(len(s)), colors(s, target), colors(s, target, others="55")
    data = [bars(s, rows, "", color, digits=1, gap="\u2002\u2002"), bars(p, rows, "", color, axes="x2y2"),
            bars(loss, rows, "", would_be, axes="x3y3"), bars(gradient, rows, "", color, axes="x4y4")]  # fmt: skip
    low, high = stable_range([s, torch.tensor([-3.0, 3.0])])
    room, highest = (high - low) / 5, stable_range([loss, torch.tensor([0.0, 2.0])])[1]
    steepest = 1.9 * 2.0 ** math.ceil(-math.log2(temperature))
    spans = [[low - room, high + room], [0, 1.4], [0, 1.4 * highest], [-steepest, steepest]]
    marked = [f"<b>{name} ✓</b>" if i == true else name for i, name in enumerate(NAMES[: len(s)])]
    grid = bar_columns([_("logit s"), _("softmax p"), _("loss −log p"), "(p − y) / T"], spans, marked)
    grid["xaxis2"] |= {"tickvals": [0, 0.5, 1]}
    frame = {"margin": {"l": 68, "r": 12, "t": 60, "b": 12}, "showlegend": False}
    said = ", ".join(f"{name} {short(p)}" for name, p in zip(NAMES, out.p, strict=False))
    alt = _("Probabilities: {said}. Loss of the true class, {name}: {loss}.")
    alt = alt.format(said=said, name=NAMES[true], loss=short(out.loss[true]))
    return Plot(data, layout(**grid, **frame), alt)


def bits(temperature: float, shift: int, target: str, **rest: Any) -> Table:
    """The same logits in the number formats of networks, naive and stable."""
    (s, true), ways = logits(target, rest), {True: _("naive"), False: _("stable")}
    rows = [[f"{_(out.dtype)}, {ways[out.naive]}", *(short(v, 4) for v in (*out.p, out.loss[true]))]
            for out in softmax.outcomes(s.tolist(), true, temperature, shift)]  # fmt: skip
    alt = _("Softmax in numbers of few bits, naive and stable")
    return Table([_("p, computed in"), *NAMES[: rest["classes"]], _("loss")], rows, alt)


def samples(temperature: float, target: str, n: float, seed: int, **rest: Any) -> Plot:
    """How often each class is drawn, next to its probability."""
    (s, _true), at = logits(target, rest), torch.arange(rest["classes"])
    p, share = softmax.softmax(s, temperature), softmax.sample(s, int(n), temperature, seed) / int(n)
    title = _("share of {n} samples").format(n=int(n))
    data = [bars(p, at - 0.2, _("probability p"), colors(s, target), width=0.36, upright=True),
            bars(share, at + 0.2, title, palette.ORANGE, width=0.36, upright=True)]  # fmt: skip
    grid = columns([""], (-0.5, len(s) - 0.5), [[0, 1.2]])
    ticks = {"tickvals": at.tolist(), "ticktext": NAMES[: len(s)]}
    grid["xaxis"] |= ticks | {"showgrid": False, "zeroline": False}
    alt = _("{n} samples miss the probabilities by at most {error:.3f}")
    return Plot(data, layout(**grid), alt.format(n=int(n), error=(p - share).abs().max().item()))


lab.live(stage, handles=[Handle(f"s{i + 1}", f"row{i + 1}", label=name) for i, name in enumerate(names)])
lab.live(bits, height=0)
lab.live(samples, height=280)
lab.look(_("Drag a bar: all probabilities answer, because they share one sum. Descent goes against the gradient: it "
           "pulls the true class up and pushes each of the others down by its own probability."))  # fmt: skip
lab.theory()
if int(target) <= classes:
    now, true = logits(target, lab.values)
    lab.code(softmax.outcomes, logits=now.tolist(), target=true, temperature=temperature, shift=shift)
