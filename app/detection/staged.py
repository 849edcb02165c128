"""Two stages on a page: the proposals of each way, what RoI align cuts out of the scene, what the classifier says."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from app import models
from app.code import Call, Script
from app.controls import frozen
from app.detection import seeing
from app.figures import palette
from app.figures.axes import columns
from app.figures.picture import Table
from app.figures.plot import Plot, layout, line, short
from app.i18n import gettext as _
from core import anchors, boxes, cnn, detector, proposals, regions, suppress

LISTED, MOST = 12, 60


def ways() -> dict[str, str]:
    return {"learnt": _("Learnt (RPN)"), "merged": _("Merged ink"), "windows": _("Sliding window")}


def proposed(now: Mapping[str, Any], way: str, most: int) -> proposals.Proposed:
    """At most so many of a scene; the two ways that learn nothing are as sure of one as of the other."""
    every = _proposed(frozen(now, seeing.LAYS), way)
    return proposals.Proposed(every.boxes[:most], every.scores[:most])


@lru_cache(24)
def _proposed(key: seeing.Settings, way: str) -> proposals.Proposed:
    """The first 60: fewer are the beginning of these, whatever the way."""
    canvas, seed, most = seeing.laid(dict(key)).canvas, dict(key)["which"], MOST
    if way == "learnt":
        found = detector.objects(seeing.weights(), canvas, seeing.places(), anchors.decode)
        return proposals.best(found, boxes.iou, most=most)
    made = proposals.merged(canvas) if way == "merged" else proposals.windows(seeing.places(), seed)
    return proposals.unranked(made, most)


@dataclass(frozen=True)
class Read:
    """What the second stage makes of the proposals."""

    first: proposals.Proposed
    crops: Tensor  # (n, 28, 28)
    probabilities: Tensor  # (n, 10)
    kinds: Tensor  # (n,)
    scores: Tensor  # (n,)
    kept: Tensor  # (n,) bool: sure enough, and left by suppression


def kind_of(now: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pictures are all of the data set whose classifier reads them."""
    first = 10 if now["data"] == "fashion" else 0
    return {**now, **{f"o{i}": str(int(now[f"o{i}"]) % 10 + first) for i in range(1, seeing.MOST + 1)}}


READS = seeing.LAYS | {"way", "most", "data", "context", "shape", "confidence", "t"}


def read(now: Mapping[str, Any]) -> tuple[seeing.Laid, Read]:
    """The scene, and all that becomes of it; worked out once for all figures of a move."""
    return _read(frozen(now, READS))


@lru_cache(8)
def _read(key: seeing.Settings) -> tuple[seeing.Laid, Read]:
    now = kind_of(dict(key))
    laid = seeing.laid(now)
    first = proposed(now, now["way"], now["most"])
    asked = proposals.around(first.boxes, now["context"], now["shape"] == "square")
    cut = proposals.crops(laid.canvas, asked, regions.roi_align)
    p = cnn.predict(models.classifier(now["data"]), cut) if len(cut) else torch.zeros(0, cnn.CLASSES)
    sure, kinds = p.max(1)
    scores = sure * first.scores
    left = suppress.suppress("classes", first.boxes, scores, kinds, boxes.iou, now["t"], floor=now["confidence"])
    return laid, Read(first, cut, p, kinds, scores, left.kept)


def readings(**now: Any) -> Table:
    """The first proposals: what is in them."""
    _laid, r = read(now)
    names = models.class_names(now["data"])
    rows = proposals.readings(r.first.boxes, r.first.scores, r.probabilities)[:LISTED]
    cells = [[f"{place}. {names[kind]}", short(score, 3), short(p, 3), *(short(v, 1) for v in box),
              _("stays") if r.kept[place - 1] else "–"] for place, box, score, kind, p in rows]  # fmt: skip
    titles = [
        _("read as"),
        _("object?"),
        _("probability of the class"),
        "x1",
        "y1",
        "x2",
        "y2",
        _("in the end"),
    ]
    return Table(titles, cells, _("The first proposals and what is read in them"))


def reached(scene: Mapping[str, Any]) -> dict[str, Tensor]:
    """Way by way the share of objects that 0, 1, 2, … proposals reach. All three ways: not under the hand."""
    shares, truth = {}, seeing.laid(scene).truth
    for way in ways():
        first = proposed(scene, way, MOST).boxes
        share = proposals.recall(boxes.pairwise(first, truth)) if len(first) else torch.zeros(1)
        shares[way] = torch.cat([torch.zeros(1), share])
    return shares


def scene_of(now: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that `reached` depends on."""
    return dict(frozen(kind_of(now), seeing.LAYS))


def reach(most: int, shares: Mapping[str, Tensor]) -> Plot:
    """How many objects each way has found after so many proposals."""
    data = []
    for i, (way, name) in enumerate(ways().items()):
        share = torch.cat([shares[way], shares[way][-1:]])  # flat after the last
        x = torch.cat([torch.arange(float(len(share) - 1)), torch.tensor([float(MOST)])])
        data.append(line(x, share, name, *palette.style(i)[:1], dash=palette.DASHES[i], width=3))
    data.append(line(torch.full((2,), float(most)), torch.tensor([0.0, 1.05]), "", palette.ACCENT, dash="dot",
                     legend=False))  # fmt: skip
    grid = columns([_("objects reached")], (0, MOST), [(0, 1.06)], below=_("proposals (IoU from 0.5)"))
    return Plot(data, layout(**grid), _("Objects reached against the number of proposals"))


def script(now: Mapping[str, Any]) -> Script:
    """What is read in each proposal."""
    picture, most = seeing.written(seeing.laid(kind_of(now)).canvas), now["most"]
    if now["way"] == "learnt":
        asked = {"net": seeing.net(), "picture": picture, "anchors": seeing.PLACES, "decode": anchors.decode}
        first = Call(proposals.best, {"found": Call(detector.objects, asked), "iou": boxes.iou, "most": most})
    elif now["way"] == "merged":
        first = Call(proposals.unranked, {"boxes": Call(proposals.merged, {"picture": picture}), "most": most})
    else:
        tried = Call(proposals.windows, {"anchors": seeing.PLACES, "seed": now["which"]})
        first = Call(proposals.unranked, {"boxes": tried, "most": most})
    net = Call(cnn.unpacked, {"text": models.as_text(now["data"])})
    return proposals.both_stages, (), {
        "picture": picture, "first": first, "context": now["context"], "square": now["shape"] == "square",
        "align": regions.roi_align, "predict": cnn.predict, "net": net}  # fmt: skip
