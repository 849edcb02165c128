"""The shipped autoencoders and their pictures; loaded once for all sessions, to read only (tools/train_vae.py)."""

from dataclasses import dataclass
from functools import lru_cache

from safetensors.torch import load_file
from torch import Tensor

from app import images, models
from app.code import Call, Verbatim
from app.i18n import gettext as _
from app.models import HELD_BACK, MODELS
from core import shapes, vae

BETAS = (0.0, 0.5, 1.0, 4.0)
CLASSES = 10


@dataclass(frozen=True)
class Shipped:
    """One of the models: its pictures, the size of its latent space, β (0: a plain autoencoder), conditional or not."""

    data: str
    latent: int
    beta: float
    classes: int = 0

    @property
    def name(self) -> str:
        return f"{self.data}-{self.latent}-{f'{self.beta:g}' if not self.classes else 'conditional'}"


SHIPPED: dict[str, Shipped] = {
    made.name: made
    for made in [
        *(Shipped(data, n, beta) for n in (2, 8) for data in ("digits", "fashion") for beta in BETAS),
        *(Shipped(data, 2, 1.0, CLASSES) for data in ("digits", "fashion")),
        *(Shipped("shapes", 8, beta) for beta in BETAS),
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


def held_back(data: str) -> tuple[Tensor, Tensor]:
    """The 2,000 pictures that no model has seen, and their labels."""
    pictures, labels = everything(data)
    return pictures[-HELD_BACK:], labels[-HELD_BACK:]


@lru_cache(len(SHIPPED))
def encoded(name: str) -> tuple[Tensor, Tensor]:
    """μ and log σ² (2000, L) of the held-back pictures."""
    pictures, labels = held_back(SHIPPED[name].data)
    return vae.encode(network(name), pictures, labels if SHIPPED[name].classes else None)


def class_names(data: str) -> list[str]:
    if data == "shapes":
        return [_("bar"), _("ellipse"), _("triangle")]
    return models.class_names(data)


def data_names() -> dict[str, str]:
    return {"digits": _("Digits"), "fashion": _("Clothes"), "shapes": _("Shapes")}


@lru_cache(8)
def as_text(name: str, part: str = "") -> Verbatim:
    """All weights of a model, or those of one part, as text for a script."""
    text = vae.in_words(network(name), part)
    lines = "".join(f'        "{text[at : at + 100]}"\n' for at in range(0, len(text), 100))
    return Verbatim(f"(\n{lines}    )")


def network_call(name: str, part: str = "") -> Call:
    """The model as the script carries it: all weights, or those of the "decode" part, written out."""
    made = SHIPPED[name]
    return Call(vae.from_words, {"text": as_text(name, part), "latent": made.latent, "classes": made.classes,
                                 "plain": not made.beta, "part": part})  # fmt: skip
