"""The latent plane as a pad: the held-back pictures as dots, a layer under them, ways over them, decodes of points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Any

import torch
from torch import Tensor

from app import models as judges
from app.domains import Refused
from app.figures import palette
from app.figures.axes import axis
from app.figures.picture import Picture, Table, inked, panel, underlay
from app.figures.plot import Plot, Trace, dots, heat, layout, line
from app.i18n import gettext as _
from app.vae import models
from app.vae.models import Model
from core import cnn, latent

REACH, TILES, FINE, MAPPED, BLUR = 4.0, 15, 33, 48, 0.12
ENDS = (-REACH, REACH)
CORNERS = 5
CORNER_NAMES = tuple(f"w{i}_{axis}" for i in range(1, CORNERS + 1) for axis in "xy")
STEPS = 60  # places on a way
Now = Mapping[str, Any]
Layer = tuple[tuple[Trace, ...], tuple[dict[str, Any], ...]]


@dataclass(frozen=True)
class Pad:
    """A plane through the latent space of a model, and the class that a conditional one is told."""

    model: Model
    plane: latent.Plane
    titles: tuple[str, str]
    label: int | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        return (*self.titles, self.label)

    def decode(self, xy: Tensor) -> Tensor:
        """Places (N, 2) -> pictures (N, 28, 28)."""
        return self.model.decode(self.plane.at(xy), self.label)


def laid(model: Model, kind: str, i: int, j: int, label: int | None = None) -> Pad:
    """Two of the dimensions (from 1), or the two main directions; a plain autoencoder is measured in its own widths."""
    mu, _logvar = model.codes()
    if kind == "pca":
        plane = model.cached("pca", lambda: latent.principal_plane(mu))
        titles = _("main direction 1"), _("main direction 2")
    else:
        if i == j:
            raise Refused(_("Choose two different dimensions."))
        plane = latent.coordinate_plane(mu, i - 1, j - 1)
        titles = _("dimension {k}").format(k=i), _("dimension {k}").format(k=j)
    if model.plan.plain:
        width = _(", in widths of all codes")
        titles = titles[0] + width, titles[1]
        plane = replace(plane, origin=mu.mean(0), scale=mu.std().item())
    return Pad(model, plane, titles, label)


def standing(pad: Pad, now: Now) -> tuple[Pad, tuple[float, float]]:
    """The place where one stands, and the plane as a conditional model decodes it for the class of the moment."""
    pad = told(pad, now)
    if "t" not in now:
        return pad, (now["z_x"], now["z_y"])
    x, y = latent.through(corners(now), STEPS + 1)[now["t"]].tolist()
    return pad, (x, y)


def told(pad: Pad, now: Now) -> Pad:
    """The plane as a conditional model decodes it for the class of the moment."""
    return pad if pad.label is None else replace(pad, label=now["class"])


# --- the plane ---


def scatter(pad: Pad, layer: str, dotted: bool, more: Sequence[Trace] = ()) -> Plot:
    """Dots, contours of the prior, a layer under them; `more` lies on top."""
    below, images = under(pad, layer)
    data = [*below]  # a list of its own: the layer is shared by all sessions
    if not pad.model.plan.plain:
        data += [_circle(r) for r in (1.0, 2.0, 3.0)]
    places, labels = pad.plane.project(pad.model.codes()[0]), models.held_back(pad.model.data)[1]
    names = models.class_names(pad.model.data)
    notes: list[dict[str, Any]] = []
    room = torch.tensor([1.5, 0.45] if max(map(len, names)) > 1 else [0.45, 0.5])  # that a name takes
    medians = torch.stack([places[labels == c].median(0).values for c in range(len(names))])
    middles = apart(medians.clamp(-REACH, REACH), room).clamp(-REACH, REACH).tolist()
    for c, name in enumerate(names):
        color, here = palette.TEN[c], places[labels == c]
        if dotted:
            data.append(dots(here[:, 0], here[:, 1], name, color, 5, legend=False,
                             marker={"line": {"width": 0}, "opacity": 0.75},
                             hovertemplate=name + "<extra></extra>"))  # fmt: skip
            x, y = middles[c]
            font = {"color": palette.letters(color), "size": 18 if len(name) == 1 else 14}
            notes.append({"x": x, "y": y, "text": f"<b>{name}</b>", "showarrow": False, "font": font, "borderpad": 1,
                          "bgcolor": palette.PAPER[0] + "b8"})  # fmt: skip
    said = wrap(explained(layer) or restored(pad.model), 46)
    briefly = wrap(" ".join(said), 34)  # on a phone, beside the decode
    smaller = [{**note, "font": {**note["font"], "size": 12}} for note in notes]
    above = {"x": 0, "y": 1, "xref": "paper", "yref": "paper", "yanchor": "bottom", "xanchor": "left", "align": "left",
             "showarrow": False}  # fmt: skip
    if said:
        notes.append({**above, "text": "<br>".join(said), "font": {"size": 14, "color": palette.MUTED}})
        smaller.append({**above, "text": "<br>".join(briefly), "font": {"size": 12, "color": palette.MUTED}})
    ends = {"range": [-REACH, REACH], "zeroline": False, "showgrid": False}
    grid = {"xaxis": axis(pad.titles[0], **ends), "yaxis": axis(pad.titles[1], **ends, scaleanchor="x")}
    grid["xaxis"] |= {"constrain": "domain"}
    grid["yaxis"] |= {"constrain": "domain"}
    frame = {
        "margin": {"l": 44, "r": 8, "t": 8 + 19 * max(1, len(said)), "b": 42},
        "showlegend": False,
        "images": [dict(image) for image in images],
        "annotations": notes,
        "meta": {"low": 250 + 15 * len(briefly), "narrow": {
            "margin": {"l": 42, "r": 2, "t": 8 + 15 * max(1, len(briefly)), "b": 40}, "annotations": smaller,
            "xaxis": {"constraintoward": "left"}, "yaxis": {"title": {"text": pad.titles[1], "standoff": 0}}}},
    }  # fmt: skip
    alt = _("The latent plane with {n} held-back pictures; {share:.0%} of the spread of the codes lies in it.")
    return Plot([*data, *more], layout(**grid, **frame), alt.format(n=len(places), share=pad.plane.explained))


def apart(places: Tensor, room: Tensor, rounds: int = 40) -> Tensor:
    """Places (N, 2), pushed away from each other until the names there do not cover each other."""
    at = places / room
    for _round in range(rounds):
        away = at[:, None] - at
        far = away.norm(dim=2)
        push = (1 - far).clamp(min=0) / far.clamp(min=1e-3) / 2
        at = at + (push[..., None] * away).sum(1)
    return at * room


def _circle(radius: float) -> Trace:
    angle = torch.linspace(0, 2 * torch.pi, 61)
    return line(radius * angle.cos(), radius * angle.sin(), "", palette.MUTED, width=1.2, dash="dot", legend=False,
                hoverinfo="skip")  # fmt: skip


def explained(layer: str) -> str:
    """What the colours of a layer say."""
    return {
        "none": "",
        "pictures": _("What the decoder makes of each place"),
        "classes": _("What the classifier takes each place for; pale where it is not sure"),
        "speed": _("Darker: a small step changes the picture more"),
        "holes": _("Orange: the prior expects pictures here, and there are none. Blue: more than it expects"),
    }[layer]


def restored(model: Model) -> str:
    """How much the codes have kept."""
    share = model.read_right()
    return "" if share is None else _("Restored, {share:.0%} of them are read right").format(share=share)


def under(pad: Pad, layer: str) -> Layer:
    """The layer under the dots, as traces and as pictures."""
    key = pad.titles if layer == "holes" else pad.key  # where the codes lie is the same for every class
    return pad.model.cached((layer, *key), lambda: _layer(pad, layer))


_WHOLE = {"x": -REACH, "y": REACH, "sizex": 2 * REACH, "sizey": 2 * REACH}  # a picture over all of the plane


def layers(model: Model) -> dict[str, str]:
    """What can lie under the dots."""
    known = {"none": _("Nothing"), "pictures": _("Decoded pictures"), "classes": _("What the classifier reads"),
             "speed": _("Speed of the picture"), "holes": _("Prior and pictures")}  # fmt: skip
    return known if model.data != "shapes" else {id: name for id, name in known.items() if id != "classes"}


def _read_there(pad: Pad) -> Tensor:
    """(H, W, 4), the colour of the class that the classifier reads at each place, as dense as it is sure."""
    likely = cnn.predict(judges.classifier(pad.model.data), pad.decode(latent.lattice(MAPPED, REACH)))
    sure, which = likely.max(1)
    inks = torch.tensor([palette.rgb(color) for color in palette.TEN]) / 255
    dense = 0.65 * ((sure - 0.2) / 0.8).clamp(0, 1)
    return torch.cat([inks[which], dense[:, None]], 1).reshape(MAPPED, MAPPED, 4)


def _layer(pad: Pad, layer: str) -> Layer:
    if layer == "none":
        return (), ()
    if layer == "pictures":
        tiles = latent.tiled(pad.decode(latent.lattice(TILES, REACH)), TILES)
        return (), (underlay(inked(0.85 * tiles)) | _WHOLE,)
    if layer == "classes":
        return (), (underlay(_read_there(pad)) | _WHOLE,)
    at = torch.linspace(-REACH, REACH, FINE)
    places = torch.stack(torch.meshgrid(at, at, indexing="xy"), -1).reshape(-1, 2)  # rows are y
    if layer == "speed":
        z = latent.speed_within(pad.model.decoder(pad.label), pad.plane, places).reshape(FINE, FINE)
        colors, low, high = [palette.PAPER[0], palette.RED], 0.0, z.quantile(0.99).item()
    else:
        mu, logvar = pad.model.codes()
        found = latent.log_aggregate(pad.plane, mu, logvar, places, BLUR if pad.model.plan.plain else 0.0)
        expected = latent.log_prior(places)
        known = (found > -9) | (expected > -6.4)  # about as far as a circle of 3σ
        z = torch.where(known, found - expected, torch.nan).reshape(FINE, FINE)
        colors, low, high = [palette.BELOW, palette.PAPER[0], palette.ABOVE], -3.0, 3.0
    return (heat(z, at, at, colors, low, high) | {"opacity": 0.75, "meta": {"paint": "smooth"}},), ()


# --- a point of it ---


def decoded(pad: Pad, now: Now) -> Picture:
    """The picture there, and what the classifier takes it for."""
    pad, xy = standing(pad, now)
    made = pad.decode(torch.tensor([xy]))[0]
    said, alt = reading(pad.model.data, made), _("The picture at this place.")
    return Picture([panel(said, made)], f"{alt} {said}")


def reading(data: str, picture: Tensor) -> str:
    """What the shipped classifier takes a picture for."""
    if data == "shapes":
        return ""
    likely = cnn.predict(judges.classifier(data), picture[None])[0]
    name = models.class_names(data)[int(likely.argmax())]
    return _("read as {name} ({p:.0%})").format(name=name, p=likely.max().item())


def neighbours(pad: Pad, now: Now) -> Picture:
    """The training pictures that come closest to the decode."""
    pad, xy = standing(pad, now)
    (pictures, _labels), lengths = models.trained_on(pad.model.data), models.lengths(pad.model.data)
    which, gaps = latent.nearest(pictures, lengths, pad.decode(torch.tensor([xy])))
    panels = [panel(f"{gap:.2f}", pictures[i]) for i, gap in zip(which[0].tolist(), gaps[0].tolist(), strict=True)]
    return Picture(panels, _("The training pictures that are nearest to this decode, and how far they are."))


def in_numbers(pad: Pad, now: Now) -> Table:
    here, _xy = standing(pad, now)
    found = latent.spot(here.model.decoder(here.label), code_of(pad, now))
    names = ["‖∂x̂/∂z‖", _("log p(z)"), _("ink, pixels"), _("pixels almost black or white")]
    log_prior = f"{found.log_prior:.3f}".replace("-", "−")
    cells = [f"{found.speed:.3f}", log_prior, f"{found.ink:.2f}", f"{found.sharpness:.3f}"]
    return Table(["", *names], [[_("here"), *cells]], _("This place in numbers"))


def code_of(pad: Pad, now: Now) -> list[float]:
    """The code of the place, as it stands in a script."""
    return [round(v, 5) for v in pad.plane.at(torch.tensor([standing(pad, now)[1]]))[0].tolist()]


# --- a way over it ---


def corners(now: Now) -> list[tuple[float, float]]:
    return [(now[f"w{i}_x"], now[f"w{i}_y"]) for i in range(1, now["corners"] + 1)]


def way(now: Now) -> list[Trace]:
    """The way through all corners, and where one stands."""
    found = latent.through(corners(now), STEPS + 1)
    here = found[now["t"]]
    return [line(found[:, 0], found[:, 1], "", palette.INK, width=3, legend=False, hoverinfo="skip"),
            dots(here[:1], here[1:], "", palette.ACCENT, 15, legend=False, hoverinfo="skip")]  # fmt: skip


def strip(pad: Pad, now: Now, n: int = 13) -> Picture:
    """The decodes along the way, in a row."""
    row = pad.decode(latent.through(corners(now), n))
    return Picture([panel("", latent.tiled(row, n))], _("The pictures along the way"))


def lattice(pad: Pad, spacing: str, temperature: float, n: int = 15) -> Picture:
    """Decodes over the plane, evenly, or such that each is equally likely."""
    places = latent.lattice(n, 3.0, spacing == "even", temperature)
    return Picture([panel("", latent.tiled(pad.decode(places), n))], _("Decodes over the plane, row by row"))
