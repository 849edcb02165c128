"""One picture inside the model: the cloud of its codes, what the samples become, and the loss in its parts."""

from typing import Any

from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import inside, models
from core import vae

PRESETS = {
    "sure": Preset(_("Quite sure"), {}),
    "draw": Preset(_("Draw one"), {"source": "pen", "drawing": ".G43SQ3LZuUiSSTJG7b"}),
    "unsure": Preset(_("Two numbers"), {"latent": "2", "index": 18}),
    "collapse": Preset(_("β = 4: silent ones"), {"beta": "4"}),
    "strange": Preset(_("A cat among digits"), {"source": "photo", "picture": "cat"}),
    "told": Preset(_("Told the class"), {"latent": "2", "beta": "told"}),
    "causes": Preset(_("Known causes"), {"data": "shapes", "beta": "4"}),
}

lab = Lab("vae-inside", PRESETS)
model = models.choose(lab, latent=8, shapes=True)
asked = inside.choose(lab, model)
for k in range(1, model.plan.latent + 1):
    lab.slider(f"o{k}", _("Push z{k} away from μ{k} by").format(k=k), -4.0, 4.0, 0.0, 0.1)
lab.number("seed", _("Redraw ε"), 0, 9999, 0, help=_("Each number is another draw of the noise."))


def stage(**now: Any) -> Picture:
    """The picture, its decode, how unsure each pixel is, and samples."""
    return inside.clouded(asked, now)


def dimensions(**now: Any) -> Plot:
    """μ ± σ and KL of each dimension, and which of them are active at all."""
    return inside.dimensions(asked, now)


def traversals(**now: Any) -> Picture:
    """Each dimension from −3 to 3."""
    return inside.traversals(asked, now)


def parts(**now: Any) -> Table:
    """The loss in its parts."""
    return inside.split(asked, now)


lab.live(stage, height=380, pen=asked.pen)
lab.live(dimensions, height=96 + 28 * model.plan.latent, place=lab.stage)
lab.live(traversals, height=60 * model.plan.latent)
lab.live(parts, height=0)
lab.look(_("A pixel where the samples disagree glows. Push one dimension, and see what it holds. A dimension whose μ "
           "is the same for every picture costs no KL and says nothing: it has collapsed."))  # fmt: skip
lab.theory()
lab.code(vae.inside, **asked.calls(lab.values))
