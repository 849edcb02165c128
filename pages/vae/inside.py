"""One picture inside the model: the cloud of its codes, what the samples become, and the loss in its parts."""

from typing import Any

from app import images
from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import inside, models
from core import vae

PRESETS = {
    "sure": Preset(_("A digit, quite sure"), {}),
    "unsure": Preset(_("A code of two numbers"), {"latent": "2", "index": 18}),
    "collapse": Preset(_("β = 4: dimensions fall silent"), {"beta": "4"}),
    "plain": Preset(_("A plain autoencoder: no cloud"), {"beta": "0"}),
    "strange": Preset(_("A cat for a model of digits"), {"source": "photo", "picture": "cat"}),
    "causes": Preset(_("Known causes: which dimension has which?"), {"data": "shapes", "beta": "4"}),
}  # fmt: skip

lab = Lab("vae-inside", PRESETS)
model = models.choose(lab, latent=8, shapes=True, conditional=False)
source = lab.choice("source", _("Picture"), {"test": _("Held back"), "photo": _("Photograph")})
if source == "test":
    lab.slider("index", _("Which of {n}").format(n=models.HELD_BACK), 0, models.HELD_BACK - 1, 14)
    photo = None
else:
    photo = images.choose(lab)
    inverted = lab.toggle("inverted", _("Dark and light swapped"))
    brought = inside.small(photo, inverted)
for k in range(1, model.plan.latent + 1):
    lab.slider(f"o{k}", _("Push z{k} away from μ{k} by").format(k=k), -4.0, 4.0, 0.0, 0.1)
lab.number("seed", _("Redraw ε"), 0, 9999, 0, help=_("Each number is another draw of the noise."))


def picture(now: dict[str, Any]) -> Any:
    return brought if photo is not None else inside.test_picture(model.data, now["index"])


def stage(**now: Any) -> Picture:
    """The picture, its decode, how unsure each pixel is, and samples."""
    return inside.clouded(model, picture(now), now)


def dimensions(**now: Any) -> Plot:
    """μ ± σ and KL of each dimension, and which of them are active at all."""
    return inside.dimensions(model, picture(now), now)


def traversals(**now: Any) -> Picture:
    """Each dimension from −3 to 3."""
    return inside.traversals(model, picture(now), now)


def parts(**now: Any) -> Table:
    """The loss in its parts."""
    return inside.split(model, picture(now), int(now["seed"]))


lab.live(stage, height=380)
lab.live(dimensions, height=80 + 28 * model.plan.latent)
lab.live(traversals, height=60 * model.plan.latent)
lab.live(parts, height=0)
lab.look(_("A pixel where the samples disagree glows. Push one dimension, and see what it holds. A dimension whose μ is "
           "the same for every picture costs no KL and says nothing: it has collapsed."))  # fmt: skip
lab.theory()
now = lab.values
lab.code(vae.inside, seed=int(now["seed"]), **inside.calls(model, picture(now)))
