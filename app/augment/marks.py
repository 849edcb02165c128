"""Targets drawn on a picture: boxes in the colour of their object, masks as a tint, points as dots."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from app.augment.targets import Box, Moved
from app.figures import palette
from app.i18n import gettext as _

COLORS = (palette.SKY, palette.ORANGE, palette.GREEN, palette.PINK)
LOST = "#ff2020"  # a dropped box: red, with a cross in it


def on(
    image: np.ndarray, boxes: Sequence[tuple[Box | None, bool]], masks: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """The picture with what is on it; each box with whether it is kept."""
    tinted = image.astype(np.float32)
    for i, mask in enumerate(masks):
        color = np.array(ImageColor.getrgb(COLORS[i % len(COLORS)]), np.float32)
        tinted[mask > 0] = 0.6 * tinted[mask > 0] + 0.4 * color
    drawn = Image.fromarray(tinted.astype(np.uint8))
    pen = ImageDraw.Draw(drawn)
    for i, (box, kept) in enumerate(boxes):
        if box is None:
            continue
        left, top, right, bottom = box
        right, bottom = max(left, right - 1), max(top, bottom - 1)
        pen.rectangle((left, top, right, bottom), outline=COLORS[i % len(COLORS)] if kept else LOST, width=2)
        if not kept:
            pen.line((left, top, right, bottom), fill=LOST, width=2)
            pen.line((left, bottom, right, top), fill=LOST, width=2)
    for x, y in points.tolist():
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill="white", outline="black")
    return np.array(drawn)


def before(image: np.ndarray, boxes: dict[str, Box], points: list[tuple[float, float]],
           masks: Sequence[np.ndarray]) -> np.ndarray:  # fmt: skip
    """The untouched picture with its targets."""
    height, width = image.shape[:2]
    scaled = [((b[0] * width, b[1] * height, b[2] * width, b[3] * height), True) for b in boxes.values()]
    return on(image, scaled, np.array(masks), np.array(points).reshape(-1, 2) * (width, height))


def after(sample: Moved) -> np.ndarray:
    kept = [(f.box, f.verdict in ("kept", "clipped")) for f in sample.fates]
    return on(sample.image, kept, sample.masks, sample.points)


def verdict(name: str) -> str:
    return {"kept": _("kept"), "clipped": _("cut at the edge"), "gone": _("outside"),
            "min_area": _("dropped: too small"), "min_visibility": _("dropped: too little is seen")}[name]  # fmt: skip
