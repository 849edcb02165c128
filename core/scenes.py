"""Scenes with a known truth: objects on a canvas, and what a noisy detector might say about them.

Each object gets several detections: the true box with its centre and size disturbed by `noise`, and a score that tends
to be higher the better the box fits. `alarms` boxes lie anywhere with low scores. Objects stand in a crowd: each is
placed beside an earlier one, or on top of it by the share `overlap`, until the canvas is full.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate


@dataclass(frozen=True)
class Scene:
    """What there is, and what was said about it; boxes are xyxy in pixels."""

    truth: Tensor  # (m, 4)
    kinds: Tensor  # (m,)
    boxes: Tensor  # (n, 4)
    scores: Tensor  # (n,)
    classes: Tensor  # (n,)


def crowd(number: int = 8, overlap: float = 0.3, classes: int = 3, size_hw: tuple[int, int] = (320, 480),
          seed: int = 0) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Boxes (number, 4) and kinds (number,) of a crowd: pairs that share `overlap` of their width, pair beside pair."""
    if number < 0 or not 0 <= overlap < 1 or classes < 1:
        raise ValueError("A crowd has no negative number, an overlap from 0 to below 1, and at least one class.")
    random, (height, width) = torch.Generator().manual_seed(seed), size_hw
    pairs = math.ceil(number / 2)
    columns = max(1, math.ceil(math.sqrt(pairs * width / height * 0.75)))
    rows = max(1, math.ceil(pairs / columns))
    cell_w, cell_h = width / columns, height / rows
    cells = torch.randperm(columns * rows, generator=random)[:pairs]
    side = min(cell_h * 0.86, cell_w * 0.94 / (2 - overlap) / 0.8)
    boxes = []
    for cell in cells.tolist():
        h = side * (0.8 + 0.2 * torch.rand(2, generator=random))
        w = h * 0.8
        whole = w.sum() - overlap * w.min()
        x = (cell % columns + 0.5) * cell_w - whole / 2
        y = (cell // columns + 0.5) * cell_h - h / 2 + (torch.rand(2, generator=random) - 0.5) * cell_h * 0.08
        for k, left in enumerate((x, x + w[0] - overlap * w.min())):
            boxes.append(torch.stack([left, y[k], left + w[k], y[k] + h[k]]))
    found = torch.stack(boxes)[:number].double() if number else torch.zeros(0, 4, dtype=torch.float64)
    return found, torch.randint(classes, (number,), generator=random)


def detections(truth: Tensor, kinds: Tensor, each: int = 5, noise: float = 0.1, alarms: int = 6,
               size_hw: tuple[int, int] = (320, 480), classes: int = 3, mistakes: float = 0.0,
               missed: float = 0.0, seed: int = 0) -> Scene:  # fmt: skip
    """A scene with `each` noisy detections of each object and `alarms` false ones.

    `mistakes` is the share of detections with a wrong class, `missed` the share of objects without any.
    """
    if each < 0 or alarms < 0 or noise < 0 or not 0 <= mistakes <= 1 or not 0 <= missed <= 1:
        raise ValueError("Numbers and noise are not negative, shares lie between 0 and 1.")
    random, (height, width) = torch.Generator().manual_seed(seed + 7919), size_hw
    m, dtype = len(truth), torch.float64
    size = (truth[:, 2:] - truth[:, :2]).double()
    centre = (truth[:, 2:] + truth[:, :2]).double() / 2
    # Numbers are drawn first and scaled then: a slider of `noise` moves the boxes and does not draw them anew.
    push = torch.randn(m, each, 2, generator=random, dtype=dtype)
    stretch = torch.randn(m, each, 2, generator=random, dtype=dtype)
    luck = torch.rand(m, each, generator=random, dtype=dtype)
    wrong = torch.rand(m, each, generator=random) < mistakes
    seen = torch.rand(m, generator=random) >= missed
    moved = centre[:, None] + noise * push * size[:, None]
    scaled = size[:, None] * torch.exp(noise * stretch)
    fit = torch.exp(-noise * 2.5 * (push.norm(dim=-1) + 0.7 * stretch.norm(dim=-1)))
    scores = (0.97 * fit * (0.75 + 0.25 * luck)).clamp(0.05, 0.99)
    said = torch.where(wrong, (kinds[:, None] + 1) % max(classes, 1), kinds[:, None].expand(m, each))
    boxes = torch.cat([moved - scaled / 2, moved + scaled / 2], -1)[seen].reshape(-1, 4)
    room = torch.tensor([width, height], dtype=dtype)
    at, span = torch.rand(2, alarms, 2, generator=random, dtype=dtype)
    span = room * (0.1 + 0.15 * span)
    at = at * (room - span)
    weak = 0.1 + 0.5 * torch.rand(alarms, generator=random, dtype=dtype) ** 1.5
    boxes = torch.cat([boxes, torch.cat([at, at + span], -1)])
    kinds_said = torch.cat([said[seen].reshape(-1), torch.randint(max(classes, 1), (alarms,), generator=random)])
    scores = (torch.cat([scores[seen].reshape(-1), weak]) * 1000).round() / 1000
    return Scene(truth.double(), kinds, boxes.round(decimals=1), scores, kinds_said)


def joined(scene: Scene, box: Sequence[float], score: float, kind: int) -> Scene:
    """The scene with one more detection, the last one."""
    return Scene(scene.truth, scene.kinds, torch.cat([scene.boxes, torch.tensor([box], dtype=torch.float64)]),
                 torch.cat([scene.scores, torch.tensor([score], dtype=torch.float64)]),
                 torch.cat([scene.classes, torch.tensor([kind])]))  # fmt: skip


def painted(truth: Tensor, glyphs: Sequence[Tensor] | Tensor, size_hw: tuple[int, int] = (320, 480)) -> Tensor:
    """One glyph (1, h, w) of ink 0..1 in each box, as ink on a canvas (H, W)."""
    canvas = torch.zeros(size_hw)
    for (x1, y1, x2, y2), glyph in zip(truth.round().long().tolist(), glyphs, strict=True):
        left, top, right, bottom = max(x1, 0), max(y1, 0), min(x2, size_hw[1]), min(y2, size_hw[0])
        if right <= left or bottom <= top:
            continue
        drawn = interpolate(glyph[None], size=(y2 - y1, x2 - x1), mode="bilinear")[0, 0]
        part = drawn[top - y1 : bottom - y1, left - x1 : right - x1]
        canvas[top:bottom, left:right] = torch.maximum(canvas[top:bottom, left:right], part)
    return canvas


def scattered(aspects: Sequence[float], random: torch.Generator, size_hw: tuple[int, int] = (128, 128),
              sides: tuple[float, float] = (18.0, 54.0), shared: float = 0.25) -> Tensor:  # fmt: skip
    """Whole boxes (n, 4) of these aspects w / h, anywhere on a canvas; the root of their area is drawn from `sides`.

    No box lies with more than the part `shared` of the smaller one on another; one for which there is no place in 20
    tries stands where it covers least.
    """
    height, width = size_hw
    boxes = torch.zeros(0, 4)
    for aspect in aspects:
        low, high = (math.log(side) for side in sides)
        side = torch.exp(low + (high - low) * torch.rand(20, 1, generator=random))
        size = side * torch.tensor([math.sqrt(aspect), 1 / math.sqrt(aspect)])
        size = torch.minimum(size, torch.tensor([width, height]) * 0.9).round()
        corner = (torch.rand(20, 2, generator=random) * (torch.tensor([width, height]) - size)).round()
        tries = torch.cat([corner, corner + size], 1)
        free = (_covered(tries, boxes) - shared).clamp(min=0)
        boxes = torch.cat([boxes, tries[free.argmin()][None]])
    return boxes


def mixed(source: Sequence[tuple[Sequence[Tensor], Tensor]], random: torch.Generator, most: int = 8,
          noise: float = 0.12, size_hw: tuple[int, int] = (128, 128)) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """A canvas of 1 to `most` pictures, their boxes (m, 4) and classes (m,): of the first collection alone, of the
    second, or of both. A collection is pictures (h, w) without margins, and their classes."""
    number, kind = (
        int(torch.randint(1, most + 1, (1,), generator=random)),
        int(torch.randint(3, (1,), generator=random)),
    )
    glyphs, labels = [], []
    for _object in range(number):
        pictures, classes = source[kind if kind < 2 else int(torch.randint(2, (1,), generator=random))]
        i = int(torch.randint(len(pictures), (1,), generator=random))
        glyphs.append(pictures[i][None] * (0.6 + 0.4 * torch.rand(1, generator=random)))
        labels.append(int(classes[i]))
    stretch = torch.exp(0.12 * torch.randn(number, generator=random)).tolist()
    truth = scattered([g.shape[2] / g.shape[1] * s for g, s in zip(glyphs, stretch, strict=True)], random, size_hw)
    canvas = painted(truth, glyphs, size_hw)
    grain = noise * torch.rand(1, generator=random) * torch.randn(size_hw, generator=random)
    return (canvas + grain).clamp(0, 1), truth, torch.tensor(labels)


def _covered(tries: Tensor, boxes: Tensor) -> Tensor:
    """The largest part of the smaller box that each of n boxes shares with any of m others: (n,)."""
    if not len(boxes):
        return torch.zeros(len(tries))
    low = torch.maximum(tries[:, None, :2], boxes[:, :2])
    high = torch.minimum(tries[:, None, 2:], boxes[:, 2:])
    area = [(b[:, 2:] - b[:, :2]).prod(1) for b in (tries, boxes)]
    both = (high - low).clamp(min=0).prod(-1)
    return (both / torch.minimum(area[0][:, None], area[1])).amax(1)


def cut(picture: Tensor, least: float = 0.1) -> Tensor:
    """A picture (h, w) without its empty margins: the ink fills what is left."""
    rows, columns = (picture > least).any(1).nonzero().flatten(), (picture > least).any(0).nonzero().flatten()
    if not len(rows):
        raise ValueError(f"The picture has no ink above {least}.")
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
