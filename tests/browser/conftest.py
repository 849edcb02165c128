"""A server and a browser for each worker; a fresh visitor for each test, watched for errors and foreign requests."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.hand import Hand
from tools.chromium import FLAGS, find_chromium
from tools.server import serve

expect.set_options(timeout=30_000)

# A name of this machine that is not localhost: a visitor as those in the hall, and a site of somebody else.
HALL = "board.test"

# Streamlit asks for these below a deep link and is told 404, on every page, by design.
PROBES = re.compile(r"/[^/]+/_stcore/(health|host-config)$")


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """The app itself."""
    with serve() as url:
        yield url


@pytest.fixture(scope="session")
def gallery() -> Iterator[str]:
    """Figures of every kind (gallery_main.py)."""
    with serve(app="tests/browser/gallery.py") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:  # in CI that is a fault; elsewhere it is said, and the rest runs
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "There is no Chromium here: python -m tools.chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=[*FLAGS, f"--host-resolver-rules=MAP {HALL} 127.0.0.1"]
        )
        yield browser
        browser.close()


@dataclass
class Watch:
    """What the pages of one test have complained about, and whom they have asked."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    forgiven: re.Pattern[str] | None = None

    def forgive(self, pattern: str) -> None:
        """For the tests that break something on purpose."""
        self.forgiven = re.compile(pattern)

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error in the page: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _console(self, message: Any) -> None:
        where = message.location.get("url", "")
        if message.type == "error" and not ("404" in message.text and PROBES.search(where)):
            self.complaints.append(f"console: {message.text} ({where})")

    def verdict(self) -> list[str]:
        foreign = [
            url
            for url in self.requests
            if urlparse(url).hostname not in (None, "127.0.0.1", HALL) and urlparse(url).scheme not in ("data", "blob")
        ]
        found = [c for c in self.complaints if not (self.forgiven and self.forgiven.search(c))]
        return found + [f"asked another host: {url}" for url in foreign]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert not watch.verdict()


Visit = Callable[..., Hand]


@pytest.fixture
def visit(browser: Browser, watch: Watch) -> Iterator[Visit]:
    """visit(url, **settings of the browser) -> the Hand of a new visitor; ready=False does not wait for figures."""
    with ExitStack() as stack:

        def go(
            url: str, *, ready: bool = True, before: Callable[[Page], None] | None = None,
            context: BrowserContext | None = None, **settings: Any,
        ) -> Hand:  # fmt: skip
            settings = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **settings}
            if context is None:
                context = browser.new_context(**settings)
                context.set_default_timeout(30_000)
                stack.callback(context.close)
            page = context.new_page()
            watch.follow(page)
            if before:
                before(page)
            page.goto(url)
            hand = Hand(page)
            if ready:
                hand.ready()
            return hand

        yield go
