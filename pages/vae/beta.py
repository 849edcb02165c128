"""AE or VAE, and β: the same pictures under four weights of the KL, side by side."""

from app.figures.picture import Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import compare, models

PRESETS = {
    "two": Preset(_("Two dimensions"), {}),
    "eight": Preset(_("Eight dimensions"), {"latent": "8"}),
    "cold": Preset(_("Colder draws: safer, all alike"), {"latent": "8", "temperature": 0.5}),
    "clothes": Preset(_("Clothes"), {"data": "fashion"}),
    "shapes": Preset(_("Shapes"), {"data": "shapes"}),
}

lab = Lab("vae-beta", PRESETS)
data = lab.choice("data", _("Pictures"), models.data_names())
sizes = ["8"] if data == "shapes" else ["2", "8"]
latent = int(lab.choice("latent", _("Latent dimensions"), {n: n for n in sizes}, sizes[0]))
lab.slider("first", _("First picture"), 0, 1990, 12)
lab.slider("temperature", _("Temperature of the draws"), 0.0, 2.0, 1.0, 0.05,
           help=_("z is drawn from N(0, T²); the dotted circle has the radius 2T."))  # fmt: skip
every = compare.compared(data, latent)
asked = lab.choice(
    "model", _("In the table and the code"), {id: compare.title(id) for id, _model in every}, "1"
)
lab.seed()
name, model = compare.chosen(every, asked)


def stage(first: int, temperature: float, seed: int) -> Plot:
    """A column for each β: where the pictures lie, what comes back, what the prior draws."""
    return compare.draw(every, first, temperature, seed)


def trade() -> Plot:
    """Reconstruction against KL."""
    return compare.trade(data, latent)


def numbers() -> Table:
    """The chosen model."""
    return compare.numbers(model, name)


lab.live(stage)
lab.live(trade, height=280)
lab.live(numbers, height=0)
lab.look(_("A plain autoencoder heaps its codes up wherever it likes, and a draw from N(0, 1) falls between the heaps: "
           "blots. With the KL the codes fill the circle, and the draws become digits. In eight dimensions more β "
           "makes better draws and worse copies: that is the curve below."))  # fmt: skip
lab.theory()
lab.code(lambda: compare.script(model))
