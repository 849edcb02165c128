"""What the page of a GAN of pictures shows: its run, how good the pictures are, and walks between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from app import images, models
from app.code import Call, Verbatim, long_text
from app.figures import maps, palette
from app.figures.axes import axis
from app.figures.picture import Picture, Table, panel, underlay
from app.figures.plot import Plot, layout, line
from app.gan import plane as gans
from app.i18n import gettext as _
from app.jobs import Trainable, Watched
from core import cnn, gan_losses, gan_measures, gan_pictures

MODELS = Path(__file__).parents[2] / "assets" / "models"
COMPARED = 500  # held-back pictures against which the generated ones are measured
PAD = 7  # pictures along each side of the pad


@dataclass(frozen=True)
class Album:
    """The pictures that a GAN learns from: those that the classifiers were trained on. Holds a name alone."""

    name: str

    def sample(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """n pictures (n, 28, 28) in 0..1, and their classes."""
        pictures, classes = images.collection(self.name)
        k = torch.randint(len(pictures) - models.HELD_BACK, (n,), generator=random)
        return pictures[k, 0], classes[k]


@dataclass(frozen=True, eq=False)
class Seen:
    """What is drawn of one moment. Its measures are taken when somebody wants to see them."""

    plan: gan_pictures.Plan
    g: Tensor  # the weights that are shown: the average
    samples: Tensor  # (100, 28, 28)
    loss_d: float
    loss_g: float
    grad_d: float
    grad_g: float
    pads: dict[tuple[int, int], dict[str, Any]] = field(
        default_factory=dict, kw_only=True
    )  # the last one that was drawn

    @cached_property
    def scores(self) -> gan_measures.PictureScores:
        seed, classes, name = self.plan.seed, self.plan.classes, self.plan.album.name
        pictures = gan_pictures.samples(self.g, seed, classes)
        return gan_measures.picture_scores(pictures, real(name), cnn.sight, models.classifier(name), classes)


def observe(state: gan_pictures.State) -> Seen:
    plan, n = state.plan, gan_pictures.ROWS * gan_pictures.KINDS
    shown = gan_pictures.samples(state.average, plan.seed, plan.classes, n)
    return Seen(plan, state.average, shown, *(float(v) for v in state.told))


MODEL = Trainable(gan_pictures.step, observe)


@lru_cache
def real(name: str) -> Tensor:
    """What the classifier sees in pictures that no training has seen, rounded to 16 bits: a script carries it."""
    return cnn.sight(models.classifier(name), models.held_back(name)[0][:COMPARED])[0].half().float()


def trained(name: str, classes: bool, seed: int) -> gan_pictures.State:
    """The shipped weights (tools/train_gan.py)."""
    kept = load_file(MODELS / f"gan-{name}{'' if classes else '-plain'}.safetensors")
    return gan_pictures.begun(Album(name), classes, seed, kept["g"].float(), kept["d"].float())


def begin(start: str, name: str, classes: bool, seed: int, **settings: Any) -> list[gan_pictures.State]:
    """Where a run sets out: "trained", or "scratch"; the settings count from there on."""
    if start == "trained":
        return [trained(name, classes, seed)]
    return [gan_pictures.untrained(Album(name), classes, seed)]


def training(now: Mapping[str, Any]) -> Call:
    loss = Call(gan_losses.chosen_loss, {"name": now["loss"]})
    fixed = {"start": now["start"], "name": now["data"], "classes": now["classes"], "seed": now["seed"]}
    return Call(begin, {**fixed, **{n: now[n] for n in gan_pictures.SETTINGS}, "loss": loss})


@lru_cache
def among_real(name: str) -> tuple[float, float]:
    """FID and 1-NN of real pictures, as many as are generated: better than that none can be told to be."""
    more = models.held_back(name)[0][COMPARED : COMPARED + gan_pictures.JUDGED]
    told = gan_measures.picture_scores(more, real(name), cnn.sight, models.classifier(name), False)
    return told.fid, told.nn


# --- how it is drawn ---


def board(pictures: Tensor, in_row: int, gap: int = 1) -> Tensor:
    """Pictures in rows, as one, with thin grey lines between them."""
    return maps.tiled(pictures, in_row, gap).nan_to_num(0.45)


def boards(run: Watched) -> Picture:
    """The samples of the moment that is shown, and of the run that branched off."""
    lanes = [(run.seen, _("this training"))] + ([(run.rival, _("old settings"))] if run.rival else [])
    titles = ["" if len(lanes) == 1 else title for _seen, title in lanes]
    panels = [panel(title, board(seen.samples, gan_pictures.KINDS), quality=93)
              for (seen, _title), title in zip(lanes, titles, strict=True)]  # fmt: skip
    return Picture(panels, _("Step {n}: a hundred pictures from the same noise at every step.").format(n=run.step))


def tiles(plan: gan_pictures.Plan, g: Tensor, left: int, right: int) -> Tensor:
    """The pictures all over the pad, the first row on top."""
    at = torch.linspace(0, 1, PAD)
    y, x = torch.meshgrid(at.flip(0), at, indexing="ij")
    return gan_pictures.walk(g, x.flatten(), y.flatten(), plan.seed, *_ends(plan, left, right))


def _ends(plan: gan_pictures.Plan, left: int, right: int) -> tuple[int, int]:
    return (left, right) if plan.classes else (-1, -1)


def _pad(of: Seen, left: int, right: int) -> dict[str, Any]:
    """The picture under the pad; it does not change while the handle moves, and goes with its moment."""
    known = of.pads.get((left, right))
    if known is None:
        known = underlay(board(tiles(of.plan, of.g, left, right), PAD), quality=88)
        of.pads.clear()
        of.pads[left, right] = known
    return known


def pad(run: Watched, at_x: float, at_y: float, left: int, right: int) -> Plot:
    """A square of noise, a picture at each place, and below it the one at the handle."""
    seen = run.seen
    x, y = torch.tensor([at_x]), torch.tensor([at_y])
    one = gan_pictures.walk(seen.g, x, y, seen.plan.seed, *_ends(seen.plan, left, right))[0]
    edge = 0.5 / (PAD - 1)  # the places are the middles of the tiles
    laid = _pad(seen, left, right) | {"x": -edge, "y": 1 + edge, "sizex": 1 + 2 * edge, "sizey": 1 + 2 * edge}
    bare = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "constrain": "domain"}
    named = _("noise: drag the point")
    frame = {"xaxis": axis(named, range=[-edge, 1 + edge], domain=[0, 1], anchor="y", **bare),
             "yaxis": bare | {"range": [-edge, 1 + edge], "domain": [0.4, 1], "anchor": "x", "scaleanchor": "x"},
             **maps.frame("2", "", one.shape, (0.2, 0.8), (0, 0.33)),
             "images": [laid], "margin": {"l": 4, "r": 4, "t": 8, "b": 4}, "showlegend": False}  # fmt: skip
    data = [line(x, y, "", palette.ACCENT, legend=False, hoverinfo="skip"), maps.shown(one, "2")]
    words = _("A square of noise; the picture at {x:.2f}, {y:.2f}.").format(x=at_x, y=at_y)
    return Plot(data, layout(**frame), words)


def quality(run: Watched) -> Plot:
    """FID over the rounds, and that of real pictures."""
    drawn = gans.curves(run, {"fid": _("FID")}, -2.5, 1.0, True)
    fid = among_real(run.seen.plan.album.name)[0]
    far = drawn.layout["xaxis"]["range"][1]
    level = line(torch.tensor([0.0, far]), torch.tensor([fid, fid]), _("real pictures"), palette.MUTED, dash="dot",
                 width=2)  # fmt: skip
    alt = _("{measures}; of real pictures: {fid:.3f}").format(measures=drawn.alt, fid=fid)
    return Plot([*drawn.data, level], drawn.layout, alt)


def scoreboard(run: Watched) -> Table:
    titles = [_("step {n}").format(n=run.step), _("FID"), _("1-NN"), _("as asked"), _("classes")]
    lanes = [(_("this training"), run.seen)] + ([(_("old settings"), run.rival)] if run.rival else [])
    cells = []
    for title, seen in lanes:
        s = seen.scores
        asked = f"{s.asked:.3f}" if s.asked == s.asked else "–"
        cells.append([title, f"{s.fid:.4f}", f"{s.nn:.3f}", asked, f"{s.classes:.2f}"])
    return Table(titles, cells, _("Measures of the generated pictures"))


def columns(run: Watched) -> dict[str, list[float]]:
    """The measures of all moments."""
    return gans.columns(run, ("fid", "nn", "asked", "classes", "loss_d", "loss_g", "grad_d", "grad_g"))


# --- the script ---


def script(run: Watched) -> dict[str, Any]:
    """The arguments of gan_measures.picture_scores: weights and what the classifier saw of real pictures."""
    plan = run.seen.plan
    weights = Call(gan_pictures.out_of_text, {"text": long_text(gan_pictures.in_text(run.seen.g))})
    pictures = {"g": weights, "seed": plan.seed, "classes": plan.classes}
    known = {
        "text": long_text(gan_pictures.in_text(real(plan.album.name))),
        "width": real(plan.album.name).shape[1],
    }
    return {"pictures": Call(gan_pictures.samples, pictures), "real": Call(gan_pictures.out_of_text, known),
            "sight": Verbatim("sight"), "net": Call(cnn.unpacked, {"text": models.as_text(plan.album.name)}),
            "classes": plan.classes}  # fmt: skip
