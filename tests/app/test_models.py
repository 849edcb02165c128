"""The shipped networks, as the pages ask for them."""

import pytest

from app import models
from core import cnn


@pytest.mark.parametrize(("name", "least"), [("digits", 0.97), ("fashion", 0.86)])
def test_a_classifier_knows_the_pictures_it_was_not_trained_on(name: str, least: float) -> None:
    pictures, labels = models.held_back(name)
    assert pictures.shape == (2000, 28, 28) and pictures.min() >= 0 and pictures.max() <= 1
    assert cnn.accuracy(models.classifier(name), pictures, labels) >= least
    assert len(set(models.class_names(name))) == cnn.CLASSES


def test_is_loaded_once_for_all() -> None:
    assert models.classifier("digits") is models.classifier("digits")
