"""What the page of a GAN of pictures shows: its run, how good the pictures are, and walks between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from app import images, models
from app.code import Call, Verbatim
from app.jobs import Trainable
from core import cnn, gan_losses, gan_measures, gan_pictures

MODELS = Path(__file__).parents[2] / "assets" / "models"
COMPARED = 500  # held-back pictures against which the generated ones are measured


@dataclass(frozen=True)
class Album:
    """The pictures that a GAN learns from: those that the classifiers were trained on. Holds a name alone."""

    name: str

    def sample(self, n: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """n pictures (n, 28, 28) in 0..1, and their classes."""
        pictures, classes = images.collection(self.name)
        k = torch.randint(len(pictures) - models.HELD_BACK, (n,), generator=random)
        return pictures[k, 0], classes[k]


@dataclass(frozen=True)
class Seen:
    """What is drawn of one moment. Its measures are taken when somebody wants to see them."""

    plan: gan_pictures.Plan
    g: Tensor  # the weights that are shown: the average
    samples: Tensor  # (80, 28, 28)
    loss_d: float
    loss_g: float
    grad_d: float
    grad_g: float

    @cached_property
    def scores(self) -> gan_measures.PictureScores:
        seed, classes, name = self.plan.seed, self.plan.classes, self.plan.album.name
        pictures = gan_pictures.samples(self.g, seed, classes)
        return gan_measures.picture_scores(pictures, real(name), cnn.sight, models.classifier(name), classes)


def observe(state: gan_pictures.State) -> Seen:
    plan, n = state.plan, gan_pictures.ROWS * gan_pictures.KINDS
    shown = gan_pictures.samples(state.average, plan.seed, plan.classes, n)
    return Seen(plan, state.average, shown, *(float(v) for v in state.told))


MODEL = Trainable(gan_pictures.step, observe)


@lru_cache
def real(name: str) -> Tensor:
    """What the classifier sees in pictures that no training has seen, rounded to 16 bits: a script carries it."""
    return cnn.sight(models.classifier(name), models.held_back(name)[0][:COMPARED])[0].half().float()


def trained(name: str, classes: bool, seed: int) -> gan_pictures.State:
    """The shipped weights (tools/train_gan.py)."""
    kept = load_file(MODELS / f"gan-{name}{'' if classes else '-plain'}.safetensors")
    return gan_pictures.begun(Album(name), classes, seed, kept["g"].float(), kept["d"].float())
