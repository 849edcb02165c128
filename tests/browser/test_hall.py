"""The lecture hall: presenter mode and its keys, a code to point a phone at, a figure on somebody else's site."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
from playwright.sync_api import expect

from app import sharing
from tests.browser.conftest import HALL, Visit, Watch
from tools.server import serve

PROJECTOR = {"width": 1024, "height": 768}


def test_a_presenter_goes_by_keys(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/detection-nms?present=on", viewport=PROJECTOR)
    stage = hand.page.locator(".st-key-lab-stage").bounding_box()
    assert stage and stage["y"] + stage["height"] <= 768, "all of the stage is on the screen"
    letters = "() => parseFloat(getComputedStyle(document.querySelector('.xtick text, .legendtext')).fontSize)"
    assert hand.page.evaluate(letters) >= 17
    expect(hand.page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(hand.page.locator(".st-key-lab-below")).to_be_hidden()
    hand.page.locator(".st-key-lab-controls [data-testid=stSlider]").last.scroll_into_view_if_needed()
    stage = hand.page.locator(".st-key-lab-stage").bounding_box()
    assert stage and stage["y"] >= 0, "and stays there when the last slider is reached"
    before = hand.url()
    hand.page.keyboard.press("PageDown")
    hand.page.wait_for_function("was => decodeURIComponent(location.search) !== was", arg=before)
    hand.rest()
    frames = hand.frames()
    hand.page.keyboard.press("k")
    expect(hand.page.get_by_role("button", name="Pause")).to_be_visible()
    hand.until_frames(frames + 2)
    hand.page.keyboard.press("Space")
    expect(hand.page.get_by_role("button", name="Play")).to_be_visible()
    for key, shown in (("Escape", True), ("p", False)):
        hand.page.keyboard.press(key)
        expect(hand.page.locator(".st-key-lab-below")).to_be_visible(visible=shown)


def test_the_code_on_the_screen_leads_to_what_is_seen(visit: Visit, app: str) -> None:
    hand = visit(f"{app}/activations?activations.x=-1.5&lang=en", device_scale_factor=3)
    hand.page.get_by_role("button", name="Share").click()
    shown = hand.page.get_by_test_id("stPopoverBody")
    picture = shown.get_by_role("img")
    expect(picture).to_be_visible()
    pixels = cv2.imdecode(np.frombuffer(picture.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    link, _corners, _straight = cv2.QRCodeDetector().detectAndDecode(pixels)
    assert link == shown.get_by_test_id("stCode").first.inner_text().strip()
    assert parse_qs(urlsplit(link).query) == {"activations.x": ["-1.5"]}
    hand.page.goto(f"{link}&hide=functions")
    hand.ready()
    assert "x = -1.5" in hand.label("activations.stage")
    expect(hand.page.locator(".st-key-activations-functions")).to_be_hidden()


@contextmanager
def foreign_site() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the page that it shows."""
    shown = [""]

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(shown[0].encode())

        def log_message(self, *_args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HALL}:{server.server_port}", shown
        server.shutdown()


def test_a_figure_lives_on_a_site_that_may_have_it_and_on_no_other(visit: Visit, app: str, watch: Watch) -> None:
    watch.forgive(r"frame-ancestors|ERR_BLOCKED_BY_RESPONSE|404")
    figure = "optimizers?optimizers.steps=77&only=progress&embed=true"
    with foreign_site() as (site, shown), serve(LIGHTBOARD_EMBED=site) as open_house:
        shown[0] = sharing.frame(f"{app}/{figure}")
        hand = visit(site, ready=False)
        assert not hand.page.frames[-1].url.startswith(app), "the browser refuses"
        shown[0] = sharing.frame(f"{open_house}/{figure}")
        hand = visit(site, ready=False)
        inside = hand.page.frame_locator("iframe")
        expect(inside.locator('[data-view="optimizers.progress"][data-live=on]')).to_be_visible()
        expect(inside.locator("[data-testid=live-figure]")).to_have_count(1)
        figure = inside.locator("[data-testid=live-figure]").bounding_box()
        assert figure and 500 < figure["height"] < 600, "it fills its frame"
        expect(inside.locator(".st-key-lab-controls")).to_be_hidden()
        hand.page.close()
