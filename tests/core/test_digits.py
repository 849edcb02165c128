"""The digits in the source."""

import torch

from core import digits


def test_three_hundred_digits_thirty_of_each() -> None:
    x, labels = digits.pictures(), digits.labels()
    assert x.shape == (300, 49) and labels.shape == (300,)
    assert labels.bincount().tolist() == [30] * 10
    assert x.min() == 0 and x.max() == 1
    assert len(torch.unique(x, dim=0)) == 300


def test_a_zero_is_hollow_and_a_one_is_not() -> None:
    middle = digits.pictures().reshape(10, 30, 7, 7)[:, :, 3, 3].mean(1)
    assert middle[0] < 0.15 < 0.6 < middle[1]
