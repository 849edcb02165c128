"""How a picture is made of what a visitor has drawn with the pen, for pages and their scripts alike."""

from app.code import Call
from core import strokes


def drawn(text: str, side: int, centred: bool) -> Call:
    """The strokes in the link as a picture of side × side; centred as those that the networks have learnt from."""
    lines = Call(strokes.unpack, {"text": text, "paper": (0, 0, side, side)})
    return Call(strokes.raster, {"strokes": Call(strokes.centred, {"strokes": lines}) if centred else lines})
