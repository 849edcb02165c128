"""Trains the small detector that the pages look into: python -m tools.train_detector [figures]

Scenes are laid out anew for each batch: up to eight digits and garments on a canvas of 128 × 128, from the first 8,000
pictures of each collection. The last 2,000 are held back; 400 scenes made of them give the figures, and the first 40
one that the tests work out again (`figures` alone measures the shipped weights on these). Writes
assets/models/detector.safetensors (16-bit) and assets/models/detector.json. The same seed gives the same weights on
the same machine.
"""

import json
import sys
import time
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from app.images import collection
from app.models import HELD_BACK, MODELS
from core import anchors, boxes, detector, precision, scenes, suppress

SEED, STEPS, BATCH, RATE, DECAY = 0, 3000, 16, 6e-3, 5e-4
HIGH, LOW, GAMMA, ALPHA = 0.5, 0.4, 2.0, 0.5
MOST_OBJECTS, NOISE = 8, 0.12
CONFIDENCE, IOU, SCENES, FIRST = 0.02, 0.45, 400, 40  # of the figures
Scene = tuple[Tensor, Tensor, Tensor]  # canvas (128, 128), boxes (m, 4), classes (m,)


def collections(held_back: bool) -> list[tuple[list[Tensor], Tensor]]:
    """Digits and garments without their margins, and their classes 0 to 19."""
    part = slice(-HELD_BACK, None) if held_back else slice(None, -HELD_BACK)
    made = []
    for first, name in ((0, "digits"), (10, "fashion")):
        pictures, labels = collection(name)
        made.append(([scenes.cut(p) for p in pictures[part, 0]], labels[part] + first))
    return made


