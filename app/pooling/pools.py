"""Windows and kinds of pooling as controls, and what is made of a picture: what the pooling pages share."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app import images, models
from app.code import Call
from app.domains import Refused
from app.figures import palette
from app.figures.plot import Trace, line
from app.i18n import gettext as _
from app.lab import Lab
from app.pooling import subjects
from core import cnn, pooling, restore, shift
from core.pooling import KINDS, Window

Now = Mapping[str, Any]
MOST = 5_000_000  # pixels in all windows together: what can still follow the hand
# The same kind has the same colour on every page.
COLORS = {
    "max": palette.RED,
    "average": palette.BLUE,
    "min": palette.SKY,
    "lp": palette.PINK,
    "stochastic": palette.OLIVE,
    "median": palette.ORANGE,
    "blur": palette.GREEN,
    "max_blur": palette.INK,
    "strided": palette.MUTED,
    "max_shared": palette.ORANGE,
}


# --- Windows ---


def choose_window(lab: Lab, kernel: int = 8, most: int = 16, fine: bool = True) -> None:
    """Kernel and stride, which follow each other as torch's do unless told otherwise; the rest under a fold."""
    lab.slider("kernel", _("Kernel k × k"), 1, most, kernel)
    if not lab.toggle("tied", _("Stride as large as the kernel"), True):
        lab.slider("stride", _("Stride s"), 1, most, kernel)
    if fine:
        with lab.fold(_("Padding, dilation, ceil mode")):
            lab.slider("padding", _("Padding p"), 0, most // 2, 0)
            lab.slider("dilation", _("Dilation d"), 1, 8, 1)
            lab.toggle("ceil", _("Ceil mode"), False, help=_("A last window may begin in what is left over."))


def stride(now: Now) -> int:
    return int(now["kernel"] if now["tied"] else now["stride"])


def window_call(now: Now) -> Call:
    given = {"kernel": now["kernel"], "stride": stride(now)}
    return Call(Window, given | {n: now[n] for n in ("padding", "dilation", "ceil") if n in now})


def window(now: Now, size_hw: Sequence[int], channels: int = 1) -> Window:
    """The window, or one sentence why there can be none on a picture of this size."""
    k, p = now["kernel"], now.get("padding", 0)
    if p > k // 2:
        raise Refused(_("The padding may be at most half the kernel: {most} here, not {p}.").format(most=k // 2, p=p))
    found: Window = window_call(now)()
    least = min(size_hw)
    try:
        found.size(least)
    except ValueError:
        text = _("The window reaches over {reach} pixels, the picture has only {n}.")
        raise Refused(text.format(reach=found.reach, n=least + 2 * p)) from None
    try:
        rows, columns = (found.places(n).numel() for n in size_hw)
    except ValueError:
        raise Refused(_("One of the windows would hold nothing but padding.")) from None
    if rows * columns * channels > MOST:
        raise Refused(_("So many windows overlap that they cannot follow the hand: take a larger stride.")) from None
    return found


def to_repeat(photo: images.Photo | None, now: Now, n: int) -> tuple[images.Photo, Window]:
    """The picture and the window, where there can be as many layers as are asked for."""
    of = subjects.subject(photo, now, n)
    channels, height, width = of.pixels.shape
    found = window(now, (height, width), channels)
    possible = pooling.most_layers(min(height, width), found)
    if now["layers"] > possible:
        text = _("After {n} layers the picture is too small for another one, or no longer shrinks.")
        raise Refused(text.format(n=possible))
    return of, found


# --- Kinds ---


def choose_p(lab: Lab, default: float = 0.75) -> None:
    """p from 1 to ∞ on a scale where both ends can be reached: 1 − 1/p."""
    lab.slider("q", _("Lp from average (0) to max (1): 1 − 1/p"), 0.0, 1.0, default, 0.01,
               help=_("0 is p = 1, 0.5 is p = 2, 0.75 is p = 4, 0.9 is p = 10, 1 is p = ∞."))  # fmt: skip


class Unending(float):
    """∞, as a script spells it."""

    def __repr__(self) -> str:
        return "math.inf"


def p_of(q: float) -> float:
    return 1 / (1 - q) if q < 1 else Unending("inf")


def p_text(q: float) -> str:
    return f"{p_of(q):.3g}".replace("inf", "∞")


def titles(kinds: Sequence[str]) -> dict[str, str]:
    return {id: _(KINDS[id].title) for id in kinds}


def title(kind: str, now: Now) -> str:
    return f"L{p_text(now['q'])}" if kind == "lp" and "q" in now else _(KINDS[kind].title)


def pooler_call(kind: str, now: Now) -> Call:
    return Call(pooling.pooler, {"kind": kind, "window": window_call(now),
                                 **({"p": p_of(now["q"])} if kind == "lp" else {}),
                                 **({"seed": now["seed"]} if kind == "stochastic" else {})})  # fmt: skip


def chosen(now: Now) -> list[str]:
    """The kinds that were chosen, at least one."""
    if not now["kinds"]:
        raise Refused(_("Choose at least one pooling."))
    return list(now["kinds"])


def curves(at: Tensor, values: Mapping[str, Tensor], now: Now, **more: Any) -> list[Trace]:
    """One line for each kind, in its colour."""
    return [line(at, y, title(kind, now), COLORS[kind], **{"width": 3} | more) for kind, y in values.items()]


def around_call(kind: str, now: Now) -> Call:
    """The same for pictures that run round at their edges."""
    margins = {"stride": stride(now), "margin": 3 * now["kernel"]}
    return Call(shift.around, {"read": pooler_call(kind, now)} | margins)


# --- What is made of a picture, once for all figures that ask for it ---


def pooled(subject: images.Photo, kind: str, window: Window, now: Now) -> tuple[Tensor, Tensor, float]:
    """The output of one kind, that brought back up, and its PSNR."""
    p, seed, smooth = p_of(now["q"]), now.get("seed", 0), now["back"] == "bilinear"

    def make() -> tuple[Tensor, Tensor, float]:
        x = subject.pixels
        y = pooling.pool(x, kind, window, p, seed)
        up = restore.back_up(y, (x.shape[-2], x.shape[-1]), window, smooth)
        return y, up, restore.psnr(x, up)

    found: tuple[Tensor, Tensor, float] = subject.cached((kind, window, smooth, *_own(kind, p, seed)), make)
    return found


def layers(subject: images.Photo, kind: str, window: Window, now: Now) -> list[restore.Layer]:
    """The picture, and what is left behind each layer of one kind."""
    p, seed, smooth = p_of(now["q"]), now["seed"], now["back"] == "bilinear"
    key = ("layers", now["layers"], kind, window, smooth, *_own(kind, p, seed))
    read = pooling.pooler(kind, window, p, seed)
    found: list[restore.Layer] = subject.cached(
        key, lambda: restore.cascade(subject.pixels.clamp(0, 1), read, window, now["layers"], smooth)
    )
    return found


def _own(kind: str, p: float, seed: int) -> tuple[float, ...]:
    """Of the settings of single kinds, those that this one heeds."""
    return (p,) if kind == "lp" else (seed,) if kind == "stochastic" else ()


def compared(now: Now) -> dict[str, Any]:
    """What a shifted output is compared with, and how a part of a pixel is made."""
    return {"stride": stride(now) if now["compare"] == "moved" else 0, "linear": now["between"] == "linear"}


def change_by_shift(subject: images.Photo, kind: str, now: Now, dy: float, furthest: int) -> Tensor:
    """How much an output changes, for every eighth of a pixel to the right, or every half on a photograph."""
    x = shift.fitted(subject.pixels[0], stride(now))
    fine = 8 if len(x) <= 32 else 2

    def make() -> Tensor:
        moves = [(i / fine, dy) for i in range(furthest * fine + 1)]
        return torch.tensor(shift.changes(around_call(kind, now)(), x, moves, **compared(now)))

    key = ("shift", kind, window_call(now).name, dy, now["compare"], now["between"])
    found: Tensor = subject.cached(key, make)
    return found


# --- The small network ---


def says(pictures: Tensor) -> Tensor:
    return cnn.predict(models.classifier("digits"), pictures)


@lru_cache
def right_by_shift(furthest: int, linear: bool) -> Tensor:
    """The share of 200 held-back digits that the network gets right, for each half pixel to the right."""
    x, labels = (part[:200] for part in models.held_back("digits"))
    return shift.right_by_shift(says, x, labels, [i / 2 for i in range(2 * furthest + 1)], linear)


@lru_cache(maxsize=64)
def confidence(which: int, dy: float, furthest: int, linear: bool) -> tuple[Tensor, Tensor, int]:
    """Shifts, the probability of the right class at each of them, and that class; of one held-back digit."""
    x, labels = (part[which] for part in models.held_back("digits"))
    at = torch.linspace(0, furthest, 4 * furthest + 1)
    return at, shift.confidence(says, x, int(labels), [(dx, dy) for dx in at.tolist()], linear), int(labels)
