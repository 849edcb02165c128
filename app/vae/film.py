"""A way through the latent plane as a GIF: the plane with the way at the left, the decoded picture at the right."""

import io
from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image, ImageDraw

from app.figures import palette
from app.figures.picture import to_bytes
from app.vae import models
from app.vae.pad import REACH, STEPS, Pad, corners
from core import latent

SIDE, SECONDS, LINGER_MS = 308, 5.0, 1200


def walked(pad: Pad, now: Mapping[str, Any]) -> bytes:
    """One frame for each place on the way."""
    places = latent.through(corners(now), STEPS + 1)
    pictures, plane = pad.decode(places), _plane(pad)
    way = _pixels(places)
    frames = []
    for i, made in enumerate(pictures):
        frame = plane.copy()
        pen = ImageDraw.Draw(frame)
        pen.line(way, palette.INK, 3)
        x, y = way[i]
        pen.ellipse((x - 7, y - 7, x + 7, y + 7), palette.ACCENT, palette.INK)
        large = Image.fromarray(to_bytes(made)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        frame.paste(large.convert("RGB"), (SIDE + 8, 0))
        frames.append(frame)
    every_grey = frames[0].copy()  # the palette of one picture would tear the greys of the others
    every_grey.paste(Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB"), (SIDE + 8, 0))
    common, file = every_grey.quantize(256), io.BytesIO()
    images = [frame.quantize(palette=common, dither=Image.Dither.NONE) for frame in frames]
    pause = round(1000 * SECONDS / len(images))
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], loop=0,
                   duration=[pause] * (len(images) - 1) + [LINGER_MS])  # fmt: skip
    return file.getvalue()


def _plane(pad: Pad) -> Image.Image:
    """The held-back pictures as dots in the colours of their classes, and room beside them."""
    paper = Image.new("RGB", (2 * SIDE + 8, SIDE), palette.PAPER[0])
    pen = ImageDraw.Draw(paper)
    places, labels = pad.plane.project(pad.model.codes()[0]), models.held_back(pad.model.data)[1]
    for (x, y), c in zip(_pixels(places), labels.tolist(), strict=True):
        if x < SIDE - 2:
            pen.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), palette.TEN[c])
    return paper


def _pixels(places: torch.Tensor) -> list[tuple[float, float]]:
    """Places (N, 2) of the plane -> pixels of the left square."""
    at = (places * torch.tensor([1.0, -1.0]) / REACH + 1) * SIDE / 2
    return [(x, y) for x, y in at.tolist()]
