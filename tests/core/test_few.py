"""Two equal networks on few examples: Adam as PyTorch has it, the same run again, and what augmentation is for."""

from functools import cache

import pytest
import torch
from torch.nn.functional import conv2d, cross_entropy, linear

from core import few

RATE = {"lr": 6e-3}


def data(n: int, seed: int) -> few.Labelled:
    """Bars that stand in one of ten places."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % 10
    pictures = 0.3 * torch.rand(n, 28, 28, generator=random)
    for x, c in zip(pictures, labels.tolist(), strict=True):
        x[:, 2 * c + 3 : 2 * c + 6] += 0.7
    return pictures, labels


def alike(x: torch.Tensor, seed: int) -> torch.Tensor:
    return x


@cache
def start() -> few.State:
    return few.begin(data(40, 0), data(30, 1), alike, batch=8, seed=3)


def test_the_network_is_what_its_drawing_says():
    w, x = start().without.w, data(5, 2)[0]
    parts = [p.view(s) for p, s in zip(w.split(few.SIZES), few.SHAPES, strict=True)]
    hidden = conv2d(x[:, None], parts[0], parts[1], stride=2, padding=1).relu()
    hidden = conv2d(hidden, parts[2], parts[3], stride=2).relu()
    assert torch.allclose(few.network(w, x), linear(hidden.flatten(1), parts[4], parts[5]), atol=1e-5)


def test_steps_are_those_of_torch_optim_adam():
    w = start().without.w.clone().requires_grad_()
    rule, here = torch.optim.Adam([w], lr=RATE["lr"]), start()
    for n in range(5):
        which = few.batch_at(here.lesson, n)
        rule.zero_grad()
        cross_entropy(few.network(w, here.lesson.pictures[which]), here.lesson.labels[which]).backward()
        rule.step()
        here = few.step(here, RATE)
    assert torch.allclose(here.without.w, w, atol=1e-5)


def test_without_a_change_both_are_the_same_and_a_round_takes_each_example_once():
    last = few.train(start(), 25, **RATE)[-1]
    assert torch.equal(last.without.w, last.with_.w) and last.without.marks == last.with_.marks
    taken = torch.cat([few.batch_at(start().lesson, n) for n in range(5, 10)])
    assert sorted(taken.tolist()) == list(range(40))
    assert last.step == 25 and last.without.marks.accuracy > start().without.marks.accuracy


def test_the_marks_are_those_of_the_weights_and_the_run_comes_again():
    one, two = (few.train(start(), 20, **RATE) for _i in range(2))
    assert few.report(one) == few.report(two) and [s.step for s in one] == [0, 10, 20]
    scores = few.network(one[-1].with_.w, one[-1].lesson.others)
    marks = one[-1].with_.marks
    assert marks.accuracy_held == pytest.approx((scores.argmax(1) == one[-1].lesson.answers).float().mean().item())
    assert marks.loss_held == pytest.approx(cross_entropy(scores, one[-1].lesson.answers).item())


def test_what_is_changed_reaches_the_second_network_only():
    blind = few.begin(data(40, 0), data(30, 1), lambda x, seed: torch.zeros_like(x), batch=8, seed=3)
    last, fair = few.train(blind, 40, **RATE)[-1], few.train(start(), 40, **RATE)[-1]
    assert torch.equal(last.without.w, fair.without.w)
    assert last.with_.marks.accuracy_held < 0.5 < last.without.marks.accuracy_held


def test_lost_numbers_end_the_run():
    assert few.train(start(), 30, lr=float("nan")) == [start()]


def test_a_batch_that_is_no_batch_is_refused():
    with pytest.raises(ValueError, match="no more than there are"):
        few.begin(data(10, 0), data(10, 1), alike, batch=11)


def test_pictures_come_back_from_their_text():
    pictures, labels = data(7, 4)
    back, named = few.unpacked(few.packed(pictures.clamp(0, 1), labels))
    assert torch.equal(named, labels) and (back - pictures.clamp(0, 1)).abs().max() <= 0.5 / 15 + 1e-6
    assert few.packed(back, named) == few.packed(pictures.clamp(0, 1), labels)
    with pytest.raises(ValueError, match="holds no pictures"):
        few.unpacked(few.packed(pictures[:, :, :26], labels))
