"""Back up: the same small map made large in six ways, and the sum behind any pixel of each."""

from typing import Any

from torch import Tensor

from app.code import Call, Verbatim
from app.domains import Refused
from app.figures.grids import Grids
from app.figures.picture import Picture, Table, panel, signed
from app.figures.plot import short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.pooling import subjects, sums
from core import restore, upsample
from core.upsample import WAYS

N = 28
PRESETS = {
    "six": Preset(_("One map, six ways up"), {}),
    "places": Preset(_("Places remembered: max-unpooling"), {"r": "2", "k": 2, "picture": "digit"}),
    "checker": Preset(_("3 is no multiple of 2: a checkerboard"), {"r": "2", "k": 3, "weights": "ones"}),
    "tent": Preset(_("A tent of 8 is the bilinear way"), {"k": 8, "weights": "tent"}),
    "learnt": Preset(_("Before any training: random weights"), {"k": 6, "weights": "random"}),
    "same": Preset(_("Pixel shuffle = transposed convolution"), {"r": "2", "k": 5, "weights": "random", "seed": 3}),
    "board": Preset(_("A fine board: none of them brings it back"), {
        "source": "board", "cell": 1, "r": "2", "k": 4, "pooled": "max"}),
}  # fmt: skip

lab = Lab("pooling-up", PRESETS)
photo = subjects.choose_picture(lab, n=N, photo="digit", frequency=1 / 7)
r = int(lab.choice("r", _("Factor r"), {"2": "2", "4": "4", "7": "7"}, "4"))
lab.slider("k", _("Kernel of the transposed convolution"), 2, 9, 6)
lab.choice("weights", _("Its weights"), {"ones": _("All alike"), "tent": _("A tent"), "random": _("By lot")})
lab.choice("pooled", _("The small map is"), {"max": _("the maximum"), "average": _("the average")})
lab.choice("way", _("Worked out below"), {id: _(way.title) for id, way in WAYS.items()}, "transposed")
with lab.fold(_("The pixel to work out; the seed")):
    subjects.place(lab, "at", _("Pixel"), (13.5, 8.5), (0.5, N - 0.5))
    lab.seed()


def steps(photo: Any, now: dict[str, Any]) -> Tensor:
    """(28, 28), whole numbers from 0 to 255: the picture as the script has it."""
    return (subjects.square(photo, now, N).pixels[0] * 255).round().long()


def prepared(photo: Any, now: dict[str, Any]) -> tuple[Tensor, Tensor, upsample.Means]:
    """The picture, the small map, and what the ways need beside it."""
    x, factor = steps(photo, now) / 255, int(now["r"])
    if now["k"] < factor:
        text = _("The kernel must be at least as large as the factor: {r}, not {k}.")
        raise Refused(text.format(r=factor, k=now["k"]))
    more = upsample.means(x, factor, now["k"], now["weights"], now["seed"])
    return x, upsample.down(x, factor, now["pooled"] == "max"), more


def stage(photo: Any, **now: Any) -> Picture:
    """The picture, the small map, and the six ways back."""
    x, y, more = prepared(photo, now)
    panels = [panel(_("picture, {n} × {n}").format(n=N), x), panel(_("map, {n} × {n}").format(n=len(y)), y)]
    said = []
    for way in WAYS.values():
        up = way.up(y, more)
        panels.append(panel(_(way.title), up))
        said.append(_("{way} · {psnr} dB").format(way=_(way.title), psnr=short(restore.psnr(x, up), 1)))
    alt = _("The same map of {n} × {n} brought up: {said}")
    return Picture(panels, alt.format(n=len(y), said=", ".join(said)))


def dealt(photo: Any, **now: Any) -> Picture:
    """What pixel shuffle interleaves; and the kernel that both convolutions share."""
    _x, y, more = prepared(photo, now)
    maps = upsample.sub_pixels(y, more)
    shown = maps[: min(len(maps), 9)]
    panels = [panel(_("kernel, {k} × {k}").format(k=now["k"]), signed(more.kernel), more.kernel)]
    panels += [panel(_("map {i} of {n}").format(i=i, n=len(maps)), one) for i, one in enumerate(shown, 1)]
    alt = _("Pixel shuffle interleaves {n} maps, each of its own convolution.").format(n=len(maps))
    return Picture(panels, alt)


def place(now: dict[str, Any]) -> dict[str, int]:
    return {"row": min(int(now["at_y"]), N - 1), "column": min(int(now["at_x"]), N - 1)}


def around(photo: Any, **now: Any) -> Grids:
    """The pixels around the point by the chosen way: under the pointer, which values times which weights."""
    _x, y, more = prepared(photo, now)
    return sums.worked_out(y, more, now["way"], **place(now))


def numbers(photo: Any, **now: Any) -> Table:
    """One pixel of the large map by every way, as a sum over the small one."""
    _x, y, more = prepared(photo, now)
    cells = []
    for pixel in upsample.arithmetic(y, more, **place(now)):
        terms = [f"{weight:.4g} · {value:.4g}" for weight, value in pixel.terms]
        said = " + ".join(terms[:6]) + (" + …" if len(terms) > 6 else "") or "–"
        cells.append([_(WAYS[pixel.way].title), f"{pixel.value:.4f}".replace("-", "−"), said.replace("-", "−")])
    titles = [_("the pixel at the point"), _("value"), _("weight · value of the map")]
    return Table(titles, cells, _("Where the value of one pixel comes from"))


now = lab.values
point = Handle("at_x", "at_y", label=_("Pixel"), click=True)
lab.live(stage, height=430, handles=[*subjects.handles(now), point], pen=subjects.pen(now), photo=photo)
lab.live(around, height=360, photo=photo)
lab.live(numbers, height=0, photo=photo)
lab.live(dealt, height=200, photo=photo)
lab.look(_("Click into the picture: below stands from which values of the small map each pixel there is made. Only "
           "max-unpooling knows where the bright strokes were; transposed convolution overlaps its kernels, and where "
           "r does not divide k the overlap is uneven."))  # fmt: skip
lab.theory()
x = Verbatim(f"torch.tensor({steps(photo, now).tolist()}) / 255")
small = Call(upsample.down, {"x": x, "r": r, "largest": now["pooled"] == "max"})
more = Call(upsample.means, {"x": x, "r": r, "k": now["k"], "weights": now["weights"], "seed": now["seed"]})
if now["k"] >= r:
    lab.code(upsample.arithmetic, y=small, m=more, **place(now))
