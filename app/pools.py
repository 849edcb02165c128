"""Pictures to pool, windows and kinds as controls, and what is made of them: what the pooling pages share."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from app import images, models
from app.code import Call
from app.domains import Refused
from app.figures import palette
from app.figures.plot import Trace, line
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle
from core import cnn, drawing, pooling, shift, testcards
from core.pooling import KINDS, Window

Now = Mapping[str, Any]
PHOTO, STROKE = "photo", "stroke"
MOST = 5_000_000  # pixels in all windows together: what can still follow the hand
CORNERS = (
    (14.0, 18.0),
    (48.0, 12.0),
    (20.0, 50.0),
    (52.0, 52.0),
)  # where a stroke starts out: a Z of 64 × 64
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


# --- Pictures ---


def choose_picture(lab: Lab, default: str = PHOTO, n: int = 64, photos: bool = True, photo: str = "cat",
                   frequency: float = 0.25, hard: bool = False) -> images.Photo | None:  # fmt: skip
    """The controls for what is pooled: a photograph, or a pattern of n × n pixels that is made from its sliders."""
    named = {"stripes": _("Stripes"), "board": _("Checkerboard"), "rings": _("Rings"), STROKE: _("A stroke of yours"),
             "noise": _("Noise")}  # fmt: skip
    source = lab.choice(
        "source", _("What is pooled"), ({PHOTO: _("A picture")} if photos else {}) | named, default
    )
    if source == PHOTO:
        return images.choose(lab, photo)
    if source == "stripes":
        lab.slider("frequency", _("Frequency, cycles per pixel"), 0.0, 0.5, frequency, 1 / n, format="%.3f")
        with lab.fold(_("Stripes")):
            lab.slider("angle", _("Turned by, degrees"), 0, 90, 0)
            lab.toggle("hard", _("Black and white"), hard)
    if source == "board":
        lab.slider("cell", _("Squares, pixels wide"), 1, 16, 4)
    if source == "noise":
        lab.seed("grain")
    if source == STROKE:
        with lab.fold(_("Points of the stroke")):
            for i, corner in enumerate(CORNERS, 1):
                at = (corner[0] * n / 64, corner[1] * n / 64)
                place(lab, f"p{i}", str(i), at, (0.0, float(n)), 0.5)
    return None


def place(lab: Lab, name: str, label: str, default: tuple[float, float], span: tuple[float, float],
          step: float = 1.0) -> None:  # fmt: skip
    """A point to drag in a picture, as two sliders: all figures of the page follow it, not its own alone."""
    with lab.row(name):
        for axis, at in zip("xy", default, strict=True):
            lab.slider(f"{name}_{axis}", f"{label}, {axis}", *span, at, step)


def handles(now: Now) -> list[Handle]:
    """The points of a stroke, to be dragged on the picture itself."""
    drawn = range(1, len(CORNERS) + 1) if now["source"] == STROKE else ()
    return [Handle(f"p{i}_x", f"p{i}_y", label=_("Point {n}").format(n=i)) for i in drawn]


def pattern_call(now: Now, n: int = 64) -> Call:
    """How the pattern is made. For a photograph, which no script can hold: rings in its place."""
    source = now["source"]
    if source == "stripes":
        given = {"frequency": now["frequency"], "angle": now["angle"], "hard": now["hard"]}
        return Call(testcards.stripes, {"n": n} | given)
    if source == "board":
        return Call(testcards.checkerboard, {"n": n, "cell": now["cell"]})
    if source == "noise":
        return Call(testcards.noise, {"n": n, "seed": now["grain"]})
    if source == STROKE:
        points = [(now[f"p{i}_x"], now[f"p{i}_y"]) for i in range(1, len(CORNERS) + 1)]
        return Call(drawing.ink, {"points": points, "side": n, "width": 0.06 * n})
    return Call(testcards.rings, {"n": n})


def picture(
    photo: images.Photo | None, now: Now, n: int = 64, side: int = 192, square: bool = False
) -> Tensor:
    """(C, H, W): the photograph, at most `side` pixels long, or the pattern of n × n."""
    if photo is None or now["source"] != PHOTO:
        made: Tensor = pattern_call(now, n)()
        return made[None]
    return shrunk(photo, side, square)


@lru_cache(32)
def shrunk(photo: images.Photo, side: int, square: bool) -> Tensor:
    x = photo.pixels
    if square:
        least = min(x.shape[-2:])
        top, left = ((n - least) // 2 for n in x.shape[-2:])
        x = x[..., top : top + least, left : left + least]
    scale = side / max(x.shape[-2:])
    if scale >= 1:
        return x
    size = [max(1, round(n * scale)) for n in x.shape[-2:]]
    return F.interpolate(x[None], size=size, mode="bilinear", antialias=True)[0].clamp(0, 1)


def features(photo: images.Photo, side: int, cell: int) -> tuple[Tensor, Tensor]:
    """The picture, side × side, and what stands for its features: the mean colour of each cell × cell pixels."""
    x = shrunk(photo, side, True)
    if x.shape[-1] != side:  # a small picture, made as large as the others
        x = F.interpolate(x[None], size=(side, side))[0]
    return x, F.avg_pool2d(x, cell)


def frozen(now: Now) -> tuple[Any, ...]:
    """The settings as the key of a cache."""
    return tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in sorted(now.items()))


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
        raise Refused(
            _("The padding may be at most half the kernel: {most} here, not {p}.").format(most=k // 2, p=p)
        )
    found: Window = window_call(now)()
    least = min(size_hw)
    if least + 2 * p < found.reach:
        text = _("The window reaches over {reach} pixels, the picture has only {n}.")
        raise Refused(text.format(reach=found.reach, n=least + 2 * p))
    try:
        rows, columns = (found.places(n).numel() for n in size_hw)
    except ValueError:
        raise Refused(_("One of the windows would hold nothing but padding.")) from None
    if rows * columns * channels > MOST:
        raise Refused(
            _("So many windows overlap that they cannot follow the hand: take a larger stride.")
        ) from None
    return found


# --- Kinds ---


def choose_p(lab: Lab, default: float = 0.75) -> None:
    """p from 1 to ∞ on a scale where both ends can be reached: 1 − 1/p."""
    lab.slider("q", _("Lp from average (0) to max (1): 1 − 1/p"), 0.0, 1.0, default, 0.01,
               help=_("0 is p = 1, 0.5 is p = 2, 0.75 is p = 4, 0.9 is p = 10, 1 is p = ∞."))  # fmt: skip


def p_of(q: float) -> float:
    return 1 / (1 - q) if q < 1 else float("inf")


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


# --- The small network ---


@lru_cache
def right_by_shift(furthest: int, linear: bool) -> Tensor:
    """The share of 200 held-back digits that the network gets right, for each half pixel to the right."""
    x, labels = (part[:200] for part in models.held_back("digits"))
    net, shifts = models.classifier("digits"), [i / 2 for i in range(2 * furthest + 1)]
    return torch.tensor([cnn.accuracy(net, shift.translate(x, dx, 0, linear), labels) for dx in shifts])


def confidence(which: int, dy: float, furthest: int, linear: bool) -> tuple[Tensor, Tensor, int]:
    """Shifts, the probability of the right class at each of them, and that class; of one held-back digit."""
    x, labels = (part[which] for part in models.held_back("digits"))
    at = torch.linspace(0, furthest, 4 * furthest + 1)
    moved = torch.stack([shift.translate(x, dx, dy, linear) for dx in at.tolist()])
    return at, cnn.predict(models.classifier("digits"), moved)[:, labels], int(labels)
