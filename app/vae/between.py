"""From one picture to another, and along an attribute: what the page on it draws."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from app.domains import Refused
from app.figures import palette
from app.figures.axes import columns, stable_range
from app.figures.picture import Picture, Table, panel
from app.figures.plot import Plot, layout, line
from app.i18n import gettext as _
from app.vae import models
from app.vae.models import Model
from app.vae.pad import reading
from core import latent, shapes

STRIP, FINE = 13, 41
WAYS = {"straight": palette.BLUE, "circle": palette.GREEN, "blend": palette.RED}


def way_names() -> dict[str, str]:
    return {"straight": _("straight"), "circle": _("great circle"), "blend": _("pixel blend")}


def label_of(model: Model, index: int) -> int | None:
    """The class that a conditional model is told: that of the (first) held-back picture, all along the way."""
    return int(models.held_back(model.data)[1][index]) if model.plan.classes else None


@dataclass(frozen=True)
class Pair:
    """Two held-back pictures and their codes."""

    model: Model
    one: int
    other: int

    def pictures(self) -> Tensor:
        return models.held_back(self.model.data)[0][[self.one, self.other]]

    def ends(self) -> tuple[list[float], list[float]]:
        """The codes, as they stand in a script."""
        a, b = self.model.codes()[0][[self.one, self.other]].tolist()
        return [round(v, 5) for v in a], [round(v, 5) for v in b]

    def codes(self, how: str, t: Tensor) -> Tensor:
        """The codes (n, L) at t on one of the two ways."""
        a, b = map(torch.tensor, self.ends())
        return (latent.straight if how == "straight" else latent.great_circle)(a, b, t)

    def at(self, how: str, t: Tensor) -> Tensor:
        """Pictures (n, 28, 28) at t on one of the three ways."""
        if how == "blend":
            a, b = self.pictures()
            return torch.lerp(a, b, t[:, None, None])
        return self.model.decode(self.codes(how, t), label_of(self.model, self.one))


def halfway(pair: Pair, t: float) -> Picture:
    """Both pictures, and between them what lies at t on each way."""
    (first, last), names = pair.pictures(), way_names()
    made = {how: pair.at(how, torch.tensor([t]))[0] for how in WAYS}
    panels = [panel(_("from"), first), *(panel(names[how], made[how]) for how in WAYS), panel(_("to"), last)]
    said = "; ".join(f"{names[how]}: {reading(pair.model.data, made[how])}" for how in WAYS)
    return Picture(panels, _("Between two pictures: {said}.").format(said=said))


def strips(pair: Pair) -> Picture:
    """Each way as a row of pictures."""
    t = torch.linspace(0, 1, STRIP)
    rows = [panel(name, latent.tiled(pair.at(how, t), STRIP)) for how, name in way_names().items()]
    return Picture(rows, _("Three ways from the first picture to the second, in steps"))


def strangeness(pair: Pair, t: float) -> Plot:
    """Along each way: how far from the nearest training picture, and how long the code is."""
    gaps, lengths = pair.model.cached(("ways", pair.one, pair.other), lambda: _along(pair))
    at, names = torch.linspace(0, 1, FINE), way_names()
    data = [line(at, gaps[how], names[how], color) for how, color in WAYS.items()]
    data += [line(at, lengths[how], "", WAYS[how], axes="x2y2", legend=False) for how in lengths]
    ranges = [
        stable_range([torch.zeros(1), *gaps.values()]),
        stable_range([torch.zeros(1), *lengths.values()]),
    ]
    here = torch.tensor([t, t])
    data += [line(here, torch.tensor(r), "", palette.MUTED, width=1.5, dash="dot", legend=False, axes=axes)
             for r, axes in zip(ranges, ("xy", "x2y2"), strict=True)]  # fmt: skip
    grid = columns([_("to the nearest<br>training picture"), "‖z‖"], (0, 1), ranges, below="t")
    grid["margin"] = {"l": 66, "r": 12, "t": 12, "b": 44}
    return Plot(data, layout(**grid), _("Along the ways: the distance to the nearest training picture; length of z"))


def _along(pair: Pair) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    t, data = torch.linspace(0, 1, FINE), pair.model.data
    pictures, lengths = models.trained_on(data)[0], models.lengths(data)
    gaps = {how: latent.nearest(pictures, lengths, pair.at(how, t), 1)[1][:, 0] for how in WAYS}
    return gaps, {how: pair.codes(how, t).norm(dim=1) for how in ("straight", "circle")}


def crossed(pair: Pair, t: float) -> Table:
    """The place in numbers."""
    a, b = pair.ends()
    found = latent.crossing(pair.model.decoder(label_of(pair.model, pair.one)), a, b, t)
    rows = [[_("straight"), f"{found.straight:.3f}", f"{found.straight_ink:.2f}"],
            [_("great circle"), f"{found.circle:.3f}", f"{found.circle_ink:.2f}"],
            [_("angle between the codes, degrees"), f"{found.angle:.1f}", ""]]  # fmt: skip
    return Table(["", "‖z‖", _("ink, pixels")], rows, _("Both ways through latent space at this place"))


# --- attributes ---

Masks = tuple[Tensor, Tensor]


def attributes(data: str) -> dict[str, str]:
    """What can be added, by the data."""
    measured = {"thick": _("Thick instead of thin"), "slant": _("Leaning to the right")}
    if data == "shapes":
        return {id: _(f.title) for id, f in shapes.FACTORS.items()}
    if data == "fashion":
        return {"class": _("Another class"), "ink": _("Bright instead of dark")}
    return {**measured, "class": _("Another class")}


def masks(data: str, attribute: str, one: int, other: int) -> Masks:
    """Which training pictures have the attribute, and which lack it: a quarter of all at either end, or two classes."""
    pictures, labels = models.trained_on(data)
    if attribute == "class":
        if one == other:
            raise Refused(_("Choose two different classes."))
        return labels == other, labels == one
    if data == "shapes":
        values = shapes.causes(10000)[: len(pictures), list(shapes.FACTORS).index(attribute)]
        if attribute == "shape":
            return values == 2, values == 0
    else:
        measure: dict[str, Callable[[Tensor], Tensor]] = {
            "thick": latent.thickness, "slant": latent.slant, "ink": lambda x: x.sum((1, 2))}  # fmt: skip
        values = measure[attribute](pictures)
    low, high = values.quantile(torch.tensor([0.25, 0.75]))
    return values >= high, values <= low


def direction(model: Model, attribute: str, one: int, other: int) -> list[float]:
    """The attribute vector, as it stands in a script."""

    def found() -> list[float]:
        codes = model.cached("trained", lambda: model.encode(*models.trained_on(model.data))[0])
        vector = latent.attribute(codes, *masks(model.data, attribute, one, other))
        return [round(v, 5) for v in vector.tolist()]

    return model.cached(("attribute", attribute, one, other), found)


def code(model: Model, index: int) -> list[float]:
    return [round(v, 5) for v in model.codes()[0][index].tolist()]


def moved(z: list[float], by: list[float], amount: float) -> list[float]:
    return [round(a + amount * b, 5) for a, b in zip(z, by, strict=True)]


def attributed(model: Model, index: int, by: list[float], amount: float) -> Picture:
    """The picture, its decode, and the decode with the attribute added."""
    z, original = code(model, index), models.held_back(model.data)[0][index]
    plain, changed = model.decode(torch.tensor([z, moved(z, by, amount)]), label_of(model, index))
    titles = [_("picture"), _("decoded"), f"z {'−' if amount < 0 else '+'} {abs(amount):.1f}·v"]
    panels = [panel(title, x) for title, x in zip(titles, (original, plain, changed), strict=True)]
    return Picture(panels, _("With the attribute: {said}").format(said=reading(model.data, changed)))


def attribute_strip(model: Model, index: int, by: list[float]) -> Picture:
    """From a lot of the opposite to a lot of the attribute."""
    amounts = torch.linspace(-2, 2, STRIP)[:, None]
    row = model.decode(torch.tensor([code(model, index)]) + amounts * torch.tensor([by]), label_of(model, index))
    return Picture([panel(_("from −2·v to +2·v"), latent.tiled(row, STRIP))], _("The attribute taken away and added"))


def measured(model: Model, index: int, by: list[float], amount: float) -> Table:
    """What the attribute changes, in numbers."""
    z = code(model, index)
    found = latent.looks(model.decoder(label_of(model, index)), [z, moved(z, by, amount)])
    rows = [[name, f"{seen.slant:.3f}".replace("-", "−"), f"{seen.thickness:.2f}", f"{seen.ink:.2f}"]
            for name, seen in zip((_("decoded"), _("with the attribute")), found, strict=True)]  # fmt: skip
    return Table(["", _("slant"), _("thickness, pixels"), _("ink, pixels")], rows, _("Before and after, measured"))