def network(seed: int) -> nn.Sequential:
    """The convolutions with batch normalisation behind each, which is folded into them afterwards."""
    torch.manual_seed(seed)  # a process of its own: nobody shares it
    layers: list[nn.Module] = []
    for name, (into, out, k, stride, dilation) in detector.CONVOLUTIONS.items():
        last = name == "head"
        layers.append(nn.Conv2d(into, out, k, stride, k // 2 * dilation, dilation, bias=last))
        layers += [] if last else [nn.BatchNorm2d(out), nn.ReLU()]
    head = layers[-1]
    assert isinstance(head, nn.Conv2d) and head.bias is not None
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    with torch.no_grad():  # at first nothing is an object: RetinaNet's prior of 0.01
        head.bias[:: detector.OUTPUTS] = -4.6
    return nn.Sequential(*layers)


def folded(model: nn.Sequential) -> dict[str, Tensor]:
    """γ (w x − μ) / √(v + ε) + β as one convolution."""
    convs = [m for m in model if isinstance(m, nn.Conv2d)]
    norms = [m for m in model if isinstance(m, nn.BatchNorm2d)]
    made: dict[str, Tensor] = {}
    for i, (name, conv) in enumerate(zip(detector.CONVOLUTIONS, convs, strict=True)):
        if i == len(norms):
            assert conv.bias is not None
            made |= {f"{name}.weight": conv.weight.detach(), f"{name}.bias": conv.bias.detach()}
            continue
        norm = norms[i]
        assert norm.running_mean is not None and norm.running_var is not None
        factor = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
        made[f"{name}.weight"] = conv.weight.detach() * factor[:, None, None, None]
        made[f"{name}.bias"] = norm.bias.detach() - norm.running_mean * factor
    return made


def loss(said: detector.Said, batch: list[Scene], places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Objectness by the focal loss, class and offsets of the positive anchors; each over the number of these."""
    found = [anchors.assign(boxes.pairwise(places, truth), HIGH, LOW) for _canvas, truth, _labels in batch]
    kind = torch.stack([one.kind for one in found])
    positive = kind == anchors.POSITIVE
    each = anchors.focal(said.objectness, kind.clamp(min=0), GAMMA, ALPHA) * (kind != anchors.IGNORED)
    goals, labels = [], []
    for one, (_canvas, truth, classes) in zip(found, batch, strict=True):
        at = one.kind == anchors.POSITIVE
        goals.append(anchors.encode(truth[one.object[at]], places[at]))
        labels.append(classes[one.object[at]])
    goal, label = torch.cat(goals), torch.cat(labels)
    parts = (each.sum(), F.cross_entropy(said.classes[positive], label, reduction="sum"),
             F.smooth_l1_loss(said.offsets[positive], goal, reduction="sum", beta=0.1))  # fmt: skip
    objectness, kinds, offsets = (part / len(goal) for part in parts)
    return objectness, kinds, offsets


Judged = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


def judge(net: detector.Weights, places: Tensor, number: int) -> list[Judged]:
    """What is left of the first scenes of pictures that were held back, and what there is."""
    random, source = torch.Generator().manual_seed(SEED + 1), collections(held_back=True)
    judged = []
    for _scene in range(number):
        canvas, truth, labels = scenes.mixed(source, random, MOST_OBJECTS, NOISE)
        found = detector.detect(net, canvas, places, anchors.decode, CONFIDENCE)
        kept = suppress.suppress("classes", found.boxes, found.scores, found.classes, boxes.iou, IOU, floor=0).kept
        judged.append((found.boxes[kept], found.scores[kept], found.classes[kept], truth, labels))
    return judged


def first(judged: list[Judged]) -> dict[str, float]:
    """Of a few scenes only, exactly: what the tests work out again."""
    return {"scenes": FIRST, "AP50": round(precision.over_scenes(judged[:FIRST])[-1][-1], 6)}


def figures(net: detector.Weights, places: Tensor) -> dict[str, object]:
    """AP on all the scenes."""
    judged = judge(net, places, SCENES)
    rows = {t: precision.over_scenes(judged, t)[-1][-1] for t in precision.COCO_THRESHOLDS}
    return {"AP50": round(rows[0.5], 4), "AP75": round(rows[precision.COCO_THRESHOLDS[5]], 4),
            "AP": round(sum(rows.values()) / len(rows), 4), "first": first(judged)}  # fmt: skip


def train() -> dict[str, object]:
    torch.set_num_threads(1)
    model = network(SEED).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    random, source = torch.Generator().manual_seed(SEED), collections(held_back=False)
    places = anchors.grid((detector.CANVAS,) * 2, detector.STRIDE, detector.SCALES, detector.RATIOS)
    rule = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(rule, RATE, total_steps=STEPS)
    losses, sums, start = [], torch.zeros(3), time.perf_counter()
    for step in range(1, STEPS + 1):
        batch = [scenes.mixed(source, random, MOST_OBJECTS, NOISE) for _scene in range(BATCH)]
        parts = loss(detector.spread(model(torch.stack([c for c, *_rest in batch])[:, None])), batch, places)
        rule.zero_grad()
        sum(parts).backward()  # type: ignore[union-attr]
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        rule.step()
        cycle.step()
        sums += torch.stack(parts).detach()
        if step % (STEPS // 30) == 0:
            losses.append([round(v, 4) for v in (sums / (STEPS // 30)).tolist()])
            sums.zero_()
            print(f"step {step}, {time.perf_counter() - start:.0f} s: {losses[-1]}", flush=True)
            weights = {n: w.half().contiguous() for n, w in folded(model).items()}
            save_file(weights, MODELS / "detector.safetensors")
    seconds = round(time.perf_counter() - start)
    return {
        "seed": SEED, "steps": STEPS, "batch": BATCH, "rate": RATE, "torch": torch.__version__, "seconds": seconds,
        "trained_on": "digits and fashion, the first 8000 of each", "held_back": HELD_BACK,
        "parameters": sum(w.numel() for w in weights.values()),
        "losses": {"of": ["objectness", "class", "offsets"], "means": losses},
        "judged": {"scenes": SCENES, "confidence": CONFIDENCE, "nms_iou": IOU}
        | figures({n: w.float() for n, w in weights.items()}, places),
    }  # fmt: skip


def measured() -> dict[str, Any]:
    """What was told of the shipped weights, with the figure of the first scenes anew."""
    torch.set_num_threads(1)
    told: dict[str, Any] = json.loads((MODELS / "detector.json").read_text())
    net = {n: w.float() for n, w in load_file(MODELS / "detector.safetensors").items()}
    places = anchors.grid((detector.CANVAS,) * 2, detector.STRIDE, detector.SCALES, detector.RATIOS)
    told["judged"]["first"] = first(judge(net, places, FIRST))
    return told


if __name__ == "__main__":
    told = measured() if sys.argv[1:] == ["figures"] else train()
    (MODELS / "detector.json").write_text(json.dumps(told, indent=2) + "\n")
    print(told["judged"])
