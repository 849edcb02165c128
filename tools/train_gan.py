"""Trains the small GANs of the page of pictures: python -m tools.train_gan [digits] [fashion] [digits-plain] …

The rounds are those of the page (core/gan_pictures.py); "plain" ones are not told the classes. The first 8,000
pictures train, the last 2,000 are held back: FID and 1-NN are measured against those. Writes
assets/models/gan-<name>.safetensors (16-bit: the average of G, and D) and notes seed, rates, time and measures in
assets/models/gan.json. The same seed gives the same weights on the same machine.
"""

import json
import sys
import time

import torch
from safetensors.torch import save_file

from app.gan import pictures
from app.models import MODELS
from core import gan_losses, gan_pictures

ROUNDS, LOSS, RATE, SEED = 3000, "hinge", 1e-3, 0
SAID = 500  # rounds between two measures


def train(name: str) -> dict[str, object]:
    """Both rates fall to nothing over the second half."""
    data, _, plain = name.partition("-")
    state = gan_pictures.untrained(pictures.Album(data), not plain, SEED)
    loss, told, begun = gan_losses.chosen_loss(LOSS), [], time.process_time()
    for n in range(ROUNDS):
        rate = RATE * min(1.0, 2 * (1 - n / ROUNDS))
        state = gan_pictures.step(state, {"loss": loss, "lr_g": rate, "lr_d": rate})
        if state.step % SAID == 0:
            scores = pictures.observe(state).scores
            told.append([state.step, round(scores.fid, 4), round(scores.nn, 3)])
            print(name, *told[-1], f"{time.process_time() - begun:.0f} s", flush=True)
    weights = {"g": state.average.half(), "d": state.d.half()}
    save_file(weights, MODELS / f"gan-{name}.safetensors")
    kept = pictures.observe(pictures.trained(data, not plain, SEED)).scores
    return {
        "seed": SEED, "rounds": ROUNDS, "loss": LOSS, "rate": RATE, "batch": gan_pictures.SETTINGS["batch"],
        "torch": torch.__version__, "parameters_g": len(state.g), "parameters_d": len(state.d),
        "seconds": round(time.process_time() - begun), "step_fid_1nn": told,
        "fid": round(kept.fid, 4), "nn": round(kept.nn, 3),
        "asked": round(kept.asked, 3) if plain == "" else None, "classes": round(kept.classes, 2),
    }  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    notes = MODELS / "gan.json"
    for name in sys.argv[1:] or ["digits", "fashion", "digits-plain", "fashion-plain"]:
        made = train(name)
        told = json.loads(notes.read_text()) if notes.exists() else {}
        notes.write_text(json.dumps({**told, name: made}, indent=2) + "\n")
        print(name, made)
