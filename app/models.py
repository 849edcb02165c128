"""The shipped networks, their data and the names of their classes; loaded once for all sessions, to read only."""

from functools import lru_cache
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from app import images
from app.code import Verbatim, long_text
from app.i18n import gettext as _
from core import cnn

MODELS = Path(__file__).parent.parent / "assets" / "models"
HELD_BACK = 2000  # pictures at the end of each collection that no training has seen (tools/train_cnn.py)


def classifier(name: str) -> cnn.Net:
    """The network trained on "digits" or "fashion": cnn.predict(classifier("digits"), pictures)."""
    return _loaded(name)  # a Call knows its function by name: it must be a plain one


@lru_cache
def _loaded(name: str) -> cnn.Net:
    return {n: w.float() for n, w in load_file(MODELS / f"{name}.safetensors").items()}


@lru_cache
def as_text(name: str) -> Verbatim:
    """All weights of the network, for a script: cnn.unpacked(text=…) makes a network of it again."""
    return long_text(cnn.packed(classifier(name)))


@lru_cache
def held_back(name: str) -> tuple[Tensor, Tensor]:
    """The pictures (2000, 28, 28) in 0..1 that the network was not trained on, and their labels."""
    pictures, labels = images.collection(name)
    return pictures[-HELD_BACK:, 0], labels[-HELD_BACK:]


@lru_cache
def bright(name: str, layer: str) -> float:
    """What counts as bright in the maps of a layer: the same for every picture, so that they can be compared."""
    maps = cnn.forward(classifier(name), held_back(name)[0][:200]).maps[layer.replace("conv", "relu")]
    return maps.flatten(1).amax(1).median().item()


def class_names(name: str) -> list[str]:
    if name == "digits":
        return list("0123456789")
    return [_("T-shirt"), _("trousers"), _("pullover"), _("dress"), _("coat"),
            _("sandal"), _("shirt"), _("sneaker"), _("bag"), _("ankle boot")]  # fmt: skip
