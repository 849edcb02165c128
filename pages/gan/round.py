"""Slow motion: one round of a GAN in six phases, each explained."""

from app.code import Call
from app.figures.picture import Table
from app.figures.plot import Plot
from app.gan import slow
from app.i18n import gettext as _
from app.lab import Lab, Preset
from core import clouds, gan2d, gan_losses

PRESETS = {
    "fair": Preset(_("Halfway: both still learn"), {}),
    "fresh": Preset(_("The first round of all"), {"steps": 0}),
    "sure": Preset(_("D is sure: minimax pulls no more"), {"loss": "minimax", "lr_g": 1e-4, "lr_d": 0.01, "phase": 5}),
    "pulls": Preset(_("The same, non-saturating"), {"lr_g": 1e-4, "lr_d": 0.01, "phase": 5}),
    "done": Preset(_("Nearly done: D cannot tell"), {"data": "ring", "steps": 600, "phase": 2}),
}

lab = Lab("gan-round", PRESETS)
lab.slider("phase", _("Phase"), 1, 6, 1)
lab.choice("data", _("Data"), {id: _(s.title) for id, s in clouds.SHAPES.items()}, "eight")
lab.choice("loss", _("Loss"), {id: _(e.title) for id, e in gan_losses.LOSSES.items()})
lab.slider("steps", _("Rounds before this one"), 0, 600, 100, 20)
lab.slider("longer", _("Longer steps in this round"), 1.0, 50.0, 20.0, 1.0,
           help=_("One round changes little: its steps are so many times as long."))  # fmt: skip
lab.slider("lr_g", _("Learning rate of G"), 1e-5, 0.5, 1e-3, log=True)
lab.slider("lr_d", _("Learning rate of D"), 1e-5, 0.5, 1e-3, log=True)
lab.slider("d_steps", _("Steps of D in a round"), 1, 10, 1)
lab.toggle("spectral", _("Spectral norm in D"))
lab.seed()
now = lab.values


def stage(phase: int, longer: float) -> Plot:
    """The plane as it is in this phase."""
    return slow.stage(slow_round(longer), now["loss"], phase)


def captions(phase: int) -> Table:
    """The phases in words."""
    return slow.captions(phase)


def numbers(longer: float) -> Table:
    """What the round has changed."""
    return slow.numbers(slow_round(longer), now["loss"])


before, how = slow.begun(now), slow.settings(now)
state = lab.compute(before.function, **before.arguments)
slow_round = slow.remembered(state, how)
left, right = lab.stage.columns([0.62, 0.38], gap="small")
lab.live(stage, plays="phase", place=left, height=470)
lab.live(captions, height=0, place=right)
lab.live(numbers, height=0, place=right)
lab.look(_("Step through the phases with +1. D learns from both batches, G from the slope of D alone. Then take the "
           "preset with a sure D: under minimax the arrows of phase 5 are all but gone."))  # fmt: skip
lab.theory()
done = Call(gan2d.slow_round, {"state": before, "longer": now["longer"], **how})
lab.code(gan2d.round_numbers, of=done, loss=how["loss"])
