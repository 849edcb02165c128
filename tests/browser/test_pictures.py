"""One's own picture: it comes in through the browser, is shown at once, and goes no further than the session."""

import io

from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Visit


def picture(form: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).save(file, form)
    return file.getvalue()


def test_ones_own_picture_is_filtered_and_stays_in_the_session(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/convolution?convolution.picture=own")
    chooser = hand.page.locator("[data-testid=stFileUploader] input[type=file]")
    chooser.set_input_files({"name": "renamed.png", "mimeType": "image/png", "buffer": b"just some words"})
    expect(hand.page.get_by_text("This is no picture that can be read")).to_be_visible()
    chooser.set_input_files({"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG")})
    hand.until_label("label.includes('→ 60 × 40')", "convolution.stage")
    assert "mine" not in hand.url() and hand.url().endswith("convolution.picture=own")
    hand.page.get_by_role("link", name="The arithmetic").first.click()
    hand.page.mouse.move(640, 790)  # else the tip of what comes under it lies over the links
    hand.page.get_by_role("link", name="Filter a photograph").first.click()
    hand.until_label("label.includes('512 × 512')", "convolution.stage")
    other = visit(f"{app}/convolution?convolution.picture=own")
    other.until_label("label.includes('512 × 512')", "convolution.stage")
