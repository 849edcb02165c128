"""A training of one's own: which network on which pictures, what is seen of it while it learns, and how it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from app.code import Call
from app.figures import maps, palette
from app.figures.axes import axis, doubling, rows
from app.figures.picture import Table
from app.figures.plot import Plot, dots, layout, line, short
from app.i18n import gettext as _
from app.jobs import Job, Trainable, Watched
from app.lab import Lab
from app.vae import models
from core import drawing, vae

PLAN = ("latent", "kind", "hidden", "seed")
STEERED = ("beta", "warm", "noise", "decoder", "sigma", "lr", "batch")  # may change on the fly
SHOWN, SPREAD, JUDGED = 5, 400, 200  # pictures in a row, dots in the plane, pictures that are measured
CARRIED = 16  # pictures in the script
KEPT = 5  # states on the way to the first picture; each is measured anew for every visitor
OPENS = 1500  # steps that the run takes by itself, before the eyes of the visitor


@dataclass(frozen=True)
class Seen:
    """What is drawn of one moment. The network is the state's own: it costs nothing to keep."""

    net: dict[str, Tensor]
    plan: vae.Plan
    report: vae.Report


def begun(data: str, plain: bool, classes: int, steps: int, **now: Any) -> list[vae.State]:
    """The states from the start to step `steps`; the last beginnings are kept, as they are, for whoever comes next."""
    return list(_begun(data, plain, classes, steps, **now))


@lru_cache(2)  # of up to 40 MB each; the jobs that begin with them share the tensors
def _begun(data: str, plain: bool, classes: int, steps: int, **now: Any) -> tuple[vae.State, ...]:
    start = vae.begin(plain=plain, classes=classes, **{n: now[n] for n in PLAN})
    how = {n: now[n] for n in STEERED}
    pictures, labels = models.trained_on(data)
    return tuple(vae.train(start, steps, KEPT, pictures=pictures, labels=labels, **how))


def classes(now: Mapping[str, Any]) -> int:
    """How many the network is told of; 0 where it is told nothing."""
    return models.classes(now["data"]) if now["told"] else 0


def labels_for(plan: vae.Plan, data: str, n: int) -> Tensor | None:
    """The classes of the first held-back pictures, for a network that wants to be told."""
    return models.held_back(data)[1][:n] if plan.classes else None


def begun_call(now: Mapping[str, Any]) -> Call:
    kind = {
        "plain": now["model"] == "ae",
        "classes": classes(now),
        "data": now["data"],
        "steps": now["steps"],
    }
    return Call(begun, {**kind, **{n: now[n] for n in (*PLAN, *STEERED)}})


@lru_cache(3)
def trainable(data: str) -> Trainable:
    """What a job needs: the pictures lie here, not in the states."""
    (pictures, labels), held = models.trained_on(data), models.held_back(data)[0]

    def step(state: vae.State, settings: Mapping[str, Any]) -> vae.State:
        return vae.step(state, {**settings, "pictures": pictures, "labels": labels})

    def observe(state: vae.State) -> Seen:
        told = labels_for(state.plan, data, JUDGED)
        return Seen(state.net, state.plan, vae.report(state.net, held[:JUDGED], labels=told))

    return Trainable(step, observe)


# --- what is seen ---


def plane_of(seen: Seen, data: str) -> tuple[Tensor, tuple[int, int]]:
    """Where the held-back pictures lie on the two dimensions that say most, (n, 2), and which those are."""
    with torch.no_grad():
        mu, _logvar = vae.encode(seen.net, models.held_back(data)[0][:SPREAD], labels_for(seen.plan, data, SPREAD))
    if mu.shape[1] == 1:
        return torch.cat([mu, torch.zeros_like(mu)], 1), (0, 0)
    i, j = sorted(mu.var(0).topk(2).indices.tolist())
    return mu[:, [i, j]], (i, j)


def pictures_of(seen: Seen, data: str, noise: float) -> Tensor:
    """Four rows (4·SHOWN, 28, 28): what is given, what comes back, and twice what the decoder makes of N(0, 1)."""
    given = vae.noised(models.held_back(data)[0][:SHOWN], noise)
    z = torch.randn(2 * SHOWN, seen.plan.latent, generator=torch.Generator().manual_seed(1))
    turn = torch.arange(2 * SHOWN) % seen.plan.classes if seen.plan.classes else None  # class by class
    restored = vae.reconstruct(seen.net, given, labels_for(seen.plan, data, SHOWN))
    return torch.cat([given, restored, vae.picture(seen.net, z, turn)])


