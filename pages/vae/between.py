"""From one picture to another through latent space; and an attribute as a vector that can be added."""

from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.vae import between, film, models
from core import latent

PRESETS = {
    "digits": Preset(_("A 3 becomes a 0"), {}),
    "clothes": Preset(_("A boot, a T-shirt"), {"data": "fashion", "one": 4, "other": 1}),
    "holes": Preset(_("Through a plain autoencoder"), {"beta": "0"}),
    "slant": Preset(_("Lean it over"), {"what": "attribute", "add": "slant", "amount": 1.0}),
    "thick": Preset(_("A thicker pen"), {"what": "attribute", "add": "thick", "amount": 1.0}),
    "size": Preset(_("Known cause: size"), {"what": "attribute", "data": "shapes", "add": "size"}),
}

lab = Lab("vae-between", PRESETS)
what = lab.choice("what", _("Change"), {"pair": _("Into another"), "attribute": _("Add an attribute")})
model = models.choose(lab, latent=8, shapes=True)
last = models.HELD_BACK - 1
lab.slider("one", _("Picture") if what == "attribute" else _("From picture"), 0, last, 0)
if what == "pair":
    lab.slider("other", _("To picture"), 0, last, 3)
    lab.slider("t", _("Place t on the way"), 0.0, 1.0, 0.5, 0.02)
else:
    known = between.attributes(model.data)
    added = lab.choice("add", _("Attribute v"), known)
    if added == "class":
        lab.slider("away", _("From class"), 0, 9, 4)
        lab.slider("toward", _("To class"), 0, 9, 9)
    lab.slider("amount", _("Amount"), -2.0, 2.0, 1.0, 0.1)
now = lab.values


def stage(one: int, other: int, t: float) -> Picture:
    """The two pictures, and three ways to stand between them."""
    return between.halfway(between.Pair(model, one, other), t)


def ways(one: int, other: int) -> Picture:
    """The three ways as rows."""
    return between.strips(between.Pair(model, one, other))


def strangeness(one: int, other: int, t: float) -> Plot:
    """How far from all training pictures, along the ways."""
    return between.strangeness(between.Pair(model, one, other), t)


def crossing(one: int, other: int, t: float) -> Table:
    """The place on the ways in numbers."""
    return between.crossed(between.Pair(model, one, other), t)


def attributed(one: int, amount: float, by: list[float]) -> Picture:
    """The picture with the attribute added."""
    return between.attributed(model, one, by, amount)


def scale(one: int, by: list[float]) -> Picture:
    """From its opposite to a lot of it."""
    return between.attribute_strip(model, one, by)


def measures(one: int, amount: float, by: list[float]) -> Table:
    """Slant, thickness and ink before and after."""
    return between.measured(model, one, by, amount)


if what == "pair":
    lab.live(stage, height=220)
    lab.live(ways, height=300, place=lab.stage)
    lab.live(strangeness, height=340)
    lab.live(crossing, height=0)
    lab.download(_("The three ways as GIF"), lambda: film.morphed(between.Pair(model, now["one"], now["other"])), "gif",
                 "image/gif", ":material/gif_box:")  # fmt: skip
elif added == "class" and now["away"] == now["toward"]:
    lab.say(_("Choose two different classes on the left."))
else:
    by = between.direction(model, added, now.get("away", 0), now.get("toward", 0))
    lab.live(attributed, height=330, by=by)
    lab.live(scale, height=120, by=by, place=lab.stage)
    lab.live(measures, height=0, by=by)
kept = _("It is told the class of the first picture all along the way: only the hand changes.")
lab.look(_("Move t. Through latent space there is a picture at every place; the blend is two pictures at once, and "
           "further from all that was ever seen. An attribute is a direction: the mean of those that have it minus "
           "the mean of those that lack it.") + (f" {kept}" if model.plan.classes else ""))  # fmt: skip
lab.theory()
if what == "pair":
    a, b = between.Pair(model, now["one"], now["other"]).ends()
    told = between.label_of(model, now["one"])
    lab.code(latent.crossing, decode=model.decoder_call(told), a=a, b=b, t=now["t"])
elif added != "class" or now["away"] != now["toward"]:
    z = between.code(model, now["one"])
    told = between.label_of(model, now["one"])
    lab.code(latent.looks, decode=model.decoder_call(told), codes=[z, between.moved(z, by, now["amount"])])
