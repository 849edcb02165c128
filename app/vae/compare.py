"""The same pictures under every β: latent planes, reconstructions, draws from the prior, and the trade-off curve."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from app.code import Call
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, dots, layout, line
from app.i18n import gettext as _
from app.vae import models
from app.vae.models import Model
from core import drawing, vae

PLACES = ["top right", "bottom center", "top center"]  # of the names on the curve of two dimensions, β by β
SHOWN, DOTS, REACH, CARRIED, LEFT = 3, 400, 4.0, 16, 84


def compared(data: str, latent: int, told: bool = False) -> list[tuple[str, Model]]:
    """The shipped models by their β, the conditional one, and the visitor's own that has learnt the same pictures."""
    every = [(f"{b:g}", models.shipped(models.found(data, latent, b).name)) for b in models.BETAS]
    if told:
        every.append(("told", models.shipped(models.found(data, latent, 1.0, conditional=True).name)))
    own: Model | None = st.session_state.get(models.OWN)
    return [*every, ("own", own)] if own is not None and own.data == data else every


def title(id: str) -> str:
    known = {"0": _("β = 0: plain AE"), "told": _("told the class"), "own": _("your own")}
    return known.get(id, _("β = {b}").format(b=id))


def short(id: str) -> str:
    """The same where there is little room."""
    return {"0": _("0 (AE)"), "told": _("told the class"), "own": _("your own")}.get(id, id)


def headed(id: str, model: Model, brief: bool = False) -> str:
    """What stands over its column: how it is called, and how many of its copies can still be read."""
    share = model.read_right()
    if brief:
        name = "<br>".join(wrap(_("β = {b}").format(b=id) if id == "0" else title(id), 9))
        return name if share is None else _("{name}<br>{share:.0%} right").format(name=name, share=share)
    if share is None:
        return title(id)
    return _("{name}<br>{share:.0%} read right").format(name=title(id), share=share)


def labels(model: Model, n: int, first: int = 0) -> Tensor | None:
    """The classes that a conditional model is told of the held-back pictures."""
    return models.held_back(model.data)[1][first : first + n] if model.plan.classes else None


def measures(model: Model) -> vae.Report:
    """On all held-back pictures, once for a model."""
    pictures = models.held_back(model.data)[0]
    told = labels(model, len(pictures))
    return model.cached("report", lambda: vae.report(model.net, pictures, labels=told))


def plane(model: Model) -> tuple[Tensor, tuple[int, int], float]:
    """(DOTS, 2) the codes on the two dimensions that vary most, which these are, and how far the picture reaches."""
    mu = model.codes()[0]
    i, j = sorted(mu.var(0).topk(2).indices.tolist()) if mu.shape[1] > 1 else (0, 0)
    seen = mu[:DOTS, [i, j]]
    reach = 2.0 ** torch.ceil(seen.abs().quantile(0.99).log2()).item() if model.plan.plain else REACH
    return seen, (i, j), reach


def board(model: Model, first: int, temperature: float, seed: int) -> Tensor:
    """Rows of SHOWN pictures: given, restored, and twice drawn from the prior N(0, temperature²), class by class."""
    given = models.held_back(model.data)[0][first : first + SHOWN]
    noise = torch.randn(2 * SHOWN, model.plan.latent, generator=torch.Generator().manual_seed(seed))
    turn = torch.arange(2 * SHOWN) % model.plan.classes if model.plan.classes else None
    drawn = vae.picture(model.net, temperature * noise, turn)
    restored = vae.reconstruct(model.net, given, labels(model, SHOWN, first))
    return maps.tiled(torch.cat([given, restored, drawn]), SHOWN, gap=2)


def planes(every: Sequence[tuple[str, Model]], temperature: float) -> Plot:
    """For each model the codes of held-back pictures, and where the draws come from."""
    data: list[Trace] = []
    frame: dict[str, Any] = {"margin": {"l": LEFT, "r": 8, "t": 48, "b": 4}, "showlegend": False}
    most = 1 + max(headed(id, model, brief=True).count("<br>") for id, model in every)
    narrow: dict[str, Any] = {"margin": {"l": beside(), "r": 4, "t": 6 + 16 * most, "b": 0}}
    inks = [palette.TEN[c] for c in models.held_back(every[0][1].data)[1][:DOTS].tolist()]
    angle, radius = torch.linspace(0, 2 * torch.pi, 49), 2 * temperature
    bare: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "constrain": "domain",
    }
    for k, (id, model) in enumerate(every):
        (places, _which, reach), n = plane(model), str(k + 1) if k else ""
        look = {"marker": {"line": {"width": 0}, "opacity": 0.75}, "axes": f"x{n}y{n}", "hoverinfo": "skip"}
        spots = dots(places[:, 0], places[:, 1], "", inks, 5, **look)
        data.append(spots | {"meta": {"narrow": {"marker": spots["marker"] | {"size": 2.5}}}})
        data.append(line(radius * angle.cos(), radius * angle.sin(), "", palette.MUTED, width=1.5, dash="dot",
                         axes=f"x{n}y{n}", hoverinfo="skip"))  # fmt: skip
        ends = {"range": [-reach, reach], **bare}
        frame[f"xaxis{n}"] = axis(headed(id, model), domain=column(k, len(every)), anchor=f"y{n}", side="top", **ends)
        frame[f"yaxis{n}"] = axis("", anchor=f"x{n}", scaleanchor=f"x{n}", constraintoward="bottom", **ends)
        narrow[f"xaxis{n}"] = {"title": {"text": headed(id, model, brief=True), "font": {"size": 12}, "standoff": 2}}
    said = "; ".join(f"{title(id)}: {measures(m).reconstruction:.0f} / {total(m)}" for id, m in every)
    return Plot(data, layout(**frame, meta={"narrow": narrow, "low": 80 + 16 * most}),
                _("Reconstruction and KL in nats: {said}.").format(said=said))  # fmt: skip


