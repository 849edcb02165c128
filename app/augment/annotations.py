"""Objects in the shipped photographs, marked by hand and checked by eye: boxes, and the points of interest.

A box is (left, top, right, bottom) in shares of the picture. tools/mark_objects.py makes the masks from the boxes.
"""

import base64
from functools import lru_cache
from pathlib import Path

import numpy as np

from app.augment.targets import Box, outlines
from app.code import Call, long_text

MASKS = Path(__file__).parent.parent.parent / "assets" / "images" / "masks"
SIDE = 256  # pixels of the longer side of a mask

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str

OBJECTS: dict[str, dict[str, Box]] = {
    "cat": {_("left eye"): (0.30, 0.29, 0.46, 0.50), _("right eye"): (0.65, 0.36, 0.77, 0.555),
            _("nose"): (0.51, 0.755, 0.61, 0.885)},
    "coffee": {_("cup"): (0.29, 0.04, 0.70, 0.59), _("saucer"): (0.13, 0.18, 0.795, 0.955),
               _("spoon"): (0.545, 0.60, 0.68, 0.815)},
    "astronaut": {_("head"): (0.31, 0.03, 0.595, 0.37), _("helmet"): (0.55, 0.67, 1.0, 1.0),
                  _("shuttle"): (0.715, 0.0, 0.89, 0.55)},
    "rocket": {_("rocket"): (0.475, 0.30, 0.53, 0.955), _("tower"): (0.0, 0.0, 0.138, 1.0)},
}  # fmt: skip
POINTS: dict[str, list[tuple[float, float]]] = {
    "cat": [(0.38, 0.39), (0.71, 0.455), (0.56, 0.83)], "coffee": [(0.50, 0.36), (0.615, 0.71)],
    "astronaut": [(0.41, 0.23), (0.50, 0.22), (0.455, 0.29)], "rocket": [(0.502, 0.31)],
}  # fmt: skip
# Where GrabCut needs a hint: (x, y, radius, radius) that surely belong to the object, and such as do not.
Ellipses = list[tuple[float, float, float, float]]
SEEDS: dict[tuple[str, str], tuple[Ellipses, Ellipses]] = {
    ("cat", "nose"): ([(0.565, 0.80, 0.036, 0.032)], [(0.62, 0.87, 0.01, 0.02), (0.52, 0.86, 0.01, 0.02)]),
    ("coffee", "cup"): ([(0.485, 0.29, 0.185, 0.215), (0.485, 0.40, 0.13, 0.17)], []),
    ("astronaut", "helmet"): ([(0.77, 0.86, 0.17, 0.14)], [(0.985, 0.73, 0.035, 0.08)]),
    ("astronaut", "shuttle"): ([(0.80, 0.2, 0.035, 0.17), (0.757, 0.30, 0.014, 0.15), (0.868, 0.30, 0.013, 0.16)], []),
    ("rocket", "rocket"): ([(0.502, 0.65, 0.011, 0.25), (0.502, 0.335, 0.012, 0.028)], []),
}
# What no such method finds: the corners of a lattice mast that one sees through.
CORNERS: dict[tuple[str, str], list[tuple[float, float]]] = {
    ("rocket", "tower"): [(0.068, 0.0), (0.138, 0.0), (0.118, 1.0), (0.0, 1.0)],
}


@lru_cache
def drawing(name: str) -> str:
    """The file with the masks of a photograph, in Base64."""
    return base64.b64encode((MASKS / f"{name}.png").read_bytes()).decode()


@lru_cache
def masks(name: str, height: int, width: int) -> list[np.ndarray]:
    """The masks (H, W) of the objects in a photograph."""
    return outlines(drawing(name), len(OBJECTS[name]), height, width)


def written(name: str, height: int, width: int) -> Call:
    """The same masks as a script has them."""
    given = {"png": long_text(drawing(name)), "count": len(OBJECTS[name]), "height": height, "width": width}
    return Call(outlines, given)
