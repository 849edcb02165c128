"""The run of the page "Does it help?": a few examples, the pipeline of the controls, how the two networks are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app import images, models
from app.augment import controls
from app.augment.lottery import augmenter
from app.augment.pipeline import Stage, of_plain
from app.code import Call, Verbatim, long_text
from app.figures import palette
from app.figures.axes import columns, doubling
from app.figures.picture import Picture, panel
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.jobs import Trainable, Watched
from core import few
from core.few import Marks

HELD = 300  # pictures that nobody learns from
WITHOUT, WITH = palette.RED, palette.GREEN


@dataclass(frozen=True)
class Changed:
    """A pipeline as a function of a batch and a seed; made anew at each call, since the library's keeps a state."""

    stage: Stage

    def __call__(self, pictures: Tensor, seed: int) -> Tensor:
        with controls.spoken():
            found: Tensor = augmenter(self.stage.made())(pictures, seed)
        return found


@lru_cache(8)
def as_text(data: str, n: int, seed: int) -> str:
    """n examples, as many of each class, none of them held back; n = 0 stands for those that are."""
    pictures, labels = images.collection(data)
    if n == 0:
        held, answers = models.held_back(data)
        return few.packed(held[:HELD], answers[:HELD])
    x, y = pictures[: -models.HELD_BACK, 0], labels[: -models.HELD_BACK]
    random = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(x), generator=random)
    which = torch.cat([order[y[order] == c][: n // 10] for c in range(10)])
    which = which[torch.randperm(len(which), generator=random)]
    return few.packed(x[which], y[which])


def examples(data: str, n: int, seed: int) -> few.Labelled:
    return few.unpacked(as_text(data, n, seed))


def begun(data: str, n: int, seed: int, batch: int, stage: list[Any], steps: int, lr: float) -> list[few.State]:
    """The states from the start to step `steps`."""
    start = few.begin(examples(data, n, seed), examples(data, 0, 0), Changed(of_plain(stage)), batch, seed)
    return few.train(start, steps, lr)


def work(now: Mapping[str, Any], stage: Stage) -> Call:
    """The run of the page, as its controls have it."""
    return Call(begun, {"data": now["data"], "n": now["examples"], "seed": now["seed"], "batch": now["batch"],
                        "stage": stage.plain(), "steps": now["steps"], "lr": now["lr"]})  # fmt: skip


def script(now: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    """The same run as a script has it: the pictures are written out."""

    def text(n: int, seed: int) -> Call:
        return Call(few.unpacked, {"text": long_text(as_text(now["data"], n, seed))})

    start = Call(few.begin, {
        "examples": text(now["examples"], now["seed"]), "held_back": text(0, 0),
        "augment": Call(augmenter, {"pipeline": Verbatim(stage.spelt())}), "batch": now["batch"], "seed": now["seed"],
    })  # fmt: skip
    return {"states": Call(few.train, {"start": start, "steps": now["steps"], "lr": now["lr"]})}


def observe(state: few.State) -> tuple[Marks, Marks]:
    return state.without.marks, state.with_.marks


MODEL = Trainable(few.step, observe)


def shown(data: str, n: int, seed: int, stage: Stage, most: int = 12) -> Picture:
    """Some of the examples, and below each what the second network is shown of it."""
    pictures, labels = examples(data, n, seed)
    which = torch.cat([(labels == c).nonzero()[:2, 0] for c in range(10)])[:: 20 // most + 1]
    raw = pictures[which]
    changed = [Changed(stage)(raw, seed + i) for i in (1, 2)]
    gap = torch.ones(2, 28)
    panels = []
    for i, c in enumerate(labels[which].tolist()):
        stacked = torch.cat([raw[i], gap, changed[0][i], gap, changed[1][i]])
        panels.append(panel(models.class_names(data)[c], stacked))
    return Picture(panels, _("Examples, and two draws of the pipeline below each."))


def curves(watched: Watched) -> Plot:
    """Accuracy and loss of both networks: on what they learn, dashed; on what they have never seen, solid."""
    at, data = watched.steps(), []
    for i, (name, color) in enumerate(((_("without"), WITHOUT), (_("with"), WITH))):
        for held in (True, False):
            title = _("{name}, held back").format(name=name) if held else _("{name}, learnt").format(name=name)
            look: dict[str, Any] = {} if held else {"dash": "dot", "width": 2}
            for axes, kind, scale in (("xy", "accuracy", 100.0), ("x2y2", "loss", 1.0)):
                field = f"{kind}_held" if held else kind
                y = scale * watched.past(lambda seen, i=i, field=field: getattr(seen[i], field))  # type: ignore[misc]
                data.append(line(at, y, title, color, axes=axes, legend=axes == "xy", **look))
    here = torch.tensor([float(watched.step)] * 2)
    for axes, top in (("xy", 100.0), ("x2y2", 3.0)):
        data.append(line(here, torch.tensor([0.0, top]), "", palette.MUTED, width=1, axes=axes, legend=False,
                         hoverinfo="skip"))  # fmt: skip
    grid = columns([_("right, per cent"), _("loss")], doubling(at, 150), [(0, 102), (-0.05, 2.6)], 0.12, _("step"))
    grid["meta"]["narrow"]["legend"] = {"font": {"size": 11}}
    without, with_ = watched.seen
    alt = _("Step {n}: of pictures held back {a:.0%} are right without augmentation, {b:.0%} with it.")
    alt = alt.format(n=watched.step, a=without.accuracy_held, b=with_.accuracy_held)
    return Plot(data, layout(**grid), alt)


def rows(watched: Watched) -> Sequence[Sequence[str]]:
    """The marks of both at the step that is shown."""
    names = (_("without"), _("with"))
    return [[name, f"{m.accuracy:.3f}", f"{m.accuracy_held:.3f}", f"{m.loss:.3f}", f"{m.loss_held:.3f}"]
            for name, m in zip(names, watched.seen, strict=True)]  # fmt: skip