def stage(run: Watched, data: str, noise: float) -> Plot:
    """Left, the latent plane; right, pictures in, pictures out, pictures out of nothing."""
    seen = run.seen
    places, (i, j) = plane_of(seen, data)
    labels, traces = models.held_back(data)[1][:SPREAD], []
    reach = 4.0 if not seen.plan.plain else 2.0 ** torch.ceil(places.abs().max().clamp(min=1).log2()).item()
    for c, name in enumerate(models.class_names(data)):
        x, y = places[labels == c].clamp(-reach, reach).T
        traces.append(dots(x, y, name, palette.TEN[c], 6, marker={"line": {"width": 0}, "opacity": 0.8},
                           hoverinfo="skip"))  # fmt: skip
    if not seen.plan.plain:
        angle = torch.linspace(0, 2 * torch.pi, 61)
        traces += [line(r * angle.cos(), r * angle.sin(), "", palette.MUTED, width=1.2, dash="dot", legend=False,
                        hoverinfo="skip") for r in (1.0, 2.0)]  # fmt: skip
    board = maps.tiled(pictures_of(seen, data, noise), SHOWN, gap=2)
    traces.append(maps.shown(board, "2"))
    frame = plane_frame(reach, (i, j), seen.plan.latent) | board_frame(board, noise)
    alt = _("Step {n}: reconstruction {rec} nats a picture, KL {kl}.")
    kl = short(seen.report.total_kl) if seen.report.kl else "–"
    return Plot(traces, layout(**frame), alt.format(n=run.step, rec=short(seen.report.reconstruction), kl=kl))


def plane_frame(reach: float, which: tuple[int, int], latent: int) -> dict[str, Any]:
    bare: dict[str, Any] = {"showgrid": False, "zeroline": False, "nticks": 5, "constrain": "domain"}
    titles = [models.dimension(i + 1) for i in which]
    return {"xaxis": axis(titles[0], range=[-reach, reach], domain=[0, 0.48], anchor="y", **bare),
            "yaxis": axis(titles[1] if latent > 1 else "", range=[-reach, reach], anchor="x", scaleanchor="x", **bare),
            "margin": {"l": 44, "r": 8, "t": 12, "b": 42}}  # fmt: skip


def board_frame(board: Tensor, noise: float) -> dict[str, Any]:
    """The pictures on the right, the name of each row at its side."""
    frame = maps.frame("2", "", board.shape, x=(0.62, 1.0))
    side = (board.shape[0] + 2) / 4
    names = [_("given, noisy") if noise else _("given"), _("restored"), _("drawn from<br>the prior")]
    ticks = {
        "tickvals": [side * (k + 0.5) - 1 for k in (0, 1, 2.5)],
        "ticktext": names,
        "showticklabels": True,
    }
    frame["yaxis2"] |= ticks | {"tickfont": {"color": palette.INK, "size": 14}}
    narrow = {"xaxis": {"domain": [0, 1]}, "yaxis": {"domain": [0.47, 1]}, "xaxis2": {"domain": [0.25, 1]},
              "yaxis2": {"domain": [0, 0.33]}}  # fmt: skip
    return frame | {"meta": {"narrow": narrow}}


def losses(run: Watched) -> Plot:
    """The reconstruction of held-back pictures, over the steps."""
    return _curves(run, [(_("held back"), lambda s: s.report.reconstruction, palette.INK)], _("reconstruction, nats"))


def each_kl(run: Watched) -> Plot:
    """The KL of every dimension: one that falls to 0 has collapsed."""
    n = len(run.seen.report.kl)
    many = [(models.dimension(k + 1), lambda s, k=k: s.report.kl[k], palette.style(k)[0]) for k in range(n)]
    if not many:
        return _curves(run, [(_("held back"), lambda s: s.report.error, palette.INK)], _("squared error"))
    return _curves(run, many, _("KL, nats"))


