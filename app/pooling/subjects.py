"""What is pooled: a photograph or a pattern, as controls, as a picture, and as a script has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from app import images
from app.code import Call, long_text
from app.controls import frozen
from app.i18n import gettext as _
from app.lab import Lab
from app.live.component import Handle, Pen
from core import drawing, strokes, testcards

Now = Mapping[str, Any]
PHOTO, STROKE, PEN = "photo", "stroke", "pen"
# Where a stroke starts out: a Z of 64 × 64.
CORNERS = ((14.0, 18.0), (48.0, 12.0), (20.0, 50.0), (52.0, 52.0))
STAR = ".gBCvG0HrQ4TQQ-0gBC"  # what lies on the paper at first


def choose_picture(lab: Lab, default: str = PHOTO, n: int = 64, photos: bool = True, photo: str = "cat",
                   frequency: float = 0.25, hard: bool = False, drawn: bool = True) -> images.Photo | None:  # fmt: skip
    """The controls for what is pooled: a photograph, or a pattern of n × n pixels that is made from its sliders."""
    named = {"stripes": _("Stripes"), "board": _("Checkerboard"), "rings": _("Rings"), STROKE: _("A stroke of yours"),
             **({PEN: _("Draw it yourself")} if drawn else {}), "noise": _("Noise")}  # fmt: skip
    source = lab.choice("source", _("What is pooled"), ({PHOTO: _("A picture")} if photos else {}) | named, default)
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
    if source == PEN:
        lab.pen("drawing", STAR)
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


def pen(now: Now) -> Pen | None:
    """To draw on the picture itself, where it is the first of a figure."""
    return Pen("drawing") if now["source"] == PEN else None


def pattern_call(now: Now, n: int = 64) -> Call:
    """How the pattern is made."""
    source = now["source"]
    if source == "stripes":
        given = {"frequency": now["frequency"], "angle": now["angle"], "hard": now["hard"]}
        return Call(testcards.stripes, {"n": n} | given)
    if source == "board":
        return Call(testcards.checkerboard, {"n": n, "cell": now["cell"]})
    if source == "noise":
        return Call(testcards.noise, {"n": n, "seed": now["grain"]})
    if source == PEN:
        drawn = Call(strokes.unpack, {"text": now["drawing"], "paper": (0, 0, n, n)})
        return Call(strokes.raster, {"strokes": drawn, "side": n, "width": 0.06 * n})
    if source == STROKE:
        points = [(now[f"p{i}_x"], now[f"p{i}_y"]) for i in range(1, len(CORNERS) + 1)]
        return Call(drawing.ink, {"points": points, "side": n, "width": 0.06 * n})
    return Call(testcards.rings, {"n": n})


OF_A_PATTERN = {"source", "drawing", "frequency", "angle", "hard", "cell", "grain"}
OF_A_PATTERN |= {f"p{i}_{axis}" for i in range(1, len(CORNERS) + 1) for axis in "xy"}


def subject(photo: images.Photo | None, now: Now, n: int = 64, side: int = 256) -> images.Photo:
    """What is pooled: the photograph, at most `side` pixels long, or the pattern of n × n. It keeps its results."""
    if photo is None or now["source"] != PHOTO:
        return _pattern(frozen({name: v for name, v in now.items() if name in OF_A_PATTERN}), n)
    return photo.cached(("shrunk", side), lambda: images.Photo(photo.name, shrunk(photo.pixels, side)))


def square(photo: images.Photo | None, now: Now, n: int, side: int | None = None) -> images.Photo:
    """The same, grey and square: a pattern of n × n, or the middle of the photograph.

    That is n × n, too, enlarged where it must; or with `side` at most that large, and as small as it is.
    """
    if photo is None or now["source"] != PHOTO:
        return subject(None, now, n)
    m = min(side, *photo.pixels.shape[-2:]) if side else n
    return photo.cached(("square", m), lambda: images.Photo(photo.name, squared(photo.pixels, m).mean(0, keepdim=True)))


def picture(photo: images.Photo | None, now: Now, n: int = 64, side: int = 256) -> Tensor:
    """(C, H, W)"""
    return subject(photo, now, n, side).pixels


@lru_cache(16)
def _pattern(key: tuple[Any, ...], n: int) -> images.Photo:
    return images.Photo("", pattern_call(dict(key), n)()[None])


def shrunk(x: Tensor, side: int) -> Tensor:
    """(C, H, W), at most `side` pixels long; a narrow picture longer, so that a window still fits across."""
    scale = max(side / max(x.shape[-2:]), 16 / min(x.shape[-2:]))
    if scale >= 1:
        return x
    return _resized(x, [max(1, round(n * scale)) for n in x.shape[-2:]])


def squared(x: Tensor, n: int) -> Tensor:
    """(C, n, n): the middle of the picture, whatever its size; a small one is made larger pixel by pixel."""
    least = min(x.shape[-2:])
    top, left = ((side - least) // 2 for side in x.shape[-2:])
    x = x[..., top : top + least, left : left + least]
    if least < n:
        return F.interpolate(x[None], size=(n, n))[0]
    return x if least == n else _resized(x, [n, n])


def _resized(x: Tensor, size: list[int]) -> Tensor:
    return F.interpolate(x[None], size=size, mode="bilinear", antialias=True)[0].clamp(0, 1)


def features(photo: images.Photo, side: int, cell: int) -> tuple[Tensor, Tensor]:
    """The picture, side × side, and what stands for its features: the mean colour of each cell × cell pixels."""
    large: images.Photo = photo.cached(
        ("features", side), lambda: images.Photo(photo.name, squared(photo.pixels, side))
    )
    return large.pixels, large.cached(cell, lambda: F.avg_pool2d(large.pixels, cell))


# --- in a script ---


@dataclass(frozen=True, repr=False, eq=False)
class Noted(Call):
    """A call with a remark behind it."""

    note: str = ""

    def __repr__(self) -> str:
        return f"{super().__repr__()}  # {self.note}\n    " if self.note else super().__repr__()


def text_call(x: Tensor, note: str = "") -> Call:
    """(C, H, W) as text that a script can carry: two digits for each number, all channels below each other."""
    text = long_text(drawing.as_text(x.flatten(0, -2)))
    given = {"text": text, "width": x.shape[-1]} | ({"channels": len(x)} if len(x) > 1 else {})
    return Noted(drawing.from_text, given, note=note)


def small_call(photo: images.Photo | None, now: Now, n: int = 64, most: int = 64) -> tuple[Call, tuple[int, int]]:
    """What is pooled, as a script has it, and its size: a pattern is made, a photograph carried, small and grey."""
    if photo is None or now["source"] != PHOTO:
        return pattern_call(now, n), (n, n)
    x = picture(photo, now)
    small = shrunk(x.mean(0, keepdim=True), most)
    height, width = small.shape[-2:]
    same = small.shape == x.shape
    note = f"the picture of the page in grey, {width} × {height}, so that it fits here: its PSNRs differ a little"
    return text_call(small, "" if same else note), (height, width)