def boards(every: Sequence[tuple[str, Model]], first: int, temperature: float, seed: int) -> Plot:
    """For each model: pictures that are given, restored, and drawn from the prior."""
    data: list[Trace] = []
    frame: dict[str, Any] = {"margin": {"l": LEFT, "r": 8, "t": 4, "b": 8}, "showlegend": False}
    names = row_names()
    small = {"tickfont": {"color": palette.INK, "size": 11}}
    narrow = {"margin": {"l": beside(), "r": 4, "t": 4, "b": 4}, "yaxis": small}
    for k, (_id, model) in enumerate(every):
        shown, n = board(model, first, temperature, seed), str(k + 1) if k else ""
        data.append(maps.shown(shown, n))
        frame |= maps.frame(n, "", shown.shape, x=column(k, len(every)))
        row = (shown.shape[0] + 2) / 4
        ticks = {"tickvals": [row * (i + 0.5) - 1 for i in range(4)], "ticktext": names, "showticklabels": True,
                 "tickfont": {"color": palette.INK, "size": 14}}  # fmt: skip
        if not k:
            frame["yaxis"] |= ticks
    alt = _("Pictures given, restored and drawn from the prior, under {n} models.").format(n=len(every))
    return Plot(data, layout(**frame, meta={"narrow": narrow, "low": 120}), alt)


def row_names() -> list[str]:
    return [_("given"), _("restored"), _("drawn from"), _("the prior")]


def beside() -> int:
    """The room on a phone for the names of the rows, in both figures: the columns stand one above the other."""
    return 6 * max(map(len, row_names())) + 6


def column(k: int, n: int, gap: float = 0.025) -> list[float]:
    """The place of the k-th of n beside each other."""
    wide = (1 - gap * (n - 1)) / n
    return [k * (wide + gap), min(1.0, k * (wide + gap) + wide)]


def total(model: Model) -> str:
    found = measures(model)
    return f"{found.total_kl:.1f}" if found.kl else "–"


def trade(data: str, latent: int) -> Plot:
    """Reconstruction over KL, for both sizes of the latent space: less of the one costs more of the other."""
    traces, highest = [], 1.0
    for size in [8] if data == "shapes" else [2, 8]:
        rows = [(b, measures(models.shipped(models.found(data, size, b).name))) for b in models.BETAS]
        known = [(b, r) for b, r in rows if r.kl]
        x, y = (torch.tensor([getattr(r, n) for _b, r in known]) for n in ("total_kl", "reconstruction"))
        color = palette.BLUE if size == latent else palette.MUTED
        name = _("{n} dimensions").format(n=size)
        traces.append(line(x, y, name, color, width=3 if size == latent else 1.5, mode="lines+markers+text",
                           marker={"size": 11}, text=[f"β = {b:g}" for b, _r in known],
                           textposition=PLACES if size == 2 else "top right",
                           textfont={"color": palette.letters(color), "size": 14}, cliponaxis=False,
                           hoverinfo="skip"))  # fmt: skip
        highest = max(highest, x.max().item())
        floor = rows[0][1].reconstruction
        name = _("AE, {n} dimensions").format(n=size)
        traces.append(line(torch.tensor([0.0, 200.0]), torch.tensor([floor, floor]), name, color, dash="dot", width=2,
                           hoverinfo="skip"))  # fmt: skip
    grid = {"xaxis": axis(_("KL: what the code is allowed to say, nats"), range=[0, 1.15 * highest]),
            "yaxis": axis(_("reconstruction, nats")), "margin": {"l": 64, "r": 40, "t": 12, "b": 44}}  # fmt: skip
    return Plot(traces, layout(**grid), _("The trade-off between KL and reconstruction, model by model."))


def numbers(model: Model, name: str) -> Table:
    """One model on the pictures that the script carries."""
    found = vae.report(model.net, models.held_back(model.data)[0][:CARRIED], labels=labels(model, CARRIED))
    kl = f"{found.total_kl:.2f}" if found.kl else "–"
    bound = f"{found.bound:.2f}" if found.kl else "–"
    head = [_("{n} held-back pictures").format(n=CARRIED), _("reconstruction, nats"), _("KL, nats"), _("−ELBO, nats"),
            _("squared error"), _("active dimensions")]  # fmt: skip
    cells = [name, f"{found.reconstruction:.2f}", kl, bound, f"{found.error:.2f}", str(found.active)]
    return Table(head, [cells], _("The chosen model in numbers"))


def script(model: Model) -> Any:
    """One model with its weights, and its measures on a few pictures."""
    text = drawing.as_text(models.held_back(model.data)[0][:CARRIED].flatten(0, 1))
    pictures = Call(drawing.from_text, {"text": text, "width": vae.EDGE, "channels": CARRIED})
    told = labels(model, CARRIED)
    return vae.report, (), {"net": model.call(), "pictures": pictures,
                            **({} if told is None else {"labels": told.tolist()})}  # fmt: skip


def chosen(every: Sequence[tuple[str, Model]], id: str) -> tuple[str, Model]:
    """The model of that id; the last shipped one where there is none (one's own is gone with the session)."""
    known: Mapping[str, Model] = dict(every)
    return (title(id), known[id]) if id in known else (title("4"), known["4"])
