"""Pool a picture: one number for each window; by largest, by mean, by chance; and what cannot be brought back."""

from typing import Any

from app import images
from app.code import Call
from app.figures.picture import Picture, Table, panel, shown, signed
from app.figures.plot import short
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.pooling import pools, subjects
from core import pooling, restore
from core.pooling import KINDS

PRESETS = {
    "eight": Preset(_("One number for 8 × 8"), {}),
    "stars": Preset(_("Max keeps the stars, min swallows them"), {
        "picture": "galaxies", "kinds": ["max", "average", "min", "median", "lp"], "kernel": 6}),
    "board": Preset(_("A board: white, grey or black"), {
        "source": "board", "cell": 2, "kernel": 4, "kinds": ["max", "average", "min", "median", "stochastic"]}),
    "lp": Preset(_("From average to max"), {"kinds": ["average", "lp", "max"], "q": 0.9}),
    "overlap": Preset(_("Windows that overlap: bright spots grow"), {
        "tied": False, "stride": 2, "kernel": 10, "kinds": ["max", "average", "min"], "picture": "astronaut"}),
    "moire": Preset(_("Rings that are not there"), {
        "source": "rings", "kernel": 3, "kinds": ["max", "average", "blur", "strided", "median"]}),
    "ceil": Preset(_("Ceil mode keeps the last row"), {
        "picture": "digit", "kernel": 3, "ceil": True, "kinds": ["max", "average", "min", "lp", "blur"]}),
    "stroke": Preset(_("Draw a stroke: drag its points"), {"source": "stroke", "kernel": 4}),
}  # fmt: skip
USUAL = ["max", "average", "min", "lp", "stochastic"]
FAMILY = [kind for kind in KINDS if kind != "max_shared"]  # the same values as max

lab = Lab("pooling", PRESETS)
photo = subjects.choose_picture(lab)
pools.choose_window(lab)
pools.choose_p(lab)
kinds = lab.choices("kinds", _("Pooling"), pools.titles(FAMILY), USUAL)
smooth = lab.choice("back", _("Back up"), {"nearest": _("Nearest"), "bilinear": _("Bilinear")}) == "bilinear"
if "stochastic" in kinds:
    lab.seed()


def pooled(photo: images.Photo | None, now: dict[str, Any]) -> tuple[Any, dict[str, tuple[Any, Any, float]]]:
    """The picture; for each kind its output, that brought back up, and the PSNR of it."""
    of = subjects.subject(photo, now)
    channels, height, width = of.pixels.shape
    window = pools.window(now, (height, width), channels)
    return of.pixels, {kind: pools.pooled(of, kind, window, now) for kind in pools.chosen(now)}


def stage(photo: images.Photo | None, **now: Any) -> Picture:
    """The picture, and what each kind makes of it; the numbers say how well it can be brought back."""
    x, found = pooled(photo, now)
    told = _("{kind} · {psnr} dB")
    titles = {kind: told.format(kind=pools.title(kind, now), psnr=short(psnr, 1))
              for kind, (_y, _up, psnr) in found.items()}  # fmt: skip
    named = _("{width} × {height} pixels").format(width=x.shape[-1], height=x.shape[-2])
    panels = [panel(named, shown(x))] + [panel(titles[kind], shown(y)) for kind, (y, *_rest) in found.items()]
    alt = _("A picture of {n} numbers, and {m} numbers of each kind. PSNR: {said}.")
    numbers = next(iter(found.values()))[0].numel()
    return Picture(panels, alt.format(n=x.numel(), m=numbers, said=", ".join(titles.values())))


def lost(photo: images.Photo | None, **now: Any) -> Picture:
    """What is left of the picture less what came back: blue where it was brighter, orange where it was darker."""
    x, found = pooled(photo, now)
    gone = {kind: (x - up).mean(0) for kind, (_y, up, _psnr) in found.items()}
    panels = [panel(_("{kind}: lost").format(kind=pools.title(k, now)), signed(g, 0.5)) for k, g in gone.items()]
    return Picture(panels, _("The picture less what can be brought back: edges and everything fine are gone."))


def numbers(photo: images.Photo | None, **now: Any) -> Table:
    """Sizes, and what no window reads."""
    size = subjects.picture(photo, now).shape[-2:]
    cells = [[name, str(side.pixels), str(side.windows), str(side.unread)]
             for name, side in zip((_("height"), _("width")), sides(size, now), strict=True)]  # fmt: skip
    titles = ["", _("pixels"), _("windows"), _("pixels that no window reads")]
    return Table(titles, cells, _("How many windows there are along each side"))


def sides(size: Any, now: dict[str, Any]) -> list[pooling.Side]:
    return pooling.sides((size[0], size[1]), pools.window(now, size))


def script() -> Any:
    """The sides of the page, and the PSNR of each kind."""
    now, size = lab.values, subjects.picture(photo, lab.values).shape[-2:]
    x, small = subjects.small_call(photo, now)
    pools.window(now, size), pools.window(now, small)
    readers, window = {kind: pools.pooler_call(kind, now) for kind in kinds}, pools.window_call(now)
    back = Call(restore.losses, {"x": x, "pools": readers, "window": window, "smooth": smooth})
    return pooling.sides, (back,), {"size_hw": tuple(size), "window": window}


lab.live(stage, height=350, handles=subjects.handles(lab.values), pen=subjects.pen(lab.values), photo=photo)
lab.live(lost, height=190, place=lab.stage, photo=photo)
lab.live(numbers, height=0, photo=photo)
lab.look(_("The number beside each name is the PSNR after the way back up, in decibels: 3 more mean half the squared "
           "error. No single value per window errs less than the mean; max and min pay for what they "
           "keep. What is lost is drawn below: blue was brighter, orange was darker."))  # fmt: skip
lab.theory()
lab.code(script)
