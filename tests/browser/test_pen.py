"""A drawing by hand: it follows the pen, goes into the link, and comes back from it."""

import re

from core import strokes
from tests.browser.conftest import Visit

PAPER = (0, 0, 28, 28)


def test_a_stroke_follows_the_pen_and_its_link_brings_it_back(visit: Visit, gallery: str) -> None:
    hand = visit(f"{gallery}/?show=pen")
    paper = hand.figure().locator(".lb-paper")
    blank = hand.label()
    box = paper.bounding_box()
    assert box is not None and abs(box["width"] - box["height"]) < 1

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"] / 28, box["y"] + y * box["height"] / 28

    hand.page.mouse.move(*at(7, 7))
    hand.page.mouse.down()
    for x, y in ((14, 7), (21, 7), (14, 14), (7, 21)):
        hand.page.mouse.move(*at(x, y), steps=5)
    hand.until_label("label.endsWith('strokes=1')")
    assert blank != hand.label() and "gallery.ink" not in hand.url(), "the link waits for the release"
    hand.release()
    hand.until_url("gallery.ink=.")
    hand.rest()
    text = re.search(r"gallery\.ink=([^&]+)", hand.url()).group(1)
    (drawn,) = strokes.unpack(text, PAPER)
    assert (drawn - drawn.new_tensor([[7, 7], [21, 7], [7, 21]])).abs().max() < 0.15, "thinned to its corners"
    seen = f"ink={strokes.raster([drawn]).sum():.3f} strokes=1"
    hand.until_label(f"label === '{seen}'")

    again = visit(f"{gallery}/{hand.url()}")
    assert again.label() == seen
    again.figure().locator(".lb-paper").focus()
    again.page.keyboard.press("Control+z")
    again.until_label(f"label === '{blank}'")
    again.page.wait_for_function("() => !location.search.includes('gallery.ink')")


def test_a_stroke_by_arrow_keys(visit: Visit, gallery: str) -> None:
    """The space bar puts the pen down in the middle of the paper and lifts it; an arrow key takes it a 28th further."""
    hand = visit(f"{gallery}/?show=pen")
    hand.figure().locator(".lb-paper").focus()
    for key in (" ", *("ArrowRight",) * 4, *("ArrowDown",) * 4, " "):
        hand.page.keyboard.press(key)
    hand.until_url("gallery.ink=.")
    text = re.search(r"gallery\.ink=([^&]+)", hand.url()).group(1)
    (drawn,) = strokes.unpack(text, PAPER)
    assert (drawn - drawn.new_tensor([[14, 14], [18, 14], [18, 18]])).abs().max() < 0.15
