"""How fast the pictures follow the hand: `python -m bench.live [--quick] [--folds] [--page activations]`.

Beside the app stands the same app without the live road (LIGHTBOARD_PLAIN=1: what Streamlit does by itself). Real
Chromium drags every slider's thumb and every handle of every page at 25 moves a second; all clocks are in the page.
Then N visitors without a browser drag at 5 moves a second each, over sessions of their own.
"""

import argparse
import asyncio
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from app.catalog import PAGES
from tools.chromium import FLAGS, find_chromium
from tools.pointer import press
from tools.server import serve
from tools.visitor import Visitor, visit

RESULTS = Path(__file__).parent / "RESULTS.md"
KEPT = "<!-- What follows was measured otherwise; bench.live leaves it as it is. -->\n"
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


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies; nan of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


# --- one browser -------------------------------------------------------------------------------------------------


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


# --- many visitors -----------------------------------------------------------------------------------------------


@dataclass
class Load:
    visitors: int
    moves: int = 0
    pictures: int = 0
    errors: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    rss: float = 0.0


async def hand(visitor: Visitor, load: Load, until: float, pace: float, phase: float) -> None:
    """Moves the page's first slider at an even pace, as the browser does: one request in flight, the newest wins."""
    name, slider, figure = followed(visitor)
    wish: tuple[float, Any] | None = None
    flying: float | None = None
    moved = asyncio.Event()

    async def ears() -> None:
        nonlocal flying, wish
        road = visitor.road
        assert road is not None
        while True:
            frame = await road.recv()
            arrived = time.perf_counter()
            assert isinstance(frame, bytes) and flying is not None
            if b'"kind":"error"' in frame[:240]:
                load.errors += 1
            load.latencies.append((arrived - flying) * 1000)
            load.pictures += 1
            flying = None
            if wish is not None:
                flying, value = wish
                wish = None
                await visitor.send(figure, {name: value})
            moved.set()

    await visitor.ask(figure, {name: slider.value(0.5)})  # the road is open before the clock runs
    listening = asyncio.create_task(ears())
    try:
        await asyncio.sleep(phase)
        step, due = 0, time.perf_counter()
        while due < until:
            value = slider.value(abs((step * 0.037) % 2 - 1))
            load.moves += 1
            if flying is None:
                flying = due = time.perf_counter()
                await visitor.send(figure, {name: value})
            else:
                wish = (time.perf_counter(), value)
            step += 1
            due += pace
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        last = time.perf_counter() + 10
        while flying is not None and time.perf_counter() < last and not listening.done():
            await asyncio.sleep(0.02)
        if flying is not None or listening.done():
            load.errors += 1  # a move was never answered, or the connection was lost
    finally:
        listening.cancel()


def followed(visitor: Visitor) -> tuple[str, Any, str]:
    """The first slider that the first figure follows."""
    for figure, head in visitor.figures.items():
        for name in head["watch"]:
            if name in visitor.sliders and name in head["values"]:  # a figure that rests has but handles there
                return name, visitor.sliders[name], figure
    raise LookupError("no figure of this page follows a slider")


async def crowd(base: str, server: int, addresses: list[str], sizes: list[int], seconds: float) -> list[Load]:
    loads = []
    async with AsyncExitStack() as stack:
        visitors: list[Visitor] = []
        for size in sizes:
            while len(visitors) < size:
                address = addresses[len(visitors) % len(addresses)]
                visitor = await stack.enter_async_context(visit(base, address))
                try:
                    followed(visitor)
                except LookupError:
                    addresses = [a for a in addresses if a != address]
                    continue
                visitors.append(visitor)
            load, start = Load(size), time.perf_counter()
            hands = [hand(v, load, start + seconds + 1, 0.2, 0.2 + 0.2 * i / size) for i, v in enumerate(visitors)]
            for outcome in await asyncio.gather(*hands, return_exceptions=True):
                load.errors += isinstance(outcome, BaseException)
            load.seconds = time.perf_counter() - start
            load.rss = resident(server)
            loads.append(load)
            say(f"  {size} visitors: p95 {percentile(load.latencies, 0.95):.0f} ms, {load.errors} errors")
    return loads


