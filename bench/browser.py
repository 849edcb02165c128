"""One visitor with a real Chromium, who drags every thumb and every handle; all clocks are in the page."""

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from bench.numbers import percentile, say
from tools.chromium import FLAGS, find_chromium
from tools.pointer import press

MOVES, PER_SECOND = 40, 25
FIRST = 4  # so many sliders of a page, unless --folds asks for all

# Notes the time of each move of a thumb or handle and of each picture, without being asked in between.
# A message posted from a mutation that was made in a frame is received after that frame is painted.
WATCH = """() => {
  const log = (window.__bench = { thumb: [], handle: [], pictures: [], long: [] });
  const after = (note) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => note(performance.now());
    channel.port2.postMessage(0);
  };
  new MutationObserver((changes) => {
    const now = performance.now();
    let thumb = false, handle = false;
    for (const { target, attributeName } of changes) {
      if (attributeName === "data-frames") {
        const view = target.dataset.view, told = +target.dataset.latency;
        after((painted) => log.pictures.push({ view, told, latency: painted - now + told, at: painted }));
      } else if (attributeName === "value") thumb ||= target.type === "range";
      else handle ||= target.matches(".lb-handle:active");
    }
    if (thumb) log.thumb.push(now);
    if (handle) log.handle.push(now);
  }).observe(document.body,
    { subtree: true, attributes: true, attributeFilter: ["value", "data-frames", "aria-valuetext"] });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => log.long.push(e.duration)))
    .observe({ type: "longtask" });
}"""
CLEAR = "() => Object.values(window.__bench).forEach((list) => (list.length = 0))"

# On the plain page: from a key press on a slider to the new picture, per figure.
WATCH_PLAIN = """() => {
  const log = (window.__bench = { plain: [], keyed: 0 });
  addEventListener("keydown", (e) => (log.keyed = e.timeStamp), true);
  const figure = ({ target }) =>
    !target.closest?.(".hoverlayer") && target.closest?.('[class*="st-key-plain-"]');
  new MutationObserver((changes) => {
    for (const changed of new Set(changes.map(figure).filter(Boolean))) {
      const key = log.keyed, name = [...changed.classList].find((c) => c.startsWith("st-key-plain-"));
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => log.plain.push({ name, key, latency: performance.now() - key });
        channel.port2.postMessage(0);
      });
    }
  }).observe(document.body,
    { subtree: true, childList: true, attributes: true, attributeFilter: ["d", "src"] });
}"""


@dataclass
class Drag:
    """What one figure did while one thumb or handle was dragged."""

    page: str
    figure: str
    by: str
    moves: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


@contextmanager
def fresh(browser: Browser, url: str) -> Iterator[Page]:
    """A page that has never been here."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    page = context.new_page()
    page.goto(url)
    try:
        yield page
    finally:
        context.close()


def all_painted(page: Page) -> None:
    """Every figure of the page stands, and nothing runs."""
    page.wait_for_selector("[data-testid=live-figure][data-frames]", timeout=30_000)
    page.wait_for_function(
        """() => [...document.querySelectorAll("[data-testid=live-figure]")]
                  .every((f) => +f.dataset.frames > 0 && f.dataset.live === "on")""", timeout=30_000)  # fmt: skip
    idle(page)


def idle(page: Page) -> None:
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=30_000)


def unfold(page: Page) -> None:
    """Opens the folds among the controls: their sliders are measured too."""
    closed = page.locator(".st-key-lab-controls details:not([open]) summary")
    while closed.count():
        closed.first.click()
    idle(page)


def first_figure(browser: Browser, url: str) -> float:
    """Milliseconds from an empty browser to the first painted figure, ours or Streamlit's own."""
    with fresh(browser, url) as page:
        return page.wait_for_function(
            """() => ([...document.querySelectorAll("[data-testid=live-figure]")].some((f) => +f.dataset.frames > 0)
                      || document.querySelector(".stPlotlyChart .main-svg, [data-testid=stImage] img"))
                     && performance.now()""",
            timeout=30_000).json_value()  # fmt: skip


def drag(page: Page, thumb: Locator, left: float, right: float, moves: int) -> tuple[dict[str, Any], float]:
    """From where it stands to the right end and back to the left, at an even pace; the log and the seconds it took."""
    x, y = press(page, thumb)
    page.evaluate(CLEAR)
    start = time.perf_counter()
    for i in range(1, moves + 1):
        share = i / moves
        at = x + (right - x) * share * 2 if share < 0.5 else right + (left - right) * (share * 2 - 1)
        page.mouse.move(at, y)
        time.sleep(max(0.0, start + i / PER_SECOND - time.perf_counter()))
    seconds = time.perf_counter() - start
    time.sleep(0.15)  # the last picture belongs to the drag
    log = page.evaluate("() => JSON.parse(JSON.stringify(window.__bench))")
    page.mouse.up()
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)  # the run that follows begins some time later; it may move the next slider away
    idle(page)
    return log, seconds


