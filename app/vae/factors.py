"""Shapes with known causes in a latent space: traversals, what each dimension knows, and how it answers to a cause."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from app.code import Call
from app.figures import maps, palette
from app.figures.axes import axis, stable_range
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line
from app.figures.rods import words
from app.i18n import gettext as _
from app.lab import Lab
from app.vae import models
from app.vae.models import Model
from core import disentangle, shapes, vae

STEPS, REACH, MOST = 7, 2.2, 8  # pictures in a row, how far it goes, rows
SAMPLES, SEED = 2000, 1  # pictures that the information is measured on: others than the training has seen


def choose(lab: Lab) -> Model:
    """The model of the page: a shipped one by its β, or the visitor's own of the shapes."""
    own: Model | None = st.session_state.get(models.OWN)
    betas = {f"{b:g}": f"{b:g}" if b else _("0 (AE)") for b in models.BETAS}
    if own is not None and own.data == "shapes":
        betas["own"] = _("Your own")
    beta = lab.choice("beta", "β", betas, "4", help=_("The weight of the KL term; 0 is a plain autoencoder."))
    if beta == "own" and own is not None:
        return own
    return models.shipped(models.found("shapes", 8, float(beta)).name)


def names() -> dict[str, str]:
    return {"shape": _("shape"), "size": _("length"), "x": _("across"), "y": _("down"), "angle": _("angle")}


@lru_cache(1)
def measured_on() -> tuple[Tensor, Tensor]:
    """Pictures and the factors that made them."""
    factors = shapes.causes(SAMPLES, SEED)
    return shapes.drawn(factors), factors


def found(model: Model) -> list[disentangle.Found]:
    """The rows of the table, worked out once for a model."""
    pictures, factors = measured_on()
    return model.cached("mig", lambda: disentangle.table(means(model), factors, pictures, list(shapes.FACTORS)))


def known(model: Model) -> Tensor:
    """(L, 5) information in nats."""
    pictures, factors = measured_on()
    return model.cached("information", lambda: disentangle.information(means(model)(pictures), factors))


def means(model: Model) -> Any:
    """The encoder's μ."""
    return lambda pictures: model.encode(pictures, torch.zeros(len(pictures), dtype=torch.long))[0]


