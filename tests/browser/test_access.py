"""For everybody: axe-core over a page of each kind, in both themes, under the policy as served.

The visitor comes by a name that is not localhost, where no text may become a script (app/headers.py): so nothing here
waits by wait_for_function, which needs that.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import HALL

pytestmark = pytest.mark.xdist_group("access")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# Cards, number grids, many knobs and a photograph, curves and a run with its bar.
ADDRESSES = ("", "convolution-arithmetic", "augmentations", "gan")
SETTLED = """() => [...document.querySelectorAll("[data-testid=live-figure]")].every((f) => +f.dataset.frames)
  && document.querySelector("[data-testid=live-figure]") && document.fonts.status === "loaded"
  && document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
  && !document.querySelector("[data-stale=true]")"""
DARK = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === 'rgb(14, 20, 23)'"
GRAVE = """async (only) => (await axe.run(document, { resultTypes: ["violations"], ...(only && { runOnly: only }) }))
  .violations.filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => id + ": " + nodes.map((n) => n.target.join(" ") + " " + n.html.slice(0, 120)).join("; "))"""
LISTEN = """window.__refused = []; document.addEventListener("securitypolicyviolation",
  (e) => window.__refused.push(e.violatedDirective + " " + e.blockedURI));"""
# Streamlit's library for its messages asks whether there is WebAssembly, and does without.
PROBE = "script-src wasm-eval"


@pytest.fixture(scope="module")
def walked(browser: Browser, app: str) -> Iterator[dict[str, dict[str, Any]]]:
    """What was found on each page by one visitor who goes from page to page."""
    port = urlsplit(app).port
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.add_init_script(LISTEN)
    page, found = context.new_page(), {}
    for address in ADDRESSES:
        page.emulate_media(color_scheme="light")
        page.goto(f"http://{HALL}:{port}/{address}")
        wait(page, SETTLED)
        page.evaluate(AXE)
        light = page.evaluate(GRAVE)
        page.emulate_media(color_scheme="dark")
        wait(page, DARK)
        dark = page.evaluate(GRAVE, ["color-contrast"])
        refused = set(page.evaluate("() => window.__refused")) - {PROBE}
        found[address] = {"light": light, "dark": dark, "refused": refused}
    yield found
    context.close()


def wait(page: Page, until: str) -> None:
    last = time.monotonic() + 20
    while not page.evaluate(until):
        assert time.monotonic() < last, f"{page.url} does not come to rest"
        page.wait_for_timeout(50)


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_serious_for_axe(walked: dict[str, dict[str, Any]], address: str) -> None:
    assert not walked[address]["light"]
    assert not walked[address]["dark"]


def test_the_policy_refuses_nothing_of_ours(walked: dict[str, dict[str, Any]]) -> None:
    assert {a: found["refused"] for a, found in walked.items() if found["refused"]} == {}