def drag_everything(
    browser: Browser, base: str, address: str, moves: int, folds: bool
) -> tuple[list[Drag], dict[str, float]]:
    """Each slider and each handle of a page once; per figure and slider, what it painted."""
    drags: list[Drag] = []
    with fresh(browser, f"{base}/{address}") as page:
        all_painted(page)
        if folds:
            unfold(page)
        page.evaluate(WATCH)
        long = 0.0
        names = page.eval_on_selector_all("[data-testid=live-figure]", "all => all.map((f) => f.dataset.view)")
        for slider in page.locator(".stSlider:visible").all()[: None if folds else FIRST]:
            if not slider.count():
                continue  # an earlier drag has taken it off the page
            label = slider.locator("input[type=range]").first.get_attribute("aria-label") or "slider"
            track = slider.locator('[role="group"] > div').first.bounding_box()
            thumb = slider.locator('[data-testid="stSliderThumbValue"]').first.locator("xpath=..")
            assert track is not None
            log, seconds = drag(page, thumb, track["x"] + 8, track["x"] + track["width"] - 8, moves)
            drags += told(address, label, names, log, seconds) or unheard(page, label)
            long = max([long, *log["long"]])
        page.goto(f"{base}/{address}")  # the sliders have left the handles where they may be out of sight
        all_painted(page)
        page.evaluate(WATCH)
        for name in names:
            root = page.locator(f'[data-view="{name}"]')
            handles = root.locator(".lb-handle:visible")
            if handles.count():
                box = root.bounding_box()
                assert box is not None
                page.wait_for_timeout(300)
                start = handles.first.bounding_box()
                assert start is not None
                reach = box["width"] * 0.15
                log, seconds = drag(page, handles.first, start["x"] - reach, start["x"] + reach, moves)
                drags += told(address, "handle", names, log, seconds) or unheard(page, f"handle of {name}")
                long = max([long, *log["long"]])
    return drags, {"longest task": long}


def told(address: str, by: str, names: list[str], log: dict[str, Any], seconds: float) -> list[Drag]:
    """A row for each figure that followed."""
    rows = []
    for name in names:
        seen = [p["latency"] for p in log["pictures"] if p["view"] == name and p["told"] > 0]
        if seen:
            moves = len(log["handle" if by == "handle" else "thumb"])
            rows.append(Drag(address, name, by, moves, seconds, seen))
    return rows


def unheard(page: Page, by: str) -> list[Drag]:
    """No row, but not in silence: what the figures say when none has followed. Some wait for the release."""
    notes = {note for note in page.locator(".lb-note").all_inner_texts() if note}
    say(f"  no figure followed {by}{': ' if notes else ''}{'; '.join(sorted(notes))}")
    return []


def plain_latencies(browser: Browser, base: str, drags: list[Drag], address: str, presses: int, folds: bool) -> None:
    """Key press on a slider -> the new picture, on the page without the live road; into the rows that have it."""
    if all(d.by == "handle" for d in drags):
        return  # the plain page has no handles, and may have no slider at all
    with fresh(browser, f"{base}/{address}") as page:
        page.wait_for_selector(".stSlider", timeout=30_000)
        idle(page)
        if folds:
            unfold(page)
        page.evaluate(WATCH_PLAIN)
        for slider in page.locator(".stSlider:visible").all()[: None if folds else FIRST]:
            thumb = slider.locator("input[type=range]").first
            label = thumb.get_attribute("aria-label")
            rows = [d for d in drags if d.by == label]
            keys = {f"st-key-plain-{re.sub(r'[^a-zA-Z0-9_-]', '-', d.figure)}": d for d in rows}
            if not rows:
                continue
            thumb.focus()
            page.wait_for_timeout(400)
            for i in range(presses):
                page.evaluate("() => (window.__bench.plain.length = 0)")
                page.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
                try:
                    page.wait_for_function("() => window.__bench.plain.length > 0", timeout=2500)
                except PlaywrightTimeout:
                    continue  # this slider changes nothing that a plain figure shows
                page.wait_for_timeout(250)
                for key, row in keys.items():
                    # The first change: the figure is on its way at the earliest then.
                    times = [p["latency"] for p in page.evaluate("() => window.__bench.plain") if p["name"] == key]
                    if times:
                        row.plain.append(times[0])


def in_the_browser(
    live: str, plain: str, addresses: list[str], quick: bool, folds: bool
) -> tuple[list[Drag], dict[str, list[float]], str]:
    drags: list[Drag] = []
    firsts: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for address in addresses:
            say(f"/{address}")
            first_figure(browser, f"{live}/{address}")  # warms the server
            times = [[first_figure(browser, f"{base}/{address}") for base in (live, plain)]
                     for _ in range(1 if quick else 3)]  # fmt: skip
            firsts[address] = [statistics.median(column) for column in zip(*times, strict=True)]
            rows, _ = drag_everything(browser, live, address, 20 if quick else MOVES, folds)
            plain_latencies(browser, plain, rows, address, 3 if quick else 5, folds)
            drags += rows
            for d in rows:
                say(f"  {d.figure} by {d.by}: {percentile(d.latencies, 0.5):.0f} ms, {d.rate:.1f} pictures/s")
        name = browser.version
        browser.close()
    return drags, firsts, name
