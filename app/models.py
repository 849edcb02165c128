"""The shipped networks, their data and the names of their classes; loaded once for all sessions, to read only."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from app.i18n import gettext as _
from core import cnn

ASSETS = Path(__file__).parent.parent / "assets"
HELD_BACK = 2000  # pictures at the end of each collection that no training has seen (tools/train_cnn.py)


@lru_cache
def classifier(name: str) -> cnn.Net:
    """The network trained on "digits" or "fashion": cnn.predict(classifier("digits"), pictures)."""
    return {n: w.float() for n, w in load_file(ASSETS / "models" / f"{name}.safetensors").items()}


@lru_cache
def held_back(name: str) -> tuple[Tensor, Tensor]:
    """The pictures (2000, 28, 28) in 0..1 that the network was not trained on, and their labels."""
    with np.load(ASSETS / "data" / f"{name}.npz") as file:
        pictures, labels = file["images"][-HELD_BACK:], file["labels"][-HELD_BACK:]
    return torch.from_numpy(pictures).float() / 255, torch.from_numpy(labels).long()


def class_names(name: str) -> list[str]:
    if name == "digits":
        return list("0123456789")
    return [_("T-shirt"), _("trousers"), _("pullover"), _("dress"), _("coat"),
            _("sandal"), _("shirt"), _("sneaker"), _("bag"), _("ankle boot")]  # fmt: skip
