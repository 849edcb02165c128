"""The trained detector on a page: its weights, the canvas that the visitor lays out, and what becomes of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from app import models
from app.code import Call, Script, Verbatim, long_text
from app.controls import Controls, frozen
from app.figures import frames
from app.i18n import gettext as _
from app.live.component import Handle
from core import anchors, boxes, detector, drawing, precision, scenes, suppress

Begin = Sequence[tuple[int, int, int, int, int]]
Settings = tuple[tuple[str, Any], ...]
MOST = 5  # objects that a visitor may place
SMALLEST = 4  # pixels that each is wide and high at least
# class, middle and size of each; a picture of the class is squeezed into the box
BEGIN = (
    (3, 24, 34, 30, 44),
    (8, 53, 38, 28, 44),
    (17, 98, 28, 50, 26),
    (10, 36, 95, 44, 50),
    (7, 96, 90, 28, 46),
)
DIGITS = (
    (3, 24, 34, 30, 44),
    (8, 55, 38, 28, 44),
    (5, 96, 30, 30, 42),
    (0, 36, 95, 38, 48),
    (7, 94, 92, 28, 46),
)
JUDGED = 40  # held-back scenes that the page itself counts on


@lru_cache
def weights() -> dict[str, Tensor]:
    return {n: w.float() for n, w in load_file(models.MODELS / "detector.safetensors").items()}


@lru_cache
def noted() -> dict[str, Any]:
    """What the training wrote down."""
    told: dict[str, Any] = json.loads((models.MODELS / "detector.json").read_text())
    return told


@lru_cache
def places() -> Tensor:
    """All anchors."""
    found: Tensor = PLACES()
    return found


PLACES = Call(anchors.grid, {"size_hw": (detector.CANVAS,) * 2, "stride": detector.STRIDE,
                             "scales": detector.SCALES, "ratios": detector.RATIOS})  # fmt: skip


@lru_cache
def _weights_text() -> Verbatim:
    return long_text(detector.as_weights_text(weights()))


def class_names() -> list[str]:
    return [*models.class_names("digits"), *models.class_names("fashion")]


def net() -> Call:
    """The network as a script carries it: all weights, written out."""
    return Call(detector.from_weights_text, {"text": _weights_text()})


# --- what the visitor places ---


def ask(lab: Controls, names: Sequence[str], begin: Begin = BEGIN) -> list[Handle]:
    """Which pictures stand where; the handles that drag them."""
    titles, handles = dict(zip(map(str, range(len(names))), names, strict=True)), []
    for i, (kind, x, y, w, h) in enumerate(begin, 1):
        title = _("Picture {n}").format(n=i)
        lab.choice(f"o{i}", title, titles, str(kind % len(names)))
        handles.append(frames.ask(lab, f"b{i}", title, (x, y, w, h), detector.CANVAS, SMALLEST))
    return [handle for pair in handles[: lab.values["number"]] for handle in pair]


@lru_cache(600)
def _picture(kind: int, which: int) -> Tensor:
    """One of the held-back pictures of a class, without its margins."""
    pictures, labels = models.held_back("digits" if kind < 10 else "fashion")
    mine = (labels == kind % 10).nonzero().flatten()
    return scenes.cut(pictures[mine[which % len(mine)]])


@dataclass(frozen=True)
class Laid:
    """The canvas of the visitor."""

    canvas: Tensor  # (128, 128)
    truth: Tensor  # (m, 4)
    kinds: Tensor  # (m,)


LAYS = frozenset({"number", "noise", "which"} | {f"b{i}_{part}" for i in range(1, MOST + 1) for part in "xywh"}
                 | {f"o{i}" for i in range(1, MOST + 1)})  # fmt: skip


def laid(now: Mapping[str, Any]) -> Laid:
    """The canvas of these settings; shared by all figures, to be read only."""
    return _laid(frozen(now, LAYS))


@lru_cache(32)
def _laid(key: Settings) -> Laid:
    """Boxes stand on whole pixels."""
    now = dict(key)
    truth, kinds, glyphs = [], [], []
    for i in range(1, now["number"] + 1):
        x, y, w, h = (now[f"b{i}_{part}"] for part in "xywh")
        left, top = round(x - w / 2), round(y - h / 2)
        truth.append([left, top, left + w, top + h])
        kinds.append(int(now[f"o{i}"]))
        glyphs.append(_picture(kinds[-1], now["which"])[None])
    where = torch.tensor(truth, dtype=torch.float32).reshape(-1, 4)
    canvas = scenes.painted(where, glyphs, (detector.CANVAS,) * 2)
    grain = torch.randn(canvas.shape, generator=torch.Generator().manual_seed(now["which"]))
    canvas = (canvas + now["noise"] * grain).clamp(0, 1)
    return Laid((canvas * 255).round() / 255, where, torch.tensor(kinds, dtype=torch.long))


# --- what the network says ---


@dataclass(frozen=True)
class Seen:
    """All that becomes of a canvas, stage by stage."""

    every: detector.Found  # each anchor
    objectness: Tensor  # (n,) 0..1
    sure: detector.Found  # after the cut
    verdict: suppress.Verdict


@lru_cache(16)
def _said(key: Settings) -> tuple[detector.Found, Tensor]:
    """Every anchor of a canvas, and its objectness: the network runs once for each move, not for each figure."""
    with torch.no_grad():
        said = detector.judge(weights(), _laid(key).canvas[None])
    return detector.read(said, places(), anchors.decode), said.objectness[0].sigmoid()


def seen(now: Mapping[str, Any]) -> Seen:
    return _seen(frozen(now, LAYS), now["confidence"], now["t"], now["rule"])


@lru_cache(16)
def _seen(key: Settings, confidence: float, t: float, rule: str) -> Seen:
    every, objectness = _said(key)
    some = detector.sure(every, confidence)
    found = suppress.suppress(rule, some.boxes, some.scores, some.classes, boxes.iou, t, floor=confidence)
    return Seen(every, objectness, some, found)


def script(now: Mapping[str, Any]) -> Script:
    """The whole way of the canvas; the weights stand in the script once."""
    at = laid(now)
    return detector.report, (), {
        "net": net(), "picture": written(at.canvas), "anchors": PLACES, "decode": anchors.decode,
        "suppress": suppress.suppress, "iou": boxes.iou, "rule": now["rule"], "confidence": now["confidence"],
        "threshold": now["t"], "truth": Verbatim(f"torch.tensor({at.truth.tolist()}).reshape(-1, 4)"),
        "kinds": Verbatim(f"torch.tensor({at.kinds.tolist()}, dtype=torch.long)")}  # fmt: skip


def written(canvas: Tensor) -> Call:
    """The canvas as a script carries it."""
    return Call(drawing.from_text, {"text": drawing.as_text(canvas), "width": detector.CANVAS})


# --- how good it is on pictures that it has never seen ---


@lru_cache
def _held_back_scenes() -> list[tuple[detector.Found, Tensor, Tensor, Tensor]]:
    """What is said of each, the overlaps of that, the true boxes and classes."""
    random, made = torch.Generator().manual_seed(2), []
    source = [([_picture(k, i) for k in range(first, first + 10) for i in range(20)],
               torch.arange(first, first + 10).repeat_interleave(20)) for first in (0, 10)]  # fmt: skip
    for _scene in range(JUDGED):
        canvas, truth, kinds = scenes.mixed(source, random)
        found = detector.detect(weights(), canvas, places(), anchors.decode, 0.05)
        made.append((found, boxes.pairwise(found.boxes, found.boxes), truth, kinds))
    return made


def judged(t: float, rule: str) -> tuple[precision.Curve, float, int]:
    """Over the scenes: the curve of all classes together, the mean of their APs, and how many objects there are.

    It takes most of a second: for lab.compute, never for a live figure."""
    of = []
    for found, pairs, truth, kinds in _held_back_scenes():
        verdict = suppress.suppress(
            rule, found.boxes, found.scores, found.classes, boxes.iou, t, floor=0.05, pairs=pairs
        )
        kept = verdict.kept
        of.append((verdict.boxes[kept], verdict.score[kept], found.classes[kept], truth, kinds))
    matched, scores = precision.together([precision.match(*one) for one in of], [one[1] for one in of])
    objects = sum(len(one[3]) for one in of)
    return precision.curve(matched, scores, objects), precision.over_scenes(of)[-1][-1], objects
