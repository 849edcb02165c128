"""A GAN of pictures: noise becomes digits or clothes, while it learns, and all the way from one to the next."""

from app import models
from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.gan import film
from app.gan import pictures as gans
from app.gan.plane import curves
from app.i18n import gettext as _
from app.jobs import Watched
from app.lab import Lab, Preset
from app.live.component import Handle
from core import gan_losses, gan_measures, gan_pictures

PRESETS = {
    "trained": Preset(_("Trained: a 3 becomes an 8"), {}),
    "clothes": Preset(_("Clothes: sneaker to boot"), {"data": "fashion", "left": "7", "right": "9"}),
    "scratch": Preset(_("From scratch"), {"start": "scratch"}),
    "plain": Preset(_("Not told the classes"), {"classes": False, "seed": 10}),
    "wrecked": Preset(_("Rates too high: it forgets"), {"lr_g": 0.05, "lr_d": 0.05}),
}

lab = Lab("gan-pictures", PRESETS)
data = lab.choice("data", _("Data"), {"digits": _("Digits"), "fashion": _("Clothes")})
start = lab.choice("start", _("Begin with"), {"trained": _("trained weights"), "scratch": _("from scratch")})
told = lab.toggle("classes", _("Tell both networks the class"), True)
names = {str(i): name for i, name in enumerate(models.class_names(data))}
losses_of = {id: _(e.title) for id, e in gan_losses.LOSSES.items() if not e.clips}
lab.choice("loss", _("Loss"), losses_of, "hinge")
lab.slider("lr_g", _("Learning rate of G"), 1e-5, 0.1, 5e-4, log=True)
lab.slider("lr_d", _("Learning rate of D"), 1e-5, 0.1, 5e-4, log=True)
if told:
    with lab.row("ends"):
        for end, label, default in (("left", _("On the left"), "3"), ("right", _("On the right"), "8")):
            lab.choice(end, label, names, default)
with lab.fold(_("Place in the noise")):
    lab.point("at", _("Place"), (0.5, 0.5), (0.0, 1.0), (0.0, 1.0))
with lab.fold(_("Tricks")):
    lab.slider("smooth", _("Label smoothing"), 0.0, 0.4, 0.0, 0.05, help=_("Real points count as 1 − this."))
    lab.slider(
        "noise",
        _("Instance noise"),
        0.0,
        0.5,
        0.0,
        0.05,
        help=_("All pictures are blurred by noise before D."),
    )
    lab.slider("r1", _("R1 penalty γ"), 0.0, 2.0, 0.0, 0.1)
    lab.slider("penalty", _("Gradient penalty λ"), 0.1, 10.0, 1.0, 0.1, help=_("For WGAN-GP."))
    lab.slider("ema", _("Average of G (EMA)"), 0.0, 0.99, 0.99, 0.01)
    lab.slider("batch", _("Batch"), 8, 64, 32, 8)
    lab.seed()


def stage(run: Watched) -> Picture:
    """Samples of the same noise at every step; a column for each class where G is told it."""
    return gans.boards(run)


def pad(run: Watched, at_x: float, at_y: float, left: str = "0", right: str = "0") -> Plot:
    """A square of noise, with a noise of its own at each corner, and the picture at the handle."""
    return gans.pad(run, at_x, at_y, int(left), int(right))


def distances(run: Watched) -> Plot:
    """How far the pictures are from real ones, in the eyes of our classifier."""
    return gans.quality(run)


def shares(run: Watched) -> Plot:
    """1-NN, where a half is best, and how often the classifier sees the class that was asked for."""
    return curves(run, {"nn": _("1-NN"), "asked": _("as asked")} if told else {"nn": _("1-NN")}, 0.0, 1.05, False)


def losses(run: Watched) -> Plot:
    """Both losses: they do not tell whether it got better."""
    return curves(run, {"loss_d": _("loss of D"), "loss_g": _("loss of G")}, -1.0, 4.0, False)


def numbers(run: Watched) -> Table:
    """Every measure at the step that is shown."""
    return gans.scoreboard(run)


run = lab.job(gans.MODEL, gans.training(lab.values), {*gan_pictures.SETTINGS, "loss"})
left, right = lab.stage.columns([0.6, 0.4], gap="small")
lab.watch(run, stage, height=460, place=left)
lab.watch(run, pad, place=right, handles=[Handle("at_x", "at_y", label=_("Place in the noise"), click=True)])
for place, draw in zip(lab.below.columns(3), (distances, shares, losses), strict=True):
    lab.watch(run, draw, height=240, place=place)
lab.watch(run, numbers, height=0)
lab.csv(lambda: gans.columns(run.watched()))
lab.download(_("Run as GIF"), lambda: film.board_film(run.watched()), "gif", "image/gif", film.ICON)
lab.look(_("Drag the point: the picture changes without a jump, and halfway it is still a picture, not two laid over "
           "each other. Then press play, or start from scratch and watch strokes come out of the fog. FID falls "
           "while the losses tell nothing."))  # fmt: skip
lab.theory()
lab.code(lambda: (gan_measures.picture_scores, (), gans.script(run.watched())))
