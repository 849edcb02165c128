"""Few examples: one small network trained twice from the same start, on the pictures as they are and on changed ones.

    picture → conv 5×5, every second pixel → ReLU → conv 3×3, every second pixel → ReLU → linear → 10 scores

Both take the same examples in the same order; what differs is that the second is shown each of them changed by
`augment(pictures, seed)`, anew at every step. All weights lie in one vector and nothing is changed in place, so that a
state can be kept and gone back to. Adam: Kingma & Ba, 2015.
"""

import base64
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d, cross_entropy

Labelled = tuple[Tensor, Tensor]  # pictures (n, 28, 28) in 0..1, and their labels (n,)
Augment = Callable[[Tensor, int], Tensor]  # (pictures, seed) -> as many
SHAPES: tuple[tuple[int, ...], ...] = ((8, 1, 5, 5), (8,), (16, 8, 3, 3), (16,), (10, 16 * 36), (10,))
SIZES = [math.prod(shape) for shape in SHAPES]
EVERY = 10  # steps from one examination to the next
MOST_ASKED = 200  # of the examples that were learnt, in an examination


@dataclass(frozen=True, eq=False)
class Lesson:
    """What cannot change during a run: the examples, those held back, how they are changed."""

    pictures: Tensor = field(repr=False)
    labels: Tensor = field(repr=False)
    others: Tensor = field(repr=False)  # held back: nobody learns from them
    answers: Tensor = field(repr=False)
    augment: Augment = field(repr=False)
    batch: int
    seed: int


@dataclass(frozen=True)
class Marks:
    """What a network reached in an examination: on the examples that it learns, and on those held back."""

    loss: float
    accuracy: float
    loss_held: float
    accuracy_held: float


@dataclass(frozen=True)
class Pupil:
    """A network and what Adam keeps of its gradients."""

    w: Tensor = field(repr=False)
    m: Tensor = field(repr=False)
    v: Tensor = field(repr=False)
    marks: Marks


@dataclass(frozen=True)
class State:
    """Both networks after so many steps: without augmentation, and with it."""

    lesson: Lesson = field(repr=False)
    step: int
    without: Pupil
    with_: Pupil

    @property
    def finite(self) -> bool:
        return math.isfinite(float(self.without.w.sum() + self.with_.w.sum()))


def network(w: Tensor, x: Tensor) -> Tensor:
    """Scores (n, 10) of pictures (n, 28, 28)."""
    one, one_b, two, two_b, head, head_b = (part.view(s) for part, s in zip(w.split(SIZES), SHAPES, strict=True))
    x = conv2d(x[:, None], one, one_b, stride=2, padding=1).relu()  # (n, 8, 13, 13)
    x = conv2d(x, two, two_b, stride=2).relu()  # (n, 16, 6, 6)
    return x.flatten(1) @ head.T + head_b


def examine(lesson: Lesson, w: Tensor) -> Marks:
    """The loss and the share of right answers on both sets."""
    told: list[float] = []
    with torch.no_grad():
        for x, y in (
            (lesson.pictures[:MOST_ASKED], lesson.labels[:MOST_ASKED]),
            (lesson.others, lesson.answers),
        ):
            scores = network(w, x)
            told += [cross_entropy(scores, y).item(), (scores.argmax(1) == y).float().mean().item()]
    return Marks(*told)


def begin(examples: Labelled, held_back: Labelled, augment: Augment, batch: int = 16, seed: int = 0) -> State:
    """Two equal networks (He et al., 2015, biases zero) before their first step."""
    if not 1 <= batch <= len(examples[0]):
        raise ValueError("A batch takes at least one example, and no more than there are.")
    lesson = Lesson(*examples, *held_back, augment, batch, seed)
    random = torch.Generator().manual_seed(seed)
    fan_in = [math.prod(shape[1:]) for shape in SHAPES]
    parts = [torch.randn(n, generator=random) * math.sqrt(2 / f) if f > 1 else torch.zeros(n)
             for n, f in zip(SIZES, fan_in, strict=True)]  # fmt: skip
    w = torch.cat(parts)
    pupil = Pupil(w, torch.zeros_like(w), torch.zeros_like(w), examine(lesson, w))
    return State(lesson, 0, pupil, pupil)


def batch_at(lesson: Lesson, step: int) -> Tensor:
    """Which examples are taken: each once in a round, the rounds in another order each."""
    each = len(lesson.pictures) // lesson.batch
    random = torch.Generator().manual_seed(lesson.seed * 100_003 + step // each + 1)
    at = step % each * lesson.batch
    return torch.randperm(len(lesson.pictures), generator=random)[at : at + lesson.batch]


def step(state: State, settings: Mapping[str, Any]) -> State:
    """Both networks take one step on the same examples."""
    lesson, n = state.lesson, state.step + 1
    which = batch_at(lesson, state.step)
    x, y = lesson.pictures[which], lesson.labels[which]
    changed = lesson.augment(x, lesson.seed * 100_003 + state.step)
    pupils = [learn(p, seen, y, n, settings["lr"]) for p, seen in ((state.without, x), (state.with_, changed))]
    if n % EVERY == 0:
        pupils = [replace(p, marks=examine(lesson, p.w)) for p in pupils]
    return State(lesson, n, *pupils)


def learn(pupil: Pupil, x: Tensor, y: Tensor, n: int, lr: float, beta1: float = 0.9, beta2: float = 0.999) -> Pupil:
    """The n-th step of Adam, on the cross-entropy of a batch."""
    w = pupil.w.detach().requires_grad_()
    (grad,) = torch.autograd.grad(cross_entropy(network(w, x), y), w)
    m, v = pupil.m.lerp(grad, 1 - beta1), pupil.v.lerp(grad.square(), 1 - beta2)
    size = lr * math.sqrt(1 - beta2**n) / (1 - beta1**n)
    return replace(pupil, w=pupil.w - size * m / (v.sqrt() + 1e-8 * math.sqrt(1 - beta2**n)), m=m, v=v)


def train(start: State, steps: int, lr: float) -> list[State]:
    """The start, and the state at each examination."""
    found, here = [start], start
    for _i in range(steps):
        here = step(here, {"lr": lr})
        if not here.finite:
            break
        if here.step % EVERY == 0 or here.step == steps:
            found.append(here)
    return found


def report(states: list[State]) -> list[Marks]:
    """What both reached in the end: without augmentation, and with it."""
    return [states[-1].without.marks, states[-1].with_.marks]


# --- pictures as text, so that a script can carry them along ---


def packed(pictures: Tensor, labels: Tensor) -> str:
    """Pictures with 16 levels of grey and their labels, as text."""
    levels = (pictures * 15).round().byte().flatten()
    pairs = levels[::2] * 16 + levels[1::2]
    return base64.b85encode(zlib.compress(bytes([*labels.tolist(), *pairs.tolist()]), 9)).decode()


def unpacked(text: str, side: int = 28) -> Labelled:
    """The pictures of such a text, and their labels."""
    data = zlib.decompress(base64.b85decode(text))
    n = len(data) // (1 + side * side // 2)
    if n * (1 + side * side // 2) != len(data):
        raise ValueError(f"The text holds no pictures of {side} × {side}.")
    pairs = torch.frombuffer(bytearray(data[n:]), dtype=torch.uint8)
    levels = torch.stack([pairs // 16, pairs % 16], 1).reshape(n, side, side)
    return levels / 15, torch.tensor(list(data[:n]))
