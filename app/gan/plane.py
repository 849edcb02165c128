"""What the GAN pages share: the run of a GAN in the plane with its measures, and how it is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from app.code import Call
from app.figures import palette
from app.figures.axes import axis, doubling, rows
from app.figures.picture import Table
from app.figures.plot import Plot, Trace, arrows, dots, heat, layout, line, short
from app.i18n import gettext as _
from app.jobs import Job, Trainable, Watched
from app.lab import Lab
from core import clouds, gan2d, gan_losses, gan_measures, strokes

REAL, FAKE = palette.BLUE, palette.RED
SEEN = 1.3  # how far the pictures reach; D is asked a little further
PAPER = (-1.3, 1.3, 1.3, -1.3)  # left, top, right, bottom of what may be drawn on
ZIGZAG = strokes.pack([torch.tensor([[-1.0, -0.5], [-0.4, 0.8], [0.0, -0.2], [0.5, 0.7], [1.0, -0.6]])], PAPER)
# D's answer: where it sees fakes, where it cannot tell, where it sees data.
JUDGED = (
    palette.RED + "a0",
    palette.RED + "48",
    palette.PAPER[0] + "00",
    palette.BLUE + "48",
    palette.BLUE + "a0",
)
PLAN = ("g_layers", "g_width", "d_layers", "d_width", "bend", "spectral", "z_dim", "normal", "seed")

BENDS = {"leaky_relu": "Leaky ReLU", "relu": "ReLU", "tanh": "tanh", "silu": "SiLU"}
RULES = {"adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"}


@dataclass(frozen=True, eq=False)
class Seen:
    """What is drawn of one moment. Its measures are taken when somebody wants to see them: the run does not wait."""

    shot: gan2d.Snapshot
    cloud: clouds.Cloud

    @cached_property
    def scores(self) -> gan_measures.Scores:
        of = self.cloud
        return gan_measures.scores(self.shot.real, self.shot.fake, of.centres, of.sigma, of.modes, expected(of))

    @cached_property
    def near(self) -> tuple[float, float]:
        """Modes covered, and the share of good samples; they are cheap."""
        return gan_measures.coverage(self.shot.fake, self.cloud.centres, self.cloud.sigma, self.cloud.modes)

    @property
    def good(self) -> float:
        return self.near[1]

    @property
    def reached(self) -> float:
        """The share of modes that are covered."""
        return self.near[0] / len(self.cloud.centres)


def observe(state: gan2d.State) -> Seen:
    return Seen(gan2d.observe(state), state.plan.cloud)


MODEL = Trainable(gan2d.step, observe)


def expected(of: clouds.Cloud) -> Tensor:
    """Shares of the data on the grid of the measures."""
    return _expected(tuple(of.centres.flatten().tolist()), of.sigma)


@lru_cache(32)
def _expected(centres: tuple[float, ...], sigma: float) -> Tensor:
    of = clouds.Cloud(torch.tensor(centres).reshape(-1, 2), sigma, False)
    return gan_measures.expected_shares(clouds.density(of, gan_measures.cells()))


def cloud_call(now: Mapping[str, Any]) -> Call:
    if now["data"] != "drawn":
        return Call(clouds.cloud, {"name": now["data"]})
    drawn = Call(strokes.unpack, {"text": now["drawn"], "paper": list(PAPER)})
    return Call(clouds.cloud, {"name": "drawn", "points": Call(strokes.spread, {"strokes": drawn, "n": clouds.FINE})})


def in_hand(text: str) -> Trace:
    """The drawing while the pen moves; the run learns from it when the pen is lifted."""
    lines = [torch.cat([s, torch.full((1, 2), torch.nan)]) for s in strokes.unpack(text, PAPER)]
    x, y = torch.cat(lines or [torch.zeros(0, 2)]).unbind(1)
    return line(x, y, "", REAL, legend=False, hoverinfo="skip", width=4, opacity=0.5)


def paper(drawn: str) -> Plot:
    """Nothing but the drawing."""
    return Plot([in_hand(drawn)], layout(**squares([""])), _("Paper to draw on."))


def training(now: Mapping[str, Any]) -> Call:
    """The states from the start to step `steps`, as the page's values have it."""
    plan = {"cloud": cloud_call(now), **{n: now[n] for n in PLAN}}
    settings = {n: now[n] for n in gan2d.SETTINGS}
    return Call(gan2d.train, {"start": Call(gan2d.init, plan), "steps": now["steps"],
                              "loss": Call(gan_losses.chosen_loss, {"name": now["loss"]}), **settings})  # fmt: skip


def begun(lab: Lab, work: Call, steps: int) -> Job:
    """The run of the page. Where the states end early, their numbers were lost, and it says so."""
    run = lab.job(MODEL, work, {*gan2d.SETTINGS, "loss"})
    if not run.touched and run.moments[-1].step < steps:
        run.lose()
    return run


