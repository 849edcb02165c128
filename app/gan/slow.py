"""One round of a GAN in its phases: what is seen in each, and the words for it."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from textwrap import wrap
from typing import Any

import torch
from torch import Tensor

from app.code import Call
from app.figures import palette
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, arrows, dots, heat, layout, line
from app.gan import plane
from app.i18n import gettext as _
from core import gan2d, gan_losses

FIXED = ("spectral", "seed")


def phases() -> list[tuple[str, str, str]]:
    """Its name, who learns, and what happens."""
    return [
        (_("fakes"), _("nobody"), _("G turns a batch of noise into points: fakes.")),
        (_("answers"), _("nobody"), _("A batch of data joins them. D is told which is which, and gives its answers.")),
        (_("mistakes"), "D", _("The larger a point, the more wrong D is about it, and the more it counts.")),
        (_("D's step"), "D", _("D learns; G is frozen. Where D cannot tell was the dotted line, and is the full one.")),
        (_("wishes"), "G", _("New fakes are labelled real. The slope of D, frozen, says where each wants to go.")),
        (_("G's step"), "G", _("G learns. All fakes move, for they share its weights. The data it has never seen.")),
    ]


def begun(now: Mapping[str, Any]) -> Call:
    """The state before the round."""
    plan = {"cloud": plane.cloud_call(now), **{n: now[n] for n in FIXED}}
    return Call(gan2d.after_rounds, {"start": Call(gan2d.init, plan), "steps": now["steps"], **settings(now)})


def settings(now: Mapping[str, Any]) -> dict[str, Any]:
    loss = Call(gan_losses.chosen_loss, {"name": now["loss"]})
    return {**{n: now[n] for n in ("lr_g", "lr_d", "d_steps")}, "loss": loss}


def remembered(state: gan2d.State, how: Mapping[str, Any]) -> Callable[[float], gan2d.Round]:
    """The round for each length of its steps; several figures ask for the same one."""
    values = {n: v() if isinstance(v, Call) else v for n, v in how.items()}
    return lru_cache(4)(lambda longer: gan2d.slow_round(state, longer, **values))


def stage(of: gan2d.Round, loss: str, phase: int) -> Plot:
    """The plane in one of the phases, counted from 1."""
    learnt = phase >= 4
    shot, former = gan2d.observe(of.judged if learnt else of.before), gan2d.observe(of.before)
    at = torch.linspace(-gan2d.REACH, gan2d.REACH, gan2d.SIDE + 1)
    data: list[Trace] = [heat(plane.judged(shot, loss), at, at, plane.JUDGED, 0, 1)]
    data.append(_border(former.logits, at, loss, "dot", phase in (3, 4)))
    data.append(_border(shot.logits, at, loss, "solid", phase >= 4))
    mesh = gan2d.observe(of.after if phase == 6 else of.before).mesh
    data.append(line(*plane.threads(mesh), "", palette.ORANGE, width=1, legend=False, hoverinfo="skip",
                     opacity=0.7 if phase in (1, 6) else 0.0))  # fmt: skip
    first = phase <= 4
    fake = of.fake if first else of.new if phase == 6 else of.old
    wrong = [2 + 12 * s.sigmoid() for s in (-of.on_real, of.on_fake)]
    sizes = wrong if phase == 3 else [torch.full((len(x),), 7.0) for x in (of.real, fake)]
    data.append(_points(of.real, _("data"), plane.REAL, sizes[0], 0.85 if phase in (2, 3, 4) else 0.0))
    data.append(_points(of.old, "", plane.FAKE, torch.full((len(of.old),), 5.0), 0.25 if phase == 6 else 0.0))
    data.append(_points(fake, _("generated"), plane.FAKE, sizes[1], 0.85))
    # on a scale of its own, the same for every loss: where the gradient fades, the arrows do
    push = 0.1 * of.push if phase == 5 else torch.zeros_like(of.push)
    (x, y), (dx, dy) = of.old.T, push.T
    field = arrows(x, y, dx, dy, (0.15, 0.15), palette.INK)
    data.append(field | {"opacity": 0.8 if phase == 5 else 0.0})
    what = phases()[phase - 1][2]
    frame = plane.squares(["<br>".join(wrap(what, 46))]) | {"margin": {"l": 8, "r": 8, "t": 12, "b": 62}}
    taller = {"title": {"text": "<br>".join(wrap(what, 36)), "standoff": 6}}
    narrow = {"xaxis": taller, "margin": {"l": 4, "r": 4, "t": 8, "b": 84}}
    return Plot(data, layout(**frame, meta={"narrow": narrow}), f"{phase}: {what}", rate=0.4)


def _points(x: Tensor, name: str, color: str, sizes: Tensor, opacity: float) -> Trace:
    return dots(x[:, 0], x[:, 1], name, color, 7, legend=bool(name), hoverinfo="skip",
                marker={"size": sizes, "opacity": opacity, "line": {"width": 0}})  # fmt: skip


def _border(logits: Tensor, at: Tensor, loss: str, dash: str, seen: bool) -> Trace:
    """Where D cannot tell: the line on which its answer is in the middle."""
    middle = 0.5 if loss == "ls" else float(logits.median()) if loss in ("wgan", "gp") else 0.0
    return {"type": "contour", "x": at, "y": at, "z": logits, "showscale": False, "hoverinfo": "skip",
            "contours": {"start": middle, "end": middle, "size": 1, "coloring": "none"}, "showlegend": False,
            "line": {"color": palette.INK, "width": 2, "dash": dash}, "opacity": 1.0 if seen else 0.0}  # fmt: skip


def captions(phase: int) -> Table:
    """All phases; the present one is marked."""
    rows = [[f"{'▶' if n == phase else n} {name}", who] for n, (name, who, _what) in enumerate(phases(), 1)]
    return Table([_("phase"), _("learns")], rows, _("Phase {n} of 6").format(n=phase))


def numbers(of: gan2d.Round, loss: str) -> Table:
    """What the round has changed, on its own batches."""
    n = gan2d.round_numbers(of, gan_losses.LOSSES[loss])
    rows = [[_("loss of D"), f"{n.loss_d:.4f}", f"{n.loss_d_then:.4f}"],
            [_("loss of G"), f"{n.loss_g:.4f}", f"{n.loss_g_then:.4f}"]]  # fmt: skip
    if gan_losses.LOSSES[loss].probability:
        rows += [[_("D of the data"), f"{n.real:.3f}", f"{n.real_then:.3f}"],
                 [_("D of the fakes"), f"{n.fake:.3f}", f"{n.fake_then:.3f}"]]  # fmt: skip
    rows = [[cell.replace("-", "−") for cell in row] for row in rows]
    return Table(["", _("before its step"), _("after it")], rows, _("What the round has changed"))
