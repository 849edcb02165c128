"""Masks of the objects in the shipped photographs: python -m tools.mark_objects

GrabCut (Rother et al., 2004) finds each object in the box that was drawn around it by hand; what it found was checked
by eye. Writes assets/images/masks/<name>.png: 0 is the background, i the i-th object of app/augment/annotations.py.
"""

import cv2
import numpy as np
from PIL import Image

from app.augment.annotations import CORNERS, MASKS, OBJECTS, SEEDS, SIDE, Ellipses
from app.images import photograph


def picture(name: str) -> np.ndarray:
    """The photograph (H, W, 3), its longer side SIDE pixels."""
    pixels = (photograph(name).pixels * 255).round().byte().movedim(0, -1).numpy()
    scale = SIDE / max(pixels.shape[:2])
    size = tuple(max(1, round(n * scale)) for n in pixels.shape[1::-1])
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def found(image: np.ndarray, box: tuple[float, ...], surely: Ellipses, not_: Ellipses) -> np.ndarray:
    """The object in a box; ellipses (x, y, radius, radius) that surely belong to it, and such as do not."""
    height, width = image.shape[:2]
    left, top, right, bottom = (round(v * n) for v, n in zip(box, (width, height, width, height), strict=True))
    mask = np.full((height, width), cv2.GC_BGD, np.uint8)
    mask[top:bottom, left:right] = cv2.GC_PR_FGD
    for marks, kind in ((surely, cv2.GC_FGD), (not_, cv2.GC_BGD)):
        for x, y, rx, ry in marks:
            radii = (max(1, round(rx * width)), max(1, round(ry * height)))
            cv2.ellipse(mask, (round(x * width), round(y * height)), radii, 0, 0, 360, kind, -1)
    if not surely:
        x, y = (left + right) // 2, (top + bottom) // 2
        radii = (max(1, (right - left) // 5), max(1, (bottom - top) // 5))
        cv2.ellipse(mask, (x, y), radii, 0, 0, 360, cv2.GC_FGD, -1)
    cv2.setRNGSeed(0)
    cv2.grabCut(image, mask, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    inside = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    if inside.sum() > 600:
        inside = np.asarray(cv2.morphologyEx(inside, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    n, parts, stats, _middles = cv2.connectedComponentsWithStats(inside)
    return parts == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()) if n > 1 else inside > 0


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


if __name__ == "__main__":
    MASKS.mkdir(exist_ok=True)
    for name, objects in OBJECTS.items():
        image = picture(name)
        index = np.zeros(image.shape[:2], np.uint8)
        smaller_later = sorted(enumerate(objects.items(), 1), key=lambda o: -_area(o[1][1]))  # and above
        for i, (title, box) in smaller_later:
            nothing: tuple[Ellipses, Ellipses] = ([], [])
            surely, not_ = SEEDS.get((name, title), nothing)
            if (name, title) in CORNERS:
                corners = np.array(CORNERS[name, title]) * (image.shape[1], image.shape[0])
                inside = cv2.fillPoly(np.zeros_like(index), [corners.round().astype(np.int32)], 1) > 0
            else:
                inside = found(image, box, surely, not_)
            index[inside] = i
            y, x = np.argwhere(inside).T
            height, width = image.shape[:2]
            around = (x.min() / width, y.min() / height, (x.max() + 1) / width, (y.max() + 1) / height)
            print(name, title, "box", tuple(round(float(v), 4) for v in around), "pixels", len(x))
        Image.fromarray(index).save(MASKS / f"{name}.png", optimize=True)