def best_judge(of: clouds.Cloud, fake: Tensor, width: float = 0.08) -> Tensor:
    """D* = p_data / (p_data + p_g) on the grid of D, p_g as a sum of small bells around the fakes."""
    at = gan2d.grid()
    p, q = clouds.density(of, at), clouds.density(clouds.Cloud(fake, width, False), at)
    best = (p + 1e-4) / (p + q + 2e-4)
    return best.float().reshape(gan2d.SIDE + 1, gan2d.SIDE + 1)


def judged(shot: gan2d.Snapshot, loss: str) -> Tensor:
    """D's answer in 0..1: a probability where it is one, else the logit on a scale of its own."""
    if gan_losses.LOSSES[loss].probability:
        return shot.logits.sigmoid()
    if loss in ("wgan", "gp"):
        middle = shot.logits.median()
        return 0.5 + 0.5 * ((shot.logits - middle) / (2 * (shot.logits - middle).abs().mean() + 1e-9)).tanh()
    return (shot.logits / 2 + 0.5 if loss == "hinge" else shot.logits).clamp(0, 1)


def threads(mesh: Tensor) -> tuple[Tensor, Tensor]:
    """Lines (lines, points, 2) as one line with gaps."""
    gap = torch.full((len(mesh), 1, 2), torch.nan)
    x, y = torch.cat([mesh, gap], 1).reshape(-1, 2).unbind(1)
    return x, y


def plane(shot: gan2d.Snapshot, judge: Tensor, layers: list[str], axes: str, legend: bool) -> list[Trace]:
    """Heat map of D, the warped grid of the noise, the points, and where D's slope pulls the fakes."""
    at = torch.linspace(-gan2d.REACH, gan2d.REACH, gan2d.SIDE + 1)
    data: list[Trace] = []
    if "judge" in layers:
        data.append(heat(judge, at, at, JUDGED, 0, 1, axes=axes))
    if "mesh" in layers:
        data.append(line(*threads(shot.mesh), "", palette.ORANGE, width=1, legend=False, hoverinfo="skip",
                         opacity=0.7, axes=axes))  # fmt: skip
    bare = {
        "hoverinfo": "skip",
        "axes": axes,
        "legend": legend,
        "marker": {"line": {"width": 0}, "opacity": 0.75},
    }
    if "real" in layers:
        data.append(dots(shot.real[:300, 0], shot.real[:300, 1], _("data"), REAL, 5, **bare))
    if "fake" in layers:
        data.append(dots(shot.fake[:300, 0], shot.fake[:300, 1], _("generated"), FAKE, 5, **bare))
    if "pull" in layers:
        longest = shot.pull.norm(dim=1).quantile(0.9).clamp(min=1e-6)
        step = 0.09 * shot.pull / longest
        (x, y), (dx, dy) = shot.at.T, step.T
        data.append(arrows(x, y, dx, dy, (0.09, 0.09), palette.INK, axes=axes))
    return data


def planes(run: Watched, loss: str, cloud: clouds.Cloud | None) -> list[tuple[gan2d.Snapshot, Tensor, str]]:
    """What lies side by side, with its judge and its name: the run, and the one that branched off, or the best D*."""
    shot = run.seen.shot
    found = [(shot, judged(shot, loss), _("this training"))]
    if run.rival is not None:
        return [*found, (run.rival.shot, judged(run.rival.shot, loss), _("old settings"))]
    return [*found, (shot, best_judge(cloud, shot.fake), _("best possible D*"))] if cloud else found


def laid(planes: list[tuple[gan2d.Snapshot, Tensor, str]], layers: list[str]) -> list[Trace]:
    """The traces of all planes; the legend of one counts for all."""
    return [trace for i, (shot, judge, _title) in enumerate(planes)
            for trace in plane(shot, judge, layers, f"x{i + 1}y{i + 1}" if i else "xy", legend=not i)]  # fmt: skip


def networks(lab: Lab) -> None:
    """The controls of both networks and of how they learn."""
    with lab.fold(_("Networks and optimizer")):
        lab.slider("g_layers", _("Hidden layers of G"), 0, 5, 2)
        lab.slider("g_width", _("Width of G"), 8, 128, 32, 8)
        lab.slider("d_layers", _("Hidden layers of D"), 0, 5, 2)
        lab.slider("d_width", _("Width of D"), 8, 128, 32, 8)
        lab.choice("bend", _("Activation"), {id: _(title) for id, title in BENDS.items()})
        lab.toggle("spectral", _("Spectral norm in D"))
        lab.slider("z_dim", _("Dimensions of the noise"), 1, 2, 2)
        lab.toggle("normal", _("Normal noise (else uniform)"), True)
        lab.choice("rule", _("Optimizer"), {id: _(title) for id, title in RULES.items()})
        lab.slider("beta1", _("Momentum β₁"), 0.0, 0.95, 0.5, 0.05)
        lab.slider("batch", _("Batch"), 16, 256, 128, 16)
        lab.seed()


