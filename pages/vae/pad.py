"""The latent plane as a pad: drag a point over it, and the decoder paints what lies there."""

from typing import Any

from app.figures.picture import Picture, Table
from app.figures.plot import Plot
from app.i18n import gettext as _
from app.lab import Lab, Preset
from app.live.component import Handle
from app.vae import film, models, pad
from core import latent

PRESETS = {
    "walk": Preset(_("Drag the point"), {}),
    "clothes": Preset(_("Clothes"), {"data": "fashion", "layer": "pictures", "z_x": 0.6, "z_y": 0.4}),
    "classes": Preset(_("What is read where"), {"layer": "classes", "dots": False}),
    "fast": Preset(_("Fast and slow"), {"layer": "speed", "dots": False}),
    "holes": Preset(_("Holes of a plain autoencoder"), {"beta": "0", "layer": "holes"}),
    "path": Preset(_("A way, played"), {"walk": "path"}),
    "told": Preset(_("Ten classes"), {"beta": "told", "layer": "pictures", "class": 3, "dots": False}),
}
CORNERS = ((-2.0, 1.5), (-0.5, -1.5), (1.0, 1.0), (2.0, -1.0), (0.0, 2.0))

lab = Lab("vae", PRESETS)
model = models.choose(lab)
layer = lab.choice("layer", _("Under the dots"), pad.layers(model))
walk = lab.choice("walk", _("Walk"), {"free": _("Freely"), "path": _("Along a way")})
if walk == "free":
    lab.slider("z_x", _("Across"), -pad.REACH, pad.REACH, 1.2, 0.02)
    lab.slider("z_y", _("Up"), -pad.REACH, pad.REACH, 1.0, 0.02)
else:
    lab.slider("t", _("Place on the way"), 0, pad.STEPS, 20)
    lab.slider("corners", _("Corners"), 2, pad.CORNERS, 4)
most = model.plan.classes - 1
label = lab.slider("class", _("Class that it is told"), 0, most, min(3, most)) if most > 0 else None
dotted = lab.toggle("dots", _("Held-back pictures as dots"), True)
kind, i, j = "dims", 1, 2
if model.plan.latent > 2:
    kind = lab.choice("plane", _("Plane"), {"pca": _("Main directions"), "dims": _("Two dimensions")})
    if kind == "dims":
        i = lab.slider("i", _("Dimension across"), 1, model.plan.latent, 1)
        j = lab.slider("j", _("Dimension upwards"), 1, model.plan.latent, 2)
with lab.fold(_("Grid of decodes")):
    lab.choice("spacing", _("Places"), {"quantiles": _("Equally likely"), "even": _("Even")})
    lab.slider("temperature", _("Temperature"), 0.1, 2.0, 1.0, 0.1, help=_("For equally likely places: the prior is "
               "taken to be so many times as wide."))  # fmt: skip
corners = range(1, lab.values["corners"] + 1) if walk == "path" else range(0)
if corners:
    with lab.fold(_("Corners of the way")):
        for n in corners:
            lab.point(f"w{n}", _("Corner {n}").format(n=n), CORNERS[n - 1], pad.ENDS, pad.ENDS)
free = walk == "free"


def plane(here: pad.Pad, **now: Any) -> Plot:
    """The held-back pictures as dots; the handle moves over them while all of it rests."""
    return pad.scatter(pad.told(here, now), layer, dotted)


def trodden(here: pad.Pad, **now: Any) -> Plot:
    """The same with a way over it."""
    return pad.scatter(pad.told(here, now), layer, dotted, pad.way(now))


def decoded(here: pad.Pad, **now: Any) -> Picture:
    """What the decoder makes of the place."""
    return pad.decoded(here, now)


def neighbours(here: pad.Pad, **now: Any) -> Picture:
    """The training pictures nearest to it."""
    return pad.neighbours(here, now)


def strip(here: pad.Pad, **now: Any) -> Picture:
    """All pictures along the way."""
    return pad.strip(pad.told(here, now), now)


def grid(here: pad.Pad, **now: Any) -> Picture:
    """Decodes at a lattice of places."""
    return pad.lattice(pad.told(here, now), now["spacing"], now["temperature"])


def numbers(here: pad.Pad, **now: Any) -> Table:
    """The place in numbers."""
    return pad.in_numbers(here, now)


sound = kind == "pca" or i != j
if not sound:
    lab.say(_("Choose two different dimensions on the left."))
else:
    here = pad.laid(model, kind, i, j, label)
    steered = {"class", "z_x", "z_y", "t", "corners", *pad.CORNER_NAMES} & set(lab.values)
    left, right = lab.stage.container(key="lab-abreast").columns([0.66, 0.34], gap="small")
    if free:
        handles = [Handle("z_x", "z_y", _("The code z"), click=True)]
        lab.live(plane, place=left, handles=handles, follows={"class"}, here=here)
    else:
        handles = [Handle(f"w{n}_x", f"w{n}_y", _("Corner {n}").format(n=n)) for n in corners]
        lab.live(trodden, place=left, handles=handles, follows=steered, here=here)
    lab.live(decoded, place=right, height=320, follows=steered, plays="" if free else "t", here=here)
    lab.live(neighbours, place=right, height=110, follows=steered, here=here)
    if not free:
        lab.live(strip, height=110, follows=steered - {"t"}, here=here)
        lab.download(_("The way as GIF"), lambda: film.walked(here, lab.values), "gif", "image/gif",
                     ":material/gif_box:")  # fmt: skip
    lab.live(grid, height=420, follows={"spacing", "temperature", "class"}, here=here)
    lab.live(numbers, height=0, follows=steered, here=here)
lab.look(
    _(
        "Drag the point slowly: a digit turns into its neighbour, and nothing jumps. Between the classes the "
        "pictures become unsure. A plain autoencoder leaves holes, and what it makes of them is no digit at all."
    )
)
lab.theory()
if sound:
    lab.code(latent.spot, decode=model.decoder_call(label), z=pad.code_of(here, lab.values))
