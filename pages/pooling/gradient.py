"""The gradient: put one on the output of a pool, and see which pixels of the input it reaches."""

from typing import Any

import torch
from torch import Tensor

from app.figures.picture import Picture, Table, panel, signed
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.pooling import pools, subjects
from core import pooling

N = 28
PRESETS = {
    "winner": Preset(_("Max: all of it to the winner"), {}),
    "ties": Preset(_("Everybody ties: the first one gets it"), {"source": "board", "cell": 7, "kernel": 4}),
    "share": Preset(_("Lp: by share, between average and max"), {"q": 0.8, "kinds": ["average", "lp", "max"]}),
    "twice": Preset(_("Windows overlap: a winner is paid twice"), {
        "tied": False, "stride": 1, "kernel": 3, "kinds": ["max", "average", "blur"]}),
    "gaps": Preset(_("Stride beyond the kernel: some never learn"), {
        "tied": False, "stride": 4, "kernel": 2, "kinds": ["max", "average", "blur"], "source": "rings"}),
    "one": Preset(_("One output alone"), {"sent": "one", "kernel": 7, "at_x": 15.5, "at_y": 12.5}),
    "signs": Preset(_("Plus and minus"), {"sent": "signs", "kernel": 4}),
}  # fmt: skip
USUAL = ["max", "max_shared", "average", "lp", "median", "blur"]

lab = Lab("pooling-gradient", PRESETS)
photo = subjects.choose_picture(lab, n=N, photo="digit", frequency=1 / 7)
pools.choose_window(lab, 4, 9, fine=False)
pools.choose_p(lab)
lab.choice("sent", _("Gradient on the output"), {"ones": _("1 everywhere"), "one": _("1 at a place"),
                                                 "signs": _("±1 by chance")})  # fmt: skip
kinds = lab.choices("kinds", _("Pooling"), pools.titles([k for k in pooling.KINDS if k != "strided"]), USUAL)
with lab.fold(_("The window to look at; the seed")):
    subjects.place(lab, "at", _("Pixel"), (15.5, 7.5), (0.5, N - 0.5))
    lab.seed()


def grey(photo: Any, now: dict[str, Any]) -> Tensor:
    """(28, 28), whatever was chosen."""
    return subjects.square(photo, now, N).pixels[0]


def place(now: dict[str, Any], windows: int) -> tuple[int, int]:
    """Row and column of the window at the chosen pixel."""
    row, column = (min(int(at / pools.stride(now)), windows - 1) for at in (now["at_y"], now["at_x"]))
    return row, column


def sent(now: dict[str, Any], windows: int) -> Tensor:
    """The gradient on the output."""
    (row, column), here = place(now, windows), torch.arange(windows)
    drawn = torch.rand(windows, windows, generator=torch.Generator().manual_seed(now["seed"]))
    return {"ones": torch.ones_like(drawn), "signs": 2.0 * (drawn < 0.5) - 1,
            "one": ((here[:, None] == row) & (here == column)).float()}[now["sent"]]  # fmt: skip


def stage(photo: Any, **now: Any) -> Picture:
    """The input, the gradient on the output, and where it lands under each kind: blue plus, orange minus."""
    x = grey(photo, now)
    window = pools.window(now, (N, N))
    g = sent(now, window.size(N))
    panels = [panel(_("input"), x), panel(_("sent: Σ = {sum:g}").format(sum=g.sum()), signed(g, 1), g)]
    said = []
    for kind in pools.chosen(now):
        got = pooling.landing(x, kind, window, g, pools.p_of(now["q"]), now["seed"])
        title, some = pools.title(kind, now), int((got.abs() > 1e-9).sum())
        panels.append(panel(f"{title}: Σ = {got.sum():.4g}", signed(got.sign() * got.abs().sqrt(), 1), got))
        said.append(_("{kind} {n}").format(kind=title, n=some))
    alt = _("How many of {all} pixels get a gradient: {said}.")
    return Picture(panels, alt.format(all=N * N, said=", ".join(said)))


def numbers(photo: Any, **now: Any) -> Table:
    """One window by itself: who gets how much of a gradient of 1."""
    cells = [[pools.title(s.kind, now), f"{s.value:.4f}", str(s.pixels), f"{s.largest:.4f}", f"{s.total:.4f}"]
             for s in pooling.shares(inside(photo, now), alone(now), pools.p_of(now["q"]), now["seed"])]  # fmt: skip
    titles = [_("the window at the point"), _("output"), _("pixels that get some"), _("the largest part"), _("sum")]
    return Table(titles, cells, _("How one window deals out a gradient of 1"))


def inside(photo: Any, now: dict[str, Any]) -> list[list[float]]:
    """The pixels of that window, rounded as the script shows them."""
    window = pools.window(now, (N, N))
    top, left = (i * window.stride for i in place(now, window.size(N)))
    cut = grey(photo, now)[top : top + window.kernel, left : left + window.kernel]
    return [[round(v, 3) for v in row] for row in cut.tolist()]


def alone(now: dict[str, Any]) -> list[str]:
    """The kinds that look at nothing but their window."""
    return [kind for kind in now["kinds"] if kind not in ("blur", "max_blur")]


def script() -> Any:
    """The window of the table."""
    now = lab.values
    given = {
        "values": inside(photo, now),
        "kinds": alone(now),
        "p": pools.p_of(now["q"]),
        "seed": now["seed"],
    }
    return pooling.shares, (), given


point = Handle("at_x", "at_y", label=_("Pixel"), click=True)
lab.live(stage, height=430, handles=[*subjects.handles(lab.values), point], pen=subjects.pen(lab.values), photo=photo)
lab.live(numbers, height=0, photo=photo)
lab.look(_("White pixels learn nothing. Max pays one pixel of each window, at a tie the first in reading order (and "
           "zeros behind a ReLU tie all the time); average pays all alike, Lp by share. The sums stay what was sent, "
           "but for Lp between its ends. Colours show the square root, so that small parts are seen."))  # fmt: skip
lab.theory()
lab.code(script)
