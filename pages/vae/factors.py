"""Known causes: of generated shapes one knows what made them; which dimension of the latent space has found what?"""

from typing import Any

from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import factors

PRESETS = {
    "beta4": Preset(_("β = 4: fewer dimensions, the largest MIG"), {}),
    "beta1": Preset(_("β = 1"), {"beta": "1"}),
    "plain": Preset(_("Plain autoencoder"), {"beta": "0"}),
    "turned": Preset(_("Turn a triangle"), {"shape": 2, "angle": 30.0, "sweep": "angle"}),
}

lab = Lab("vae-factors", PRESETS)
model = factors.choose(lab)
lab.slider("shape", _("Shape: bar, ellipse, triangle"), 0, 2, 0)
lab.slider("size", _("Size, pixels"), 5.0, 9.0, 7.5, 0.1)
lab.slider("x", _("Across, pixels"), 10.0, 17.0, 13.5, 0.1)
lab.slider("y", _("Down, pixels"), 10.0, 17.0, 13.5, 0.1)
lab.slider("angle", _("Angle, degrees"), -45.0, 45.0, 20.0, 1.0)
sweep = lab.choice("sweep", _("Sweep below"), factors.names(), "x")


def stage(**now: Any) -> Plot:
    """A shape in and out, and a row of pictures for each dimension."""
    return factors.draw(model, now)


def knows() -> Plot:
    """Which dimension knows what."""
    return factors.knows(model)


def answers(**now: Any) -> Plot:
    """One cause is swept; which dimensions move?"""
    return factors.answers(model, sweep, now)


def numbers() -> Table:
    """The mutual information behind the map, and the MIG."""
    return factors.numbers(model)


left, right = lab.stage.columns([0.56, 0.44], gap="small")
lab.live(stage, place=left, height=440)
lab.live(knows, place=right, height=440)
lab.live(answers, height=260)
lab.live(numbers, height=0)
lab.look(_("Read a row: does it move the shape, turn or stretch it? Then read a column of the map: the MIG asks that "
           "one dimension knows the cause and no other does. With β = 4 five dimensions are left, each the best "
           "at one cause, none alone with it; a row in which nothing moves has fallen silent."))  # fmt: skip
lab.theory()
lab.code(lambda: factors.script(model))
