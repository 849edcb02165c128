"""How a mouse takes hold of something on a page."""

from playwright.sync_api import Locator, Page


def middle(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def press(page: Page, place: Locator) -> tuple[float, float]:
    x, y = middle(place)
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y
