"""Trains the two small networks that the pages look into: python -m tools.train_cnn [digits] [fashion]

The first 8,000 pictures train, the last 2,000 are held back. Writes assets/models/<name>.safetensors (16-bit) and
notes seed, time, losses and accuracy in assets/models/training.json. The same seed gives the same weights on the
same machine.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from app.images import collection
from app.models import HELD_BACK, MODELS
from core import cnn

EPOCHS, BATCH, RATE, DECAY, SEED = 30, 64, 4e-3, 1e-4, 0
SHIFT = {"digits": 2, "fashion": 1}  # pixels; clothes fill their pictures


def moved(pictures: Tensor, most: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """Each picture shifted by a few pixels; clothes may be seen from the other side, digits may not."""
    n = len(pictures)
    down, right = torch.randint(-most, most + 1, (2, n, 1), generator=generator)
    rows = (torch.arange(cnn.SIDE) + 2 + down)[:, :, None]
    columns = (torch.arange(cnn.SIDE) + 2 + right)[:, None, :]
    seen = F.pad(pictures, (2, 2, 2, 2))[torch.arange(n)[:, None, None], rows, columns]
    if not mirror:
        return seen
    turned = torch.rand(n, generator=generator) < 0.5
    return torch.where(turned[:, None, None], seen.flip(2), seen)


def train(name: str) -> dict[str, object]:
    """Adam, one cycle of the rate; the weights end as 16-bit numbers and are measured as such."""
    pictures, labels = collection(name)
    pictures = pictures[:, 0]
    x, y = pictures[:-HELD_BACK], labels[:-HELD_BACK]
    generator = torch.Generator().manual_seed(SEED)
    net = {n: w.requires_grad_() for n, w in cnn.init(SEED).items()}
    steps = EPOCHS * (len(x) // BATCH)
    rule = torch.optim.AdamW(net.values(), lr=RATE, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(rule, RATE, total_steps=steps)
    losses, start = [], time.perf_counter()
    for epoch in range(EPOCHS):
        total, order = 0.0, torch.randperm(len(x), generator=generator)
        for batch in order[: len(x) // BATCH * BATCH].split(BATCH):
            logits = cnn.forward(net, moved(x[batch], SHIFT[name], name == "fashion", generator)).logits
            loss = F.cross_entropy(logits, y[batch])
            rule.zero_grad()
            loss.backward()
            rule.step()
            cycle.step()
            total += loss.item()
        losses.append(round(total / (len(x) // BATCH), 4))
        print(f"{name}: epoch {epoch + 1}, loss {losses[-1]}, {time.perf_counter() - start:.0f} s", flush=True)
    weights = {n: w.detach().half().contiguous() for n, w in net.items()}
    save_file(weights, MODELS / f"{name}.safetensors")
    kept = {n: w.float() for n, w in weights.items()}
    return {
        "seed": SEED, "epochs": EPOCHS, "batch": BATCH, "rate": RATE, "torch": torch.__version__,
        "trained_on": len(x), "held_back": HELD_BACK, "parameters": sum(cnn.parameters().values()),
        "seconds": round(time.perf_counter() - start), "losses": losses,
        "accuracy_trained": round(cnn.accuracy(kept, x, y), 4),
        "accuracy_held_back": round(cnn.accuracy(kept, pictures[-HELD_BACK:], labels[-HELD_BACK:]), 4),
    }  # fmt: skip


if __name__ == "__main__":
    MODELS.mkdir(parents=True, exist_ok=True)
    notes = MODELS / "training.json"
    told = json.loads(notes.read_text()) if notes.exists() else {}
    for name in sys.argv[1:] or ["digits", "fashion"]:
        told[name] = train(name)
        notes.write_text(json.dumps(told, indent=2) + "\n")
        print(name, told[name])
