"""Does it help? The same small network learns from few examples, once as they are and once augmented."""

from app.augment import stages, trial
from app.domains import Refused
from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.jobs import Watched
from app.lab import Lab, Preset
from core import few

PRESETS = {
    "helps": Preset(_("A hundred digits, a little askew"), {}),
    "flips": Preset(_("Mirrored digits: it harms"), {
        "stages": ["HorizontalFlip", "VerticalFlip"], "p_HorizontalFlip": 0.5, "p_VerticalFlip": 0.5, "steps": 100}),
    "many": Preset(_("A thousand digits: hardly needed"), {"examples": 1000, "steps": 100}),
    "clothes": Preset(_("Clothes with holes: no gain here"), {
        "data": "fashion", "stages": ["HorizontalFlip", "CoarseDropout"], "p_HorizontalFlip": 0.5,
        "p_CoarseDropout": 0.5, "steps": 100}),
}  # fmt: skip

lab = Lab("augmentations-help", PRESETS)
data = lab.choice("data", _("Pictures"), {"digits": _("Digits"), "fashion": _("Clothes")})
lab.slider("examples", _("Examples to learn from"), 50, 1000, 100, 50)
_chosen, own = stages.choose(lab, ["Affine"], blended=False)
with lab.fold(_("Training")):
    lab.slider("steps", _("Computed at once"), 0, 600, 150, 10,
               help=_("So many steps are computed when the page opens; Play goes on from there."))  # fmt: skip
    lab.slider("lr", _("Learning rate"), 3e-4, 3e-2, 6e-3, log=True)
    lab.slider("batch", _("Batch"), 8, 48, 16, 8)
    lab.seed()
now = lab.values


def stage(run: Watched) -> Plot:
    """Accuracy and loss of both over the steps."""
    return trial.curves(run)


def numbers(run: Watched) -> Table:
    """What both reached at the step that is shown."""
    titles = [_("step {n}").format(n=run.step), _("right, learnt"), _("right, held back"), _("loss, learnt"),
              _("loss, held back")]  # fmt: skip
    return Table(titles, trial.rows(run), _("How far both have come"))


def shown(pipeline: object) -> Picture:
    """What the second network is shown."""
    return trial.shown(data, now["examples"], now["seed"], made)


try:
    made = stages.built(now, own)
    run = lab.job(trial.MODEL, trial.work(now, made), {"lr"})
except Refused as why:
    made = None
    lab.say(str(why))
if made is not None:
    lab.watch(run, stage, height=420)
    lab.watch(run, numbers, height=0)
    lab.live(shown, height=230, pipeline=made)
lab.look(
    _(
        "Both learn their examples by heart. What counts are the solid lines, pictures that neither has seen. "
        "Press play: without augmentation the loss on them rises again, with it the gap stays small."
    )
)
lab.theory()
if made is not None:
    lab.code(few.report, **trial.script(now, made))
