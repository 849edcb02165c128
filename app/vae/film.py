"""Walks as GIFs: a way through the latent plane with the decoded picture, and three ways between two pictures."""

from collections.abc import Mapping
from typing import Any

import torch
from PIL import Image, ImageDraw

from app.figures import palette
from app.figures.film import LEGEND, font, gif
from app.figures.picture import to_bytes
from app.vae import models
from app.vae.between import WAYS, Pair, way_names
from app.vae.pad import REACH, STEPS, Pad, corners
from core import latent

SIDE, WIDE, SECONDS, GREYS, LINGER_MS = 308, 160, 5.0, 48, 1200


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
    return gif(frames, every_grey.quantize(256), SECONDS, LINGER_MS)


def morphed(pair: Pair, n: int = 25) -> bytes:
    """Straight, over the great circle, and as a blend of pixels, side by side; there and back again."""
    names, t, frames = way_names(), torch.linspace(0, 1, n), []
    made = {how: pair.at(how, t) for how in WAYS}
    paper = Image.new("RGB", (3 * WIDE + 16, WIDE + LEGEND), palette.PAPER[0])
    pen = ImageDraw.Draw(paper)
    for k, (how, color) in enumerate(WAYS.items()):
        pen.text((k * (WIDE + 8) + WIDE / 2, LEGEND / 2), names[how], color, font(), "mm")
    for i in range(n):
        frame = paper.copy()
        for k, how in enumerate(WAYS):
            large = Image.fromarray(to_bytes(made[how][i])).resize((WIDE, WIDE), Image.Resampling.BICUBIC)
            frame.paste(large.convert("RGB"), (k * (WIDE + 8), LEGEND))
        frames.append(frame)
    inks = torch.tensor([palette.rgb(color) for color in (palette.PAPER[0], *WAYS.values())]).float()
    faint = [torch.lerp(inks[:1], inks, share) for share in (0.25, 0.5, 0.75, 1.0)]
    greys = torch.linspace(0, 255, GREYS)[:, None].expand(-1, 3)
    common = Image.new("P", (1, 1))
    common.putpalette(bytes(torch.cat([*faint, greys]).round().int().flatten().tolist()))
    return gif([*frames, *frames[-2:0:-1]], common, SECONDS, LINGER_MS)


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