def resident(process: int) -> float:
    """MB of memory that a process holds; nan where /proc is not to be had."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return float("nan")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else float("nan")


def server_process(base: str) -> int:
    """The server behind an address: that child of ours which was started for its port; 0 where it cannot be seen."""
    port = base.rsplit(":", 1)[1].split("/")[0]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0")
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:
            continue
        if int(parent) == os.getpid() and port.encode() in line:
            return int(folder.name)
    return 0


# --- the report --------------------------------------------------------------------------------------------------


def processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in lines)


def number(value: float, digits: int = 0) -> str:
    return "–" if value != value else f"{value:.{digits}f}"


def report(
    drags: list[Drag],
    firsts: dict[str, list[float]],
    loads: list[Load],
    browser: str,
    load: float,
    quick: bool,
) -> str:
    rows = [[d.figure, d.by, number(percentile(d.latencies, 0.5)), number(percentile(d.latencies, 0.95)),
             f"{d.rate:.1f}", f"{d.moves / d.seconds:.1f}",
             number(statistics.median(d.plain)) if d.plain else "–"] for d in drags]  # fmt: skip
    crowd_rows = [[str(x.visitors), f"{x.pictures / x.seconds:.0f}", number(percentile(x.latencies, 0.5)),
                   number(percentile(x.latencies, 0.95)), str(x.errors), number(x.rss)] for x in loads]  # fmt: skip
    versions = ", ".join(f"{name} {version(name)}" for name in ("streamlit", "plotly", "torch"))
    return "\n".join([
        "# How fast the pictures follow the hand",
        "",
        f"`python -m bench.live{' --quick' if quick else ''}`, {datetime.date.today()}. {processor()}; "
        f"Python {platform.python_version()}, {versions}; Chromium {browser}, headless, software rendering. "
        f"Load average before: {load:.1f}.",
        "",
        "## One visitor, real browser",
        "",
        f"Thumb or handle dragged by mouse, {PER_SECOND} moves a second. From the last move that a picture answers to "
        "the end of the frame that paints it, in ms; pictures and moves a second while dragging; beside it the same "
        "figure on a plain Streamlit page, key press to new picture (while dragging it shows nothing at all).",
        "",
        table(["figure", "by", "median", "p95", "pictures/s", "moves/s", "plain, median"], rows),
        "",
        "From an empty browser to the first figure, server warm: "
        + ", ".join(f"/{a} {ms / 1000:.2f} s (plain {other / 1000:.2f} s)" for a, (ms, other) in firsts.items())
        + ".",
        "",
        "## Many visitors, raw WebSockets",
        "",
        "Each with a session of its own, 5 moves a second, one request in flight, the newest wins. The visitors run on "
        "the same cores as the server. Move to picture, in ms.",
        "",
        table(["visitors", "pictures/s", "median", "p95", "errors", "server, MB"], crowd_rows),
        "",
    ])  # fmt: skip


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short drags, few visitors; RESULTS.md stays as it is")
    parser.add_argument("--folds", action="store_true", help="the sliders under the folds of a page, too")
    parser.add_argument("--page", action="append", choices=list(PAGES), help="only this page")
    parser.add_argument("--crowd", help=argparse.SUPPRESS)  # this module as the visitors' own process
    asked = parser.parse_args()
    if asked.crowd:
        task = json.loads(asked.crowd)
        loads = asyncio.run(crowd(task["base"], task["server"], task["pages"], task["sizes"], task["seconds"]))
        print(json.dumps([vars(load) for load in loads]))
        return
    addresses = asked.page or list(PAGES)
    load = os.getloadavg()[0]
    with serve() as live, serve(LIGHTBOARD_PLAIN="1") as plain:
        server = server_process(live)
        drags, firsts, browser = in_the_browser(live, plain, addresses, asked.quick, asked.folds)
        say("many visitors")
        task = {"base": live, "server": server, "pages": addresses, "seconds": 4 if asked.quick else 8,
                "sizes": [1, 10] if asked.quick else [1, 10, 30, 100]}  # fmt: skip
        # A process of their own: the visitors' work must not wait for the clock of the browser's driver.
        done = subprocess.run([sys.executable, "-m", "bench.live", "--crowd", json.dumps(task)],
                              stdout=subprocess.PIPE, check=True)  # fmt: skip
        loads = [Load(**values) for values in json.loads(done.stdout)]
    text = report(drags, firsts, loads, browser, load, asked.quick)
    print(text)
    if not asked.quick:
        kept = RESULTS.read_text(encoding="utf-8").partition(KEPT)
        RESULTS.write_text(text + "\n" + "".join(kept[1:]), encoding="utf-8")


if __name__ == "__main__":
    main()