def _curves(run: Watched, many: list[tuple[str, Any, str]], title: str) -> Plot:
    at, data = run.steps(), []
    lanes, every = 2 if run.rival is not None else 1, []
    for name, value, color in many:
        for lane in range(lanes):
            y = run.past(value, lane)
            every.append(y[y.isfinite()])
            look: dict[str, Any] = {"dash": "dot", "width": 2, "legend": False} if lane else {}
            data.append(line(at, y, name, color, **look))
    spread = torch.cat(every)
    low, high = min(0.0, spread.min().item()), spread.max().item()
    if len(many) == 1:  # what falls from far above: where it has come to
        low, high = spread.min().item() * 0.97, spread.quantile(0.85).item() * 1.05
    data.append(line(torch.tensor([float(run.step)] * 2), torch.tensor([low, high]), "", palette.ACCENT, width=1.5,
                     legend=False, hoverinfo="skip"))  # fmt: skip
    step = 2.0 ** torch.tensor(max(high - low, 1e-3)).log2().ceil().item() / 8
    ends = (step * (low // step), step * (high // step + 1))
    grid = rows([title], doubling(at, 250), [ends], _("step"))
    frame = grid | {"margin": {"l": 68, "r": 12, "t": 30, "b": 44}}
    said = "; ".join(f"{name} {short(float(value(run.seen)))}" for name, value, _c in many)
    return Plot(data, layout(**frame), f"{title}: {said}")


# --- in numbers, and for a script ---


def rounded(net: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network with weights of 16 bits, as a script carries it."""
    return {n: w.half().float() for n, w in net.items()}


def numbers(run: Watched, data: str, noise: float) -> Table:
    """The measures on a few held-back pictures."""
    lanes = [(_("this training"), run.seen)] + ([(_("old settings"), run.rival)] if run.rival else [])
    pictures = models.held_back(data)[0][:CARRIED]
    cells = []
    for name, seen in lanes:
        told = labels_for(seen.plan, data, CARRIED)
        found = vae.report(rounded(seen.net), pictures, vae.noised(pictures, noise), told)
        kl = f"{found.total_kl:.2f}" if found.kl else "–"
        cells.append([name, f"{found.reconstruction:.2f}", f"{found.error:.2f}", kl, str(found.active)])
    titles = [_("step {n}").format(n=run.step), _("reconstruction, nats"), _("squared error"), _("KL, nats"),
              _("active dimensions")]  # fmt: skip
    return Table(titles, cells, _("The network on {n} held-back pictures").format(n=CARRIED))


def script(run: Job, now: Mapping[str, Any]) -> Any:
    """The network as it stands, its measures, and three steps of such a training on the pictures it carries."""
    last = run.watched().seen
    pictures = Call(drawing.from_text, {"text": carried(now["data"]), "width": vae.EDGE, "channels": CARRIED})
    seen = Call(vae.noised, {"pictures": pictures, "sigma": now["noise"]})
    plan = {
        "latent": now["latent"],
        "plain": now["model"] == "ae",
        "classes": classes(now),
        "kind": now["kind"],
        "hidden": now["hidden"],
    }
    net = models.Model(now["data"], now["beta"], last.plan, last.net).call()
    start = Call(vae.begin, {**plan, "seed": now["seed"]})
    how = {n: now[n] for n in STEERED} | {"batch": CARRIED}
    told = labels_for(last.plan, now["data"], CARRIED)
    labels = {} if told is None else {"labels": told.tolist()}
    again = Call(vae.train, {"start": start, "steps": 3, "pictures": pictures, **how, **labels})
    return vae.report, (again,), {"net": net, "pictures": pictures, "seen": seen, **labels}


def carried(data: str) -> str:
    return drawing.as_text(models.held_back(data)[0][:CARRIED].flatten(0, 1))


# --- kept for the other pages ---


def offer(lab: Lab, run: Job, now: Mapping[str, Any]) -> None:
    """A button that hands the network that is shown to the other pages of this session."""

    def keep() -> None:
        seen = run.watched().seen
        net = {n: w.detach().clone() for n, w in rounded(seen.net).items()}
        beta = 0.0 if seen.plan.plain else now["beta"]
        st.session_state[models.OWN] = models.Model(now["data"], beta, seen.plan, net)

    with lab.below.container(horizontal=True):
        st.button(_("Use this model on the other pages"), icon=":material/input:", key=f"{lab.address}.keep",
                  on_click=keep, help=_("It is kept for this visit only."))  # fmt: skip
        if st.session_state.get(models.OWN) is not None:
            st.caption(_("A model of yours is kept: choose “Your own” on the other pages."))


def settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """The page's values, and those whose controls it does not show just now."""
    return {**vae.SETTINGS, **values}
