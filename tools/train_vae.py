"""Trains the autoencoders that the pages walk through: python -m tools.train_vae [--measure] [name …]

The first 8,000 pictures train, the last 2,000 are held back. Writes assets/models/vae/<name>.safetensors (16-bit) and
notes seed, time, losses and how well the shipped classifier reads the reconstructions in assets/models/vae.json.
With --measure the shipped weights are only measured again.
One thread, and the random numbers of a step depend on seed and step alone: the same machine gives the same weights.
"""

import json
import sys
import time
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from app import models
from app.models import HELD_BACK, MODELS
from app.vae.models import SHIPPED, Shipped, everything, held_back, network
from core import cnn, vae

EPOCHS, BATCH, RATE, SEED = 50, 64, 3e-3, 0
NOTES = MODELS / "vae.json"


def train(made: Shipped) -> dict[str, Any]:
    """Adam, the rate falling to 0 along a cosine; the weights end as 16-bit numbers and are measured as such."""
    pictures, labels = everything(made.data)
    x, y = pictures[:-HELD_BACK], labels[:-HELD_BACK]
    total = EPOCHS * (len(x) // BATCH)
    how = {
        "pictures": x,
        "labels": y,
        "beta": made.beta,
        "lr": RATE,
        "batch": BATCH,
        "total": total,
        "noise": made.noise,
    }
    start = vae.begin(made.latent, made.classes, made.beta == 0, seed=SEED)
    losses, since, used = [], time.perf_counter(), time.process_time()
    told: list[tuple[float, ...]] = []
    for state in vae.rounds(start, total, how):
        told.append((state.told[0], sum(state.told[1:])))
        if len(told) == total // EPOCHS:
            rec, kl = (round(sum(parts) / len(told), 2) for parts in zip(*told, strict=True))
            losses.append(rec if made.beta == 0 else [rec, kl])
            told = []
    weights = {n: w.half().contiguous() for n, w in state.net.items()}
    (MODELS / "vae").mkdir(exist_ok=True)
    save_file(weights, MODELS / "vae" / f"{made.name}.safetensors")
    kept = {n: w.float() for n, w in weights.items()}
    return {
        "data": made.data, "latent": made.latent, "beta": made.beta, "noise": made.noise,
        "conditional": bool(made.classes),
        "seed": SEED, "epochs": EPOCHS, "batch": BATCH, "rate": RATE, "torch": torch.__version__,
        "trained_on": len(x), "held_back": HELD_BACK, "parameters": sum(w.numel() for w in weights.values()),
        "seconds": round(time.perf_counter() - since), "cpu_seconds": round(time.process_time() - used),
        "losses": losses[::10] + losses[-1:], **measured(made, kept, pictures[-HELD_BACK:], labels[-HELD_BACK:]),
    }  # fmt: skip


def measured(made: Shipped, net: vae.Weights, pictures: Tensor, labels: Tensor, judged: bool = True) -> dict[str, Any]:
    """On the held-back pictures: reconstruction at z = μ and KL in nats, and how the classifier reads that x̂.

    "sampled" is the reconstruction averaged over draws of z: with the KL, the negative ELBO.
    """
    told = labels if made.classes else None
    with torch.no_grad():
        mu, logvar = vae.encode(net, pictures, told)
        logits = vae.decode(net, mu, told)
        found = {"reconstruction": round(vae.bernoulli(logits, pictures).mean().item(), 3),
                 "kl": [round(v, 4) for v in vae.kl(mu, logvar).mean(0).tolist()] if made.beta else None}  # fmt: skip
    if judged and made.beta:
        found["sampled"] = round(vae.report(net, pictures, labels=told).reconstruction, 3)
    if judged and made.data != "shapes":
        judge = models.classifier(made.data)
        found["accuracy_pictures"] = round(cnn.accuracy(judge, pictures, labels), 4)
        found["accuracy_reconstructions"] = round(cnn.accuracy(judge, logits.sigmoid(), labels), 4)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    again = "--measure" in sys.argv
    for name in [name for name in sys.argv[1:] if name != "--measure"] or list(SHIPPED):
        notes = json.loads(NOTES.read_text()) if NOTES.exists() else {}
        made = SHIPPED[name]
        if again:
            pictures, labels = held_back(made.data)
            result = notes[name] | measured(made, network(name), pictures, labels)
        else:
            result = train(made)
        notes[name] = result
        NOTES.write_text(json.dumps({n: notes[n] for n in SHIPPED if n in notes}, indent=2) + "\n")
        print(name, {n: v for n, v in result.items() if n != "losses"}, flush=True)
