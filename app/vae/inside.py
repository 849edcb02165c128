"""One picture on its way through a model: what the page on it draws."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from app import images
from app.code import Call
from app.drawings import drawn
from app.figures import palette
from app.figures.axes import bar_columns
from app.figures.picture import Picture, Table, ember, panel
from app.figures.plot import Plot, bars, dots, layout, line, short
from app.i18n import gettext as _
from app.images import Photo
from app.lab import Lab
from app.live.component import Pen
from app.vae import models
from app.vae.models import Model
from app.vae.pad import reading
from core import drawing, latent, vae

DRAWS, SHOWN, REACH, TRAVERSED, ACTIVE = 64, 5, 3.0, 13, 0.01


def small(photo: Photo, inverted: bool) -> Tensor:
    """The middle of a photograph as the models know pictures: (28, 28), grey, with 256 levels."""
    grey = photo.pixels.mean(0)
    side = min(grey.shape)
    top, left = ((n - side) // 2 for n in grey.shape)
    made = interpolate(grey[None, None, top : top + side, left : left + side], (vae.EDGE, vae.EDGE), mode="area")[0, 0]
    made = 1 - made if inverted else made
    return (made.clamp(0, 1) * 255).round() / 255


@dataclass(frozen=True)
class Asked:
    """The model, and where the picture comes from: held back, the pen, or a photograph made small."""

    model: Model
    source: str
    brought: Tensor | None = None

    @property
    def pen(self) -> Pen | None:
        return Pen("drawing") if self.source == "pen" else None

    def picture(self, now: Mapping[str, Any]) -> Tensor:
        """(28, 28) as it goes into the encoder."""
        if self.brought is not None:
            return self.brought
        if self.source == "pen":
            return cast(Tensor, drawn(now["drawing"], vae.EDGE, now["centred"])())
        return models.held_back(self.model.data)[0][now["index"]]

    def paper(self, now: Mapping[str, Any]) -> Tensor:
        """The same as it lies under the hand: a drawing is not moved there."""
        if self.source == "pen":
            return cast(Tensor, drawn(now["drawing"], vae.EDGE, False)())
        return self.picture(now)

    def label(self, now: Mapping[str, Any]) -> int | None:
        """The class that a conditional model is told: of a held-back picture its own."""
        if not self.model.plan.classes:
            return None
        own = self.source == "test"
        return int(models.held_back(self.model.data)[1][now["index"]]) if own else int(now["class"])

    def code(self, now: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """μ and log σ² (1, L) of the picture."""
        label = self.label(now)
        return self.model.encode(self.picture(now)[None], torch.tensor([label or 0]))

    def decode(self, z: Tensor, now: Mapping[str, Any]) -> Tensor:
        return self.model.decode(z, self.label(now))

    def calls(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """Model and picture as the script carries them."""
        text = drawing.as_text(self.picture(now))
        picture = Call(drawing.from_text, {"text": text, "width": vae.EDGE})
        if self.source == "pen":
            picture = drawn(now["drawing"], vae.EDGE, now["centred"])
        return {"net": self.model.call(), "picture": picture, "draws": DRAWS, "seed": int(now["seed"]),
                **({} if (label := self.label(now)) is None else {"label": label})}  # fmt: skip


def choose(lab: Lab, model: Model) -> Asked:
    """The controls for the picture."""
    brought = None
    source = lab.choice("source", _("Picture"), {"test": _("Held back"), "pen": _("Drawn"), "photo": _("Photograph")})
    if source == "test":
        lab.slider("index", _("Which of {n}").format(n=models.HELD_BACK), 0, models.HELD_BACK - 1, 14)
    elif source == "pen":
        lab.pen("drawing")
        lab.toggle("centred", _("Sized and centred"), True,
                   help=_("As the digits of MNIST were, before they are read."))  # fmt: skip
    else:
        photo = images.choose(lab)
        brought = small(photo, lab.toggle("inverted", _("Dark and light swapped")))
    if model.plan.classes and source != "test":
        lab.slider("class", _("Class that it is told"), 0, model.plan.classes - 1, 0)
    return Asked(model, source, brought)


def offsets(now: Mapping[str, Any]) -> Tensor:
    """How far each dimension is pushed away from μ."""
    n = sum(name[0] == "o" and name[1:].isdigit() for name in now)
    return torch.tensor([now[f"o{k + 1}"] for k in range(n)])


def clouded(asked: Asked, now: Mapping[str, Any]) -> Picture:
    """The picture, its decode, how unsure each pixel is, and some of the samples."""
    model, x, paper = asked.model, asked.picture(now), asked.paper(now)
    mu, logvar = asked.code(now)
    noise = torch.randn((DRAWS, model.plan.latent), generator=vae.chance(now["seed"], 0))
    here = mu + offsets(now)
    made, made_of_mean = asked.decode(vae.sample(here, logvar, noise), now), asked.decode(here, now)[0]
    spread = made.std(0)
    moved = bool(offsets(now).any())
    title = _("decode of z") if moved else _("decode of μ")
    pen = asked.source == "pen"
    panels = [panel(_("draw here") if pen else _("picture"), paper)]
    panels += [panel(_("as it is read"), x)] if pen else []
    panels += [panel(title, made_of_mean), panel(_("σ of each pixel"), ember(spread, 0.4), spread)]
    panels += [panel(_("sample {n}").format(n=i + 1), made[i]) for i in range(SHOWN - pen)]
    return Picture(panels, _("The picture, its decode, samples.") + " " + reading(model.data, made_of_mean))


def dimensions(asked: Asked, now: Mapping[str, Any]) -> Plot:
    """For each dimension: μ ± σ of the picture, its KL, and how much μ varies over all held-back pictures."""
    model = asked.model
    (mu, logvar), everyone = asked.code(now), model.codes()[0]
    sigma, n = (0.5 * logvar[0]).exp(), model.plan.latent
    variance, place = everyone.var(0), torch.arange(n, dtype=torch.float32)
    alive = latent.active(everyone, ACTIVE)
    gap = torch.full((n,), torch.nan)
    ends = torch.stack([mu[0] - sigma, mu[0] + sigma, gap], 1).flatten()
    z = mu[0] + offsets(now)
    most = 1.15 * max(3.0, (mu[0].abs() + sigma).max().item(), z.abs().max().item())
    data = [line(ends, place.repeat_interleave(3), "", palette.BLUE, width=5, legend=False),
            dots(mu[0], place, "", palette.BLUE, 7, legend=False),
            dots(z, place, "", palette.ACCENT, 8, legend=False, marker={"symbol": "diamond"})]  # fmt: skip
    kl = vae.kl(mu, logvar)[0]
    data.append(bars(kl, place, "", palette.GREEN, axes="x2y2", legend=False, gap=" "))
    colors = [palette.BLUE if on else palette.MUTED for on in alive]
    data.append(bars(variance, place, "", colors, axes="x3y3", legend=False, gap=" "))
    widest = [max(1.0, float(v[v.isfinite()].max() if v.isfinite().any() else 1)) * 1.4 for v in (kl, variance)]
    count = _("{n} of {all} dimensions are active").format(n=int(alive.sum()), all=n)
    titles = ["μ ± σ", _("KL, nats"), _("variance of μ over all")]
    labels = [f"z<sub>{k + 1}</sub>" for k in range(n)]
    grid = bar_columns(titles, [(-most, most), (0, widest[0]), (0, widest[1])], labels)
    # On a phone, too, the three share the names of the rows.
    short_titles, small = [titles[0], "KL", _("variance of μ")], {"size": 12, "color": palette.MUTED}
    for k, (title, across) in enumerate(zip(short_titles, ([0, 0.29], [0.35, 0.64], [0.7, 1]), strict=True)):
        name = str(k + 1) if k else ""
        narrow = {
            "domain": across,
            "title": {"text": title, "standoff": 4, "font": {"size": 13}},
            "tickfont": small,
        }
        grid["meta"]["narrow"] |= {f"xaxis{name}": narrow | {"nticks": 3}, f"yaxis{name}": {"domain": [0, 1]}}
    frame = {"margin": {"l": 40, "r": 12, "t": 80, "b": 8}, "showlegend": False}
    frame |= {"title": {"text": count, "x": 0.5, "y": 0.99, "yanchor": "top", "font": {"size": 15}}}
    return Plot(data, layout(**grid, **frame), count)


def traversals(asked: Asked, now: Mapping[str, Any]) -> Picture:
    """A row for each dimension: it alone goes from −3 to 3, the others stay."""
    model = asked.model
    here = asked.code(now)[0][0] + offsets(now)
    wide = REACH if not model.plan.plain else REACH * model.codes()[0].std().item()
    codes = here.repeat(model.plan.latent, TRAVERSED, 1)
    for k in range(model.plan.latent):
        codes[k, :, k] = torch.linspace(-wide, wide, TRAVERSED)
    tiles = latent.tiled(asked.decode(codes.flatten(0, 1), now), TRAVERSED)
    return Picture([panel("", tiles)], _("Each row changes one dimension of the code, the others stay"))


def split(asked: Asked, now: Mapping[str, Any]) -> Table:
    """The loss in its parts."""
    model = asked.model
    found = vae.inside(model.net, asked.picture(now), DRAWS, int(now["seed"]), label=asked.label(now))
    columns = ["", "μ", "σ", _("loss, nats")]
    each = zip(found.mu, found.sigma, found.kl, strict=True)
    numbers = [[f"z{k}", signed(mu), f"{sigma:.3f}", signed(kl)] for k, (mu, sigma, kl) in enumerate(each, 1)]
    numbers += [[_("KL of all"), "", "", signed(found.total)],
                [_("reconstruction"), "", "", f"{found.reconstruction:.2f}"],
                [_("reconstruction + KL"), "", "", signed(found.loss, 2)]]  # fmt: skip
    return Table(columns, numbers, _("The code of the picture, and the loss in its parts"))


def signed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else short(value)
