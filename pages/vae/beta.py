"""AE or VAE, and β: the same pictures under four weights of the KL, side by side."""

from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import compare, models

PRESETS = {
    "eight": Preset(_("Eight dimensions"), {}),
    "two": Preset(_("Two dimensions"), {"latent": "2"}),
    "told": Preset(_("One is told the class"), {"latent": "2", "told": True}),
    "cold": Preset(_("Colder draws: safer, all alike"), {"temperature": 0.5}),
    "clothes": Preset(_("Clothes"), {"data": "fashion"}),
    "shapes": Preset(_("Shapes"), {"data": "shapes"}),
}

lab = Lab("vae-beta", PRESETS)
data = lab.choice("data", _("Pictures"), models.data_names())
sizes = ["8"] if data == "shapes" else ["2", "8"]
latent = int(lab.choice("latent", _("Latent dimensions"), {n: n for n in sizes}, "8"))
told = latent == 2 and lab.toggle("told", _("One that is told the class"))
lab.slider("first", _("First picture"), 0, 1990, 12)
lab.slider("temperature", _("Temperature of the draws"), 0.0, 2.0, 1.0, 0.05,
           help=_("z is drawn from N(0, T²); the dotted circle has the radius 2T."))  # fmt: skip
every = compare.compared(data, latent, told)
asked = lab.choice("model", _("In the table and the code"), {id: compare.short(id) for id, _model in every}, "1")
lab.seed()
name, model = compare.chosen(every, asked)


def stage(temperature: float) -> Plot:
    """A column for each β: where the pictures lie."""
    return compare.planes(every, temperature)


def boards(first: int, temperature: float, seed: int) -> Plot:
    """What comes back, and what the prior draws."""
    return compare.boards(every, first, temperature, seed)


def trade() -> Plot:
    """Reconstruction against KL."""
    return compare.trade(data, latent)


def numbers() -> Table:
    """The chosen model."""
    return compare.numbers(model, name)


lab.live(stage, height=240)
lab.live(boards, height=300, place=lab.stage)
lab.live(trade, height=280)
lab.live(numbers, height=0)
copies = _("More β makes better draws and worse copies: the curve shows both.")
if latent == 2:
    copies = _("Two numbers hold little, and up to β = 1 the copies hardly suffer; beyond, they do: see the curve. "
               "One that is told the class keeps both numbers for the hand.")  # fmt: skip
lab.look(_("A plain autoencoder heaps its codes up wherever it likes, and a draw from N(0, 1) falls between the heaps: "
           "blots. With the KL the codes fill the circle, and the draws become digits.") + " " + copies)  # fmt: skip
lab.theory()
lab.code(lambda: compare.script(model))
