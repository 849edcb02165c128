"""A GAN in the plane: one network turns noise into points, the other tells them from the data, and both learn."""

from app.code import Verbatim
from app.figures.picture import Table
from app.figures.plot import Plot, layout
from app.gan import film
from app.gan import plane as gans
from app.i18n import gettext as _
from app.jobs import Watched
from app.lab import Lab, Preset
from app.live.component import Pen
from core import clouds, gan_losses, gan_measures

DEEP = {"bend": "relu", "g_layers": 3, "d_layers": 3}
GREEDY = {**DEEP, "lr_g": 0.01, "lr_d": 0.01, "d_steps": 3, "steps": 300, "seed": 2}
RUSH = {**DEEP, "lr_g": 4e-3, "beta1": 0.8, "ema": 0.0, "steps": 600}
PRESETS = {
    "works": Preset(_("Works"), {}),
    "collapse": Preset(_("Mode collapse"), GREEDY),
    "mends": Preset(_("WGAN-GP mends it"), {**GREEDY, "loss": "gp"}),
    "swings": Preset(_("Oscillation"), RUSH),
    "smooth": Preset(_("Label smoothing calms it"), {**RUSH, "smooth": 0.3}),
    "fades": Preset(_("Discriminator too strong: gradient fades"), {
        "data": "two", "bend": "tanh", "z_dim": 1, "normal": False, "rule": "sgd", "d_steps": 5, "loss": "minimax",
        "lr_d": 0.2, "lr_g": 1e-3, "steps": 150}),
}  # fmt: skip

lab = Lab("gan", PRESETS)
shapes = {id: _(s.title) for id, s in clouds.SHAPES.items()} | {"drawn": _("Drawn by hand")}
data = lab.choice("data", _("Data"), shapes, "eight")
pen, ink = (Pen("drawn", paper=gans.PAPER), lab.pen("drawn", gans.ZIGZAG)) if data == "drawn" else (None, "")
loss = lab.choice("loss", _("Loss"), {id: _(e.title) for id, e in gan_losses.LOSSES.items()})
lab.slider("lr_g", _("Learning rate of G"), 1e-5, 0.5, 2e-3, log=True)
lab.slider("lr_d", _("Learning rate of D"), 1e-5, 0.5, 2e-3, log=True)
with lab.row("turns"):
    lab.slider("d_steps", _("Steps of D"), 0, 10, 1, help=_("In one round; 0: it does not learn."))
    lab.slider("g_steps", _("Steps of G"), 0, 10, 1, help=_("In one round; 0: it does not learn."))
lab.slider("steps", _("Computed at once"), 0, 2000, 1000, 50,
           help=_("So many rounds are computed when the page opens; Play goes on from there."))  # fmt: skip
layers = lab.choices("layers", _("Show"), gans.layer_titles(), ["judge", "mesh", "real", "fake"])
with lab.fold(_("Tricks")):
    lab.slider("smooth", _("Label smoothing"), 0.0, 0.4, 0.0, 0.05, help=_("Real points count as 1 − this."))
    lab.slider("flip", _("Label noise"), 0.0, 0.4, 0.0, 0.05, help=_("A share of labels is swapped."))
    lab.slider("noise", _("Instance noise"), 0.0, 0.5, 0.0, 0.05, help=_("All points are blurred before D."))
    lab.slider("r1", _("R1 penalty γ"), 0.0, 2.0, 0.0, 0.1)
    lab.slider("penalty", _("Gradient penalty λ"), 0.1, 10.0, 1.0, 0.1, help=_("For WGAN-GP."))
    lab.slider("clip", _("Clip at"), 0.05, 1.0, 0.1, 0.05, help=_("For Wasserstein, clipped."))
    lab.slider("ema", _("Average of G (EMA)"), 0.0, 0.99, 0.9, 0.01)
gans.networks(lab)
now = lab.values


def stage(run: Watched, drawn: str = "") -> Plot:
    """Data and generated points over D's answer; beside it the best possible D, or the run that branched off."""
    planes = gans.planes(run, loss, cloud if "best" in layers else None)
    traces = gans.laid(planes, layers) + ([gans.in_hand(drawn)] if drawn != ink else [])
    alt = _("Step {n}: {covered} modes covered, {good} of the samples good.")
    alt = alt.format(n=run.step, covered=gans.counted(run.seen.near[0]), good=f"{run.seen.near[1]:.3f}")
    below = [title for _shot, _judge, title in planes] if len(planes) > 1 else [gans.key(layers)]
    return Plot(traces, layout(**gans.squares(below)), alt)


def distances(run: Watched) -> Plot:
    """How far the generated points are from the data, over the rounds."""
    names = {"js": _("JS"), "kl": _("KL"), "sliced": _("sliced W₁"), "fid": _("FID")}
    return gans.curves(run, names, -3.0, 1.0, True)


def shares(run: Watched) -> Plot:
    """What there is of the data, what of it is good, and whether a nearest neighbour tells them apart (½ is best)."""
    modes = {"reached": _("modes")} if cloud.modes else {}
    return gans.curves(run, modes | {"good": _("good"), "nn": _("1-NN")}, 0.0, 1.05, False)


def losses(run: Watched) -> Plot:
    """Both losses: they do not tell whether it got better."""
    return gans.curves(run, {"loss_d": _("loss of D"), "loss_g": _("loss of G")}, -1.0, 4.0, False)


def gradients(run: Watched) -> Plot:
    """How strong the gradients are that each of the two learns from."""
    return gans.curves(run, {"grad_d": _("gradient of D"), "grad_g": _("gradient of G")}, -4.0, 2.5, True)


def numbers(run: Watched) -> Table:
    """Every measure at the step that is shown."""
    return gans.scoreboard(run)


if ink or not pen:
    work, cloud = gans.training(now), gans.cloud_call(now)()
    run = gans.begun(lab, work, now["steps"])
    lab.watch(run, stage, height=560, pen=pen)
    for two in ((shares, distances), (losses, gradients)):
        for place, draw in zip(lab.below.columns(2), two, strict=True):
            lab.watch(run, draw, height=240, place=place)
    lab.watch(run, numbers, height=0)
    lab.csv(lambda: gans.columns(run.watched()))
    lab.download(_("Run as GIF"), lambda: film.plane_film(run.watched(), loss, layers), "gif", "image/gif", film.ICON)
else:
    lab.say(_("Draw the data below with the mouse or a finger: a line, some dots, a word."))
    lab.live(gans.paper, pen=pen, place=lab.stage)
lab.look(_("Press play. The orange points flow to the blue ones wherever D says that it is real there. "
           "Stop, move back through the run, branch, change one setting, and play both on."))  # fmt: skip
if not pen:
    known = {n: now[n] for n in ("data", "loss", "lr_g", "lr_d", "spectral", "seed")}
    lab.link("gan-round", _("One round in slow motion"), known, ":material/slow_motion_video:")
lab.theory()
if ink or not pen:
    lab.code(gan_measures.judged_run, states=work, observe=Verbatim("observe"), density=Verbatim("density"))
