"""Mixing: two pictures become one, and so do their labels; or a part is taken away, and the label stays."""

from typing import Any

import streamlit as st
import torch

from app import images
from app.augment.mixes import attention, sources
from app.code import Verbatim
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Picture, Table, panel
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.i18n import name as quoted
from app.lab import Lab, Preset
from core import mixing
from core.mixing import METHODS, Mixed

PRESETS = {
    "mixup": Preset(_("mixup: ghosts"), {"method": "mixup", "alpha": 1.0}),
    "cutmix": Preset(_("CutMix: the label by area"), {}),
    "rarely": Preset(_("A small α: nearly always one of the two"), {"method": "mixup", "alpha": 0.1}),
    "attentive": Preset(_("Attentive CutMix: what says most"), {"method": "attentive", "alpha": 3.0}),
    "mosaic": Preset(_("Mosaic: four at once"), {"method": "mosaic"}),
    "cutout": Preset(_("Cutout hides, the label stays"), {"method": "cutout", "own": True, "lam": 0.75}),
    "grid": Preset(_("GridMask leaves something of everything"), {"method": "gridmask", "own": True, "lam": 0.65}),
    "digits": Preset(_("Half a 3 and half an 8"), {"method": "mixup", "kind": "digits", "own": True, "lam": 0.5}),
}
COLORS = (palette.BLUE, palette.ORANGE, palette.GREEN, palette.PINK)

lab = Lab("augmentations-mixing", PRESETS)
method = lab.choice("method", _("Method"), {id: quoted(m.title) if id not in ("mosaic", "erasing") else _(m.title)
                                            for id, m in METHODS.items()}, "cutmix")  # fmt: skip
with lab.words():
    st.caption(_(METHODS[method].note))
own = lab.toggle("own", _("λ by hand"), help=_("Otherwise each sample draws its own from Beta(α, α)."))
if own:
    lab.slider("lam", _("λ: the share of the first picture"), 0.0, 1.0, 0.6, 0.01)
else:
    lab.slider("alpha", "α", 0.05, 5.0, 1.0, log=True, help=_("1: each λ is equally likely."))
kind = lab.choice("kind", _("Pictures"), {"photos": _("Photographs"), "digits": _("Digits")})
photo = images.choose(lab) if kind == "photos" else None  # the first of the four
lab.slider("n", _("How many samples"), 1, 8, 6)
lab.seed()
pictures, names = sources(photo)


def mixed(now: dict[str, Any]) -> list[Mixed]:
    alpha, lam = now.get("alpha", 1.0), now["lam"] if now["own"] else None
    telling = None if photo else attention()
    return mixing.drawn(now["method"], pictures, alpha, now["seed"], now["n"], lam, telling)


def stage(**now: Any) -> Picture:
    """The pictures that are mixed, and what becomes of them."""
    takes = METHODS[now["method"]].pictures
    panels = [panel(name, x) for name, x in zip(names, pictures[:takes], strict=False)]
    panels += [panel(f"λ = {short(m.lam)}", m.picture) for m in mixed(now)]
    return Picture(panels, _("{n} pictures, and mixtures of them.").format(n=takes))


def labels(**now: Any) -> Plot:
    """The density of λ with what was drawn; the label of each sample as a bar."""
    found = mixed(now)
    lam, rows = torch.tensor([m.lam for m in found]), torch.arange(len(found))
    x = torch.linspace(0.002, 0.998, 200, dtype=torch.float64)
    shape = mixing.density(now.get("alpha", 1.0), x).clamp(max=4)
    data = [] if now["own"] else [line(x, shape, quoted("Beta(α, α)"), palette.INK, legend=False)]
    data.append(dots(lam, torch.full_like(lam, 0.15), "λ", palette.ACCENT, legend=False))
    for k in range(METHODS[now["method"]].pictures):
        part = torch.stack([m.label[k] if k < len(m.label) else torch.zeros(()) for m in found])
        text = [short(v) if v > 0.1 else "" for v in part.tolist()]
        data.append({"type": "bar", "orientation": "h", "x": part, "y": rows, "name": names[k], "text": text,
                     "xaxis": "x2", "yaxis": "y2", "marker": {"color": COLORS[k]}, "textposition": "inside",
                     "insidetextanchor": "middle", "textangle": 0, "constraintext": "none",
                     "textfont": {"size": 13}})  # fmt: skip
    legend = {"orientation": "h", "x": 0.55, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    grid = columns([_("density of λ"), _("label")], (0, 1), [[0, 4.1], [len(found) - 0.4, -0.6]])
    grid["yaxis2"] |= {"tickvals": rows.tolist(), "ticktext": [str(now["seed"] + i) for i in rows.tolist()]}
    mixes = [zip(m.label.tolist(), names, strict=False) for m in found]
    said = "; ".join(" + ".join(f"{short(v)} {n}" for v, n in pairs) for pairs in mixes)
    # On a phone the bars take the room; λ is a thin line of dots above them.
    grid["meta"]["narrow"] = {
        "xaxis": {"domain": [0, 1], "showticklabels": False}, "xaxis2": {"domain": [0, 1]},
        "yaxis": {"domain": [0.84, 1], "title": {"text": "λ"}, "showticklabels": False,
                  "range": [-2.5, 4.1]},
        "yaxis2": {"domain": [0, 0.76], "tickfont": {"size": 12, "color": palette.MUTED}}}  # fmt: skip
    frame = layout(**grid, barmode="stack", legend=legend)
    return Plot(data, frame, _("Labels: {said}.").format(said=said))


def numbers(**now: Any) -> Table:
    takes = METHODS[now["method"]].pictures
    found = enumerate(mixed(now), now["seed"])
    rows = [[str(i), short(m.lam, 3), *(short(v, 3) for v in m.label.tolist())] for i, m in found]
    return Table([_("seed"), "λ", *names[:takes]], rows, _("λ and the label of each sample"))


lab.live(stage, height=400)
lab.live(labels, height=290, place=lab.stage)
lab.live(numbers, height=0)
lab.look(
    _(
        "mixup and CutMix take the same share from the label as from the picture. Cutout takes from the picture "
        "alone: at λ = 0.2 would you still call it a cat? A small α draws λ near 0 or 1: hardly mixed at all."
    )
)
lab.theory()
now = lab.values
shape = ", ".join(map(str, pictures.shape))
lab.code(mixing.drawn, method=method, pictures=Verbatim(f"torch.rand({shape})"), alpha=now.get("alpha", 1.0),
         seed=now["seed"], n=now["n"], lam=now["lam"] if own else None)  # fmt: skip
