"""How fast the pictures follow the hand: `python -m bench.live [--quick] [--folds] [--page activations]`.

Beside the app stands the same app without the live road (LIGHTBOARD_PLAIN=1: what Streamlit does by itself). Real
Chromium drags every slider's thumb and every handle of every page at 25 moves a second; all clocks are in the page.
Then N visitors without a browser drag at 5 moves a second each, over sessions of their own.
"""

import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from app.catalog import PAGES
from bench.browser import PER_SECOND, Drag, in_the_browser
from bench.numbers import number, percentile, say, table
from bench.visitors import Load, server_process
from tools.server import serve

RESULTS = Path(__file__).parent / "RESULTS.md"
KEPT = "<!-- What follows was measured otherwise; bench.live leaves it as it is. -->\n"


def processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return f"{found[1] if found else platform.processor()}, {os.cpu_count()} cores"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short drags, few visitors; RESULTS.md stays as it is")
    parser.add_argument("--folds", action="store_true", help="the sliders under the folds of a page, too")
    parser.add_argument("--page", action="append", choices=list(PAGES), help="only this page")
    asked = parser.parse_args()
    addresses = asked.page or list(PAGES)
    load = os.getloadavg()[0]
    with serve() as live, serve(LIGHTBOARD_PLAIN="1") as plain:
        server = server_process(live)
        drags, firsts, browser = in_the_browser(live, plain, addresses, asked.quick, asked.folds)
        say("many visitors")
        task = {"base": live, "server": server, "pages": addresses, "seconds": 4 if asked.quick else 8,
                "sizes": [1, 10] if asked.quick else [1, 10, 30, 100]}  # fmt: skip
        # A process of their own: the visitors' work must not wait for the clock of the browser's driver.
        done = subprocess.run([sys.executable, "-m", "bench.visitors", json.dumps(task)],
                              stdout=subprocess.PIPE, check=True)  # fmt: skip
        loads = [Load(**values) for values in json.loads(done.stdout)]
    text = report(drags, firsts, loads, browser, load, asked.quick)
    print(text)
    if not asked.quick:
        kept = RESULTS.read_text(encoding="utf-8").partition(KEPT)
        RESULTS.write_text(text + "\n" + "".join(kept[1:]), encoding="utf-8")


if __name__ == "__main__":
    main()
