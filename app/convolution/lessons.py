"""Learning a kernel on a page: what is learnt from and what is hidden, and the course that all figures share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from torch import Tensor

from app import images
from app.code import Call
from app.domains import Refused
from app.i18n import gettext as _
from app.lab import Lab
from core import drawing, kernels
from core import kernel_learning as learning
from core.convolution import grey

STEPS, SIDE = 300, 64
NUMBERS = ("k", "lr", "momentum", "edges", "centred", "seed")  # the controls that a course depends on


@dataclass(frozen=True)
class Lesson:
    """What is learnt from, and the kernel to be found."""

    source: str
    photo: images.Photo | None
    hidden: str
    typed: str


@dataclass(frozen=True)
class Learned:
    """A lesson, and the whole course of learning it."""

    picture: Tensor
    hidden: Tensor
    target: Tensor
    bowl: learning.Bowl
    course: learning.Course


def choose(lab: Lab) -> Lesson:
    sources = {"photo": _("A photograph"), "noise": _("Noise"), "smooth": _("Clouds"), "stripes": _("Stripes"),
               "dots": _("Dots")}  # fmt: skip
    source = lab.choice("source", _("Learns from"), sources)
    photo = images.choose(lab, "photographer") if source == "photo" else None
    titles = {id: _(kernel.title) for id, kernel in kernels.KERNELS.items()}
    hidden = lab.choice("hidden", _("Hidden kernel"), titles | {"own": _("Typed in")}, "sobel_x")
    label = _("Its rows, with ; between them")
    typed = lab.text("typed", label, "0 1 0; 1 -4 1; 0 1 0") if hidden == "own" else ""
    return Lesson(source, photo, hidden, typed)


def calls(lesson: Lesson, now: Mapping[str, Any]) -> dict[str, Call]:
    """The chain from the picture to the course, as the script has it."""
    try:
        own = lesson.hidden == "own"
        w = kernels.parse(lesson.typed) if own else kernels.KERNELS[lesson.hidden].make()
        if w.shape[0] != w.shape[1] or not len(w) % 2:
            raise ValueError
    except ValueError:
        text = _("A hidden kernel has 1, 3, 5, 7, 9 or 11 rows of as many numbers, with ; between the rows.")
        raise Refused(text) from None
    picture = Call(learning.patterns, {"size": SIDE, "kind": lesson.source, "seed": int(now["seed"])})
    if lesson.photo is not None:
        text = drawing.as_text(grey(images.middle(lesson.photo, SIDE))[0])
        picture = Call(drawing.from_text, {"text": text, "width": SIDE})
    secret = Call(kernels.parse, {"text": kernels.written(w)})
    target = Call(learning.filtered, {"picture": picture, "kernel": secret, "edges": now["edges"]})
    bowl = Call(learning.bowl, {"picture": picture, "target": target, "k": now["k"], "centred": now["centred"]})
    course = Call(learning.descend, {"bowl": bowl, "lr": now["lr"], "steps": STEPS, "momentum": now["momentum"]})
    return {"picture": picture, "hidden": secret, "target": target, "bowl": bowl, "course": course}


def learned(lesson: Lesson, now: Mapping[str, Any]) -> Learned:
    """The whole course, once for all its steps and figures."""
    values = tuple(now[name] for name in NUMBERS)
    if lesson.photo is None:
        return _from_pattern(lesson, *values)
    key = "lesson", lesson.source, lesson.hidden, lesson.typed, *values
    return lesson.photo.cached(key, lambda: _learned(lesson, *values))


def _learned(lesson: Lesson, *values: Any) -> Learned:
    chain = calls(lesson, dict(zip(NUMBERS, values, strict=True)))
    bowl, descent = chain["bowl"](), chain["course"]
    if bowl.curvatures[-1] < 1e-9:
        raise Refused(_("This picture is all of one grey: nothing can be learnt from it."))
    course = descent.function(**{**descent.arguments, "bowl": bowl})
    return Learned(chain["picture"](), chain["hidden"](), chain["target"](), bowl, course)


_from_pattern = lru_cache(16)(_learned)
