"""The shipped autoencoders and their pictures; loaded once for all sessions, to read only (tools/train_vae.py)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache

import streamlit as st
import torch
from safetensors.torch import load_file
from torch import Tensor

from app import images, models
from app.code import Call, Verbatim, long_text
from app.i18n import gettext as _
from app.kept import Keeper
from app.lab import Lab
from app.models import HELD_BACK, MODELS
from core import cnn, shapes, vae

BETAS = (0.0, 0.5, 1.0, 4.0)
CLASSES, NOISE, JUDGED = 10, 0.8, 500


@dataclass(frozen=True)
class Shipped:
    """One of the models: its pictures, the size of its latent space, β (0: a plain autoencoder), conditional or not.

    A denoising one has learnt to restore pictures from under Gaussian noise, of a σ of up to this.
    """

    data: str
    latent: int
    beta: float
    classes: int = 0
    noise: float = 0.0

    @property
    def name(self) -> str:
        kind = "denoising" if self.noise else "conditional" if self.classes else f"{self.beta:g}"
        return f"{self.data}-{self.latent}-{kind}"


SHIPPED: dict[str, Shipped] = {
    made.name: made
    for made in [
        *(Shipped(data, n, beta) for n in (2, 8) for data in ("digits", "fashion") for beta in BETAS),
        *(Shipped(data, 2, 1.0, CLASSES) for data in ("digits", "fashion")),
        *(Shipped("shapes", 8, beta) for beta in BETAS),
        *(Shipped(data, 8, 0.0, noise=NOISE) for data in ("digits", "fashion")),
    ]
}


def found(data: str, latent: int, beta: float, conditional: bool = False) -> Shipped:
    """The shipped model with these settings."""
    return SHIPPED[Shipped(data, latent, beta, CLASSES if conditional else 0).name]


@lru_cache(len(SHIPPED))
def network(name: str) -> dict[str, Tensor]:
    """The weights of a model, in the order in which a picture meets them."""
    loaded, made = load_file(MODELS / "vae" / f"{name}.safetensors"), SHIPPED[name]
    order = vae.Plan(made.latent, made.classes, not made.beta).shapes()
    return {n: loaded[n].float() for n in order}


@lru_cache
def everything(data: str) -> tuple[Tensor, Tensor]:
    """All 10,000 pictures (N, 28, 28) of "digits", "fashion" or "shapes", and their labels (of shapes: which one)."""
    if data == "shapes":
        pictures, factors = shapes.collection()
        return pictures, factors[:, 0].long()
    pictures, labels = images.collection(data)
    return pictures[:, 0], labels


def trained_on(data: str) -> tuple[Tensor, Tensor]:
    """The pictures that the models have learnt from, and their labels."""
    pictures, labels = everything(data)
    return pictures[:-HELD_BACK], labels[:-HELD_BACK]


@lru_cache
def lengths(data: str) -> Tensor:
    """The sum of the squares of each picture that the models have learnt from: latent.nearest asks for it."""
    return trained_on(data)[0].flatten(1).square().sum(1)


def held_back(data: str) -> tuple[Tensor, Tensor]:
    """The 2,000 pictures that no model has seen, and their labels."""
    pictures, labels = everything(data)
    return pictures[-HELD_BACK:], labels[-HELD_BACK:]


def class_names(data: str) -> list[str]:
    if data == "shapes":
        return [_("bar"), _("ellipse"), _("triangle")]
    return models.class_names(data)


def classes(data: str) -> int:
    """How many classes its pictures have."""
    return len(class_names(data))


def dimension(k: int) -> str:
    """How the k-th dimension of a latent space is called, from 1."""
    return _("z<sub>{k}</sub>").format(k=k)


def data_names() -> dict[str, str]:
    return {"digits": _("Digits"), "fashion": _("Clothes"), "shapes": _("Shapes")}


@lru_cache(8)
def as_text(name: str, part: str = "") -> Verbatim:
    """All weights of a shipped model, or those of one part, as text for a script."""
    return long_text(vae.in_words(network(name), part))


def network_call(name: str, part: str = "") -> Call:
    """The model as the script carries it: all weights, or those of the "decode" part, written out."""
    made = SHIPPED[name]
    return Call(vae.from_words, {"text": as_text(name, part), "latent": made.latent, "classes": made.classes,
                                 "plain": not made.beta, "part": part})  # fmt: skip


# --- a model to walk through ---


@dataclass(frozen=True, eq=False)
class Model(Keeper):
    """A shipped model, or one that the visitor has trained: its network, and what has been worked out about it."""

    data: str
    beta: float
    plan: vae.Plan
    net: dict[str, Tensor] = field(repr=False)
    shipped: str = ""  # its name, where it is a shipped one

    def codes(self) -> tuple[Tensor, Tensor]:
        """μ and log σ² (2000, L) of the held-back pictures."""
        return self.cached("codes", lambda: self.encode(*held_back(self.data)))

    def encode(self, pictures: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            return vae.encode(self.net, pictures, labels if self.plan.classes else None)

    def read_right(self) -> float | None:
        """The share of restored pictures that the shipped classifier takes for what was given; None for shapes."""
        if self.data == "shapes":
            return None
        pictures, labels = (part[:JUDGED] for part in held_back(self.data))

        def share() -> float:
            restored = vae.reconstruct(self.net, pictures, labels if self.plan.classes else None)
            return cnn.accuracy(models.classifier(self.data), restored, labels)

        return self.cached("read right", share)

    def decoder(self, label: int | None = None) -> Callable[[Tensor], Tensor]:
        return vae.decoder(self.net, label if self.plan.classes else None)

    def decode(self, z: Tensor, label: int | None = None) -> Tensor:
        """(N, L) -> pictures (N, 28, 28)."""
        with torch.no_grad():
            return self.decoder(label)(z)

    def call(self, part: str = "") -> Call:
        """The model for a script."""
        if self.shipped:
            return network_call(self.shipped, part)
        text = self.cached(f"text {part}", lambda: long_text(vae.in_words(self.net, part)))
        return Call(vae.from_words, {"text": text, **asdict(self.plan), "part": part})

    def decoder_call(self, label: int | None = None) -> Call:
        told = {"label": label} if self.plan.classes else {}
        return Call(vae.decoder, {"net": self.call("decode"), **told})


@lru_cache(len(SHIPPED))
def shipped(name: str) -> Model:
    made = SHIPPED[name]
    return Model(made.data, made.beta, vae.Plan(made.latent, made.classes, not made.beta), network(name), name)


OWN = "_vae.own"  # where a session keeps the model that it has trained (a Model)


def choose(lab: Lab, data: str = "digits", latent: int = 2, beta: str = "1", shapes: bool = False,
           conditional: bool = True, denoising: bool = False) -> Model:  # fmt: skip
    """The controls for the model of a page, and the model."""
    known = {id: title for id, title in data_names().items() if shapes or id != "shapes"}
    own: Model | None = st.session_state.get(OWN)
    if own is not None and own.plan.classes and not conditional:
        own = None
    chosen = lab.choice("data", _("Model of"), known | ({"own": _("Your own")} if own is not None else {}), data)
    if chosen == "own" and own is not None:
        return own
    sizes = ["8"] if chosen == "shapes" else ["2", "8"]
    size = lab.choice(
        "latent", _("Latent dimensions"), {n: n for n in sizes}, str(latent) if str(latent) in sizes else "8"
    )
    betas = {f"{b:g}": f"{b:g}" if b else _("0 (AE)") for b in BETAS}
    if conditional and size == "2":
        betas["told"] = _("told the class")
    if denoising and size == "8" and chosen != "shapes":
        betas["noise"] = _("0, denoising")
    beta = lab.choice("beta", "β", betas, beta, help=_("The weight of the KL term; 0 is a plain autoencoder."))
    if beta == "noise":
        return shipped(f"{chosen}-8-denoising")
    told = beta == "told"
    return shipped(found(chosen, int(size), 1.0 if told else float(beta), told).name)
