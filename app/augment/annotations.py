"""Objects in the shipped photographs, marked by hand and checked by eye: boxes, and the points of interest.

A box is (left, top, right, bottom) in shares of the picture. The masks on the page are the ovals in the boxes.
"""

from app.augment.targets import Box

# Marks a text for translation here; it is translated where it is shown, in the language of that moment.
_ = str

OBJECTS: dict[str, dict[str, Box]] = {
    "cat": {_("left eye"): (0.30, 0.29, 0.46, 0.50), _("right eye"): (0.65, 0.36, 0.77, 0.555),
            _("nose"): (0.51, 0.755, 0.61, 0.885)},
    "coffee": {_("cup"): (0.29, 0.04, 0.70, 0.59), _("saucer"): (0.13, 0.18, 0.795, 0.955),
               _("spoon"): (0.545, 0.60, 0.68, 0.815)},
    "astronaut": {_("head"): (0.31, 0.03, 0.595, 0.37), _("helmet"): (0.55, 0.67, 1.0, 1.0),
                  _("shuttle"): (0.715, 0.0, 0.89, 0.55)},
    "rocket": {_("rocket"): (0.475, 0.30, 0.53, 0.955), _("tower"): (0.02, 0.0, 0.135, 1.0)},
}  # fmt: skip
POINTS: dict[str, list[tuple[float, float]]] = {
    "cat": [(0.38, 0.39), (0.71, 0.455), (0.56, 0.83)], "coffee": [(0.50, 0.36), (0.615, 0.71)],
    "astronaut": [(0.41, 0.23), (0.50, 0.22), (0.455, 0.29)], "rocket": [(0.502, 0.31)],
}  # fmt: skip