def layer_titles() -> dict[str, str]:
    """What can be laid over each other."""
    return {"judge": _("D: real or not"), "best": _("best possible D*"), "mesh": _("grid of the noise"),
            "real": _("data"), "fake": _("generated"), "pull": _("pull on G")}  # fmt: skip


def key(layers: list[str]) -> str:
    """What the colours under the points mean; below a plane that stands alone."""
    return _("D: blue – data, orange – generated") if "judge" in layers else ""


def squares(titles: list[str]) -> dict[str, Any]:
    """Square planes side by side with a title each."""
    frame: dict[str, Any] = {}
    n, gap = len(titles), 0.03
    wide = (1 - gap * (n - 1)) / n
    for i, title in enumerate(titles):
        k, left = str(i + 1) if i else "", i * (wide + gap)
        bare = {
            "showgrid": False,
            "zeroline": False,
            "showticklabels": False,
            "ticks": "",
            "constrain": "domain",
        }
        span = [-SEEN, SEEN]
        frame[f"xaxis{k}"] = axis(title, range=span, domain=[left, min(1.0, left + wide)], anchor=f"y{k}", **bare)
        frame[f"yaxis{k}"] = axis("", range=span, anchor=f"x{k}", scaleanchor=f"x{k}", **bare)
    seen_from_afar = layout()["legend"] | {"itemsizing": "constant"}  # the points themselves are small
    return frame | {"margin": {"l": 8, "r": 8, "t": 12, "b": 34}, "legend": seen_from_afar}


def curves(watched: Watched, names: dict[str, str], low: float, high: float, log: bool) -> Plot:
    """Measures over the rounds; of the rival, where there is one, dashed."""
    at, data = watched.steps(), []
    lanes = 2 if watched.rival is not None else 1
    for i, (name, title) in enumerate(names.items()):
        for lane in range(lanes):
            values = watched.past(lambda seen, name=name: value(seen, name), lane)  # type: ignore[misc]
            color = palette.style(i + 2)[0]
            look = {"dash": "dot", "width": 2, "legend": False} if lane else {}
            data.append(line(at, values, title, color, **look))
    here = torch.tensor([float(watched.step)] * 2)
    ends = torch.tensor([10.0**low, 10.0**high] if log else [low, high])
    data.append(line(here, ends, "", palette.MUTED, width=1, legend=False, hoverinfo="skip"))
    grid = rows([""], doubling(at, 250), [(low, high)], _("step"))
    grid["yaxis"] |= {"type": "log", "dtick": 1} if log else {}
    now = {title: value(watched.seen, name) for name, title in names.items()}
    said = "; ".join(f"{title}: {short(v, 3) if v == v else '–'}" for title, v in now.items())
    return Plot(data, layout(**grid | {"margin": {"l": 48, "r": 12, "t": 12, "b": 44}}), said)


def value(seen: Any, name: str) -> float:
    """A loss, a gradient or a measure; those of pictures are taken at the first asking, so they are asked last."""
    found = next((part for part in (seen, getattr(seen, "shot", None)) if hasattr(part, name)), None)
    return float(getattr(found or seen.scores, name))


def scoreboard(watched: Watched) -> Table:
    """The measures of the moment that is shown."""
    titles = [_("step {n}").format(n=watched.step), _("modes covered"), _("good samples"), _("JS"), _("KL"),
              _("sliced Wasserstein"), _("FID"), _("1-NN")]  # fmt: skip
    lines = [(_("this training"), watched.seen)] + ([(_("old settings"), watched.rival)] if watched.rival else [])
    cells = [[name, *cells_of(seen.scores)] for name, seen in lines]
    return Table(titles, cells, _("Measures of the generated points"))


COLUMNS = ("covered", "good", "js", "kl", "sliced", "fid", "nn", "loss_d", "loss_g", "grad_d", "grad_g")


def columns(watched: Watched, names: Sequence[str] = COLUMNS) -> dict[str, list[float]]:
    """Every measure of every moment that is kept, as columns of a table; of the rival's, too."""
    table = {"step": watched.steps().tolist()}
    for lane, mark in enumerate(("", "_old")[: 2 if watched.rival is not None else 1]):
        for name in names:
            table[name + mark] = watched.past(lambda seen, name=name: value(seen, name), lane).tolist()  # type: ignore[misc]
    return table


def counted(covered: float) -> str:
    """Modes covered; a dash where there are none to count."""
    return f"{covered:.0f}" if covered == covered else "–"


def cells_of(s: gan_measures.Scores) -> list[str]:
    numbers = ((s.good, 3), (s.js, 4), (s.kl, 4), (s.sliced, 4), (s.fid, 4), (s.nn, 3))
    return [counted(s.covered), *(f"{v:.{n}f}" if abs(v) < 1e5 else short(v) for v, n in numbers)]