def traversals(model: Model, now: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """The picture of the factors, and (rows·STEPS, 28, 28): from its code, one dimension at a time."""
    picture = shapes.one(now)
    mu = means(model)(picture[None])[0]
    n, spread = (
        min(MOST, len(mu)),
        REACH * (model.codes()[0].std(0) if model.plan.plain else torch.ones(len(mu))),
    )
    middle = model.codes()[0].mean(0) if model.plan.plain else torch.zeros(len(mu))
    z = mu.repeat(n, STEPS, 1)
    for k in range(n):
        z[k, :, k] = middle[k] + spread[k] * torch.linspace(-1, 1, STEPS)
    return picture, model.decode(z.flatten(0, 1))


def draw(model: Model, now: Mapping[str, Any]) -> Plot:
    """Left, the picture and what comes back; beside it a row for each dimension."""
    picture, made = traversals(model, now)
    back = model.decode(means(model)(picture[None]))
    n = len(made) // STEPS
    board = maps.tiled(made, STEPS, gap=2)
    pair = maps.tiled(torch.cat([picture[None], back]), 1, gap=3)
    axes = maps.frame("", _("in,<br>out"), pair.shape, x=(0, 0.14), y=(0, 1))
    axes |= maps.frame("2", _("one dimension at a time"), board.shape, x=(0.22, 1.0))
    side = (board.shape[0] + 2) / n
    ticks = {"tickvals": [side * (k + 0.5) - 1 for k in range(n)], "ticktext": dimensions(n)}
    axes["yaxis2"] |= NAMED | ticks
    axes |= {"margin": {"l": 12, "r": 8, "t": 60, "b": 8}}
    alt = _("Traversals of {n} dimensions from the code of the picture.").format(n=n)
    return Plot([maps.shown(pair, ""), maps.shown(board, "2")], layout(**axes), alt)


def knows(model: Model) -> Plot:
    """What each dimension knows of each cause, as a share of all there is to know."""
    table = known(model)[:MOST]
    n, entropy = len(table), torch.tensor([row.entropy for row in found(model)[:-1]])
    share = (table / entropy).float()
    most = max(0.2, 1.3 * share.max().item())
    heat = maps.shown(share, "", (palette.PAPER[0], palette.BLUE), 0.0, most, opacity=0.8)
    rows, columns = torch.meshgrid(torch.arange(n), torch.arange(share.shape[1]), indexing="ij")
    texts = [f"{v:.2f}" if v >= 0.005 else "·" for v in share.flatten().tolist()]
    gap = found(model)[-1].gap
    said = _("who knows what · MIG {mig:.2f}").format(mig=gap)
    axes = maps.frame("", said, (n, len(names())))
    axes["yaxis"] |= NAMED | {"tickvals": list(range(n)), "ticktext": dimensions(n), "scaleanchor": None}
    causes = {"tickvals": list(range(len(names()))), "ticktext": list(names().values()), "tickangle": 0}
    axes["xaxis"] |= NAMED | causes
    axes |= {"margin": {"l": 34, "r": 8, "t": 60, "b": 8}}
    alt = _("What each of {n} dimensions knows of the causes: MIG {mig:.2f}.").format(n=n, mig=gap)
    return Plot([heat, words(columns.flatten(), rows.flatten(), texts, "xy")], layout(**axes), alt)


NAMED: dict[str, Any] = {"showticklabels": True, "tickfont": {"color": palette.INK, "size": 15}}


def dimensions(n: int) -> list[str]:
    return [models.dimension(k + 1) for k in range(n)]


def answers(model: Model, sweep: str, now: Mapping[str, Any]) -> Plot:
    """μ of every dimension while one cause goes from its one end to the other, and the others stay."""
    factor = shapes.FACTORS[sweep]
    at = torch.arange(3.0) if sweep == "shape" else torch.linspace(factor.low, factor.high, 41)
    rows = torch.tensor([[float(now[name]) for name in shapes.FACTORS]]).repeat(len(at), 1)
    rows[:, list(shapes.FACTORS).index(sweep)] = at
    mu = means(model)(shapes.drawn(rows))
    data = [line(at, mu[:, k], models.dimension(k + 1), palette.style(k)[0], dash=palette.style(k)[1])
            for k in range(mu.shape[1])]  # fmt: skip
    ends = stable_range([mu, torch.tensor([-2.0, 2.0])])
    data.append(line(torch.full((2,), float(now[sweep])), torch.tensor(ends), "", palette.ACCENT, width=1.5,
                     legend=False, hoverinfo="skip"))  # fmt: skip
    grid = {"xaxis": axis(names()[sweep], range=[float(at[0]), float(at[-1])], zeroline=False),
            "yaxis": axis("μ", range=ends), "margin": {"l": 56, "r": 12, "t": 12, "b": 44}}  # fmt: skip
    if sweep == "shape":
        grid["xaxis"] |= {"tickvals": [0, 1, 2], "ticktext": kinds()}
    most = (mu.amax(0) - mu.amin(0)).argmax().item()
    alt = _("While {cause} changes, z{k} moves most.").format(cause=names()[sweep], k=int(most) + 1)
    return Plot(data, layout(**grid), alt)


def kinds() -> list[str]:
    return [_("bar"), _("ellipse"), _("triangle")]


def numbers(model: Model) -> Table:
    """Factor by factor: who knows most, and by how much more than the next."""
    titles = {**names(), "mean": _("mean, MIG")}
    cells = [[titles[f.factor], f"z{f.best}" if f.best else "", f"{f.information:.3f}", f"{f.second:.3f}",
              f"{f.entropy:.3f}", f"{f.gap:.3f}"] for f in found(model)]  # fmt: skip
    head = [
        _("cause"),
        _("best"),
        _("knows, nats"),
        _("the next"),
        "H",
        _("gap / H"),
    ]
    return Table(head, cells, _("What the dimensions know of the causes"))


def script(model: Model) -> Any:
    """The encoder with its weights, fresh shapes, and the table."""
    factors = Call(shapes.causes, {"n": SAMPLES, "seed": SEED})
    given = {"encode": Call(vae.encoder, {"net": model.call()}), "factors": factors,
             "pictures": Call(shapes.drawn, {"factors": factors}), "names": list(shapes.FACTORS)}  # fmt: skip
    return disentangle.table, (), given
