"""A screenshot of every page, into build/shots/: `python -m tools.shots [address …]`; "home" is the start page."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from app.catalog import PAGES
from tools.chromium import FLAGS, find_chromium
from tools.server import ROOT, serve

SHOTS = ROOT / "build" / "shots"


@dataclass(frozen=True)
class Variant:
    name: str
    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"


VARIANTS = (
    Variant("light"),
    Variant("dark", scheme="dark"),
    Variant("phone", width=390, height=844),
    Variant("ru", language="ru"),
)

# Every figure has painted, nothing is being computed, and the page has the size that it had a moment ago.
SETTLED = """() => {
  const figures = [...document.querySelectorAll("[data-testid=live-figure]")];
  const painted = figures.length && figures.every((f) => Number(f.dataset.frames) > 0 && f.dataset.live === "on");
  const busy = document.querySelector("[data-testid=stStatusWidget], [data-stale=true], [data-testid=stSkeleton]");
  const height = document.querySelector("[data-testid=stMain]")?.scrollHeight;
  const size = [height, ...figures.map((f) => f.dataset.frames)].join("/");
  const same = window.__size === size;
  window.__size = size;
  return painted && !busy && same && document.fonts.status === "loaded";
}"""


def shoot(browser: Browser, base: str, address: str, variant: Variant, folder: Path = SHOTS) -> Path:
    """One page in one variant, as its visitor first sees it."""
    context = browser.new_context(
        viewport={"width": variant.width, "height": variant.height},
        color_scheme=variant.scheme,
        locale="en-GB",
        has_touch=variant.width < 641,
    )
    page = context.new_page()
    try:
        language = "" if variant.language == "en" else f"?lang={variant.language}"
        page.goto(f"{base}/{'' if address == 'home' else address}{language}")
        settle(page)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{address}-{variant.name}.png"
        page.screenshot(path=path)
        return path
    finally:
        context.close()


def settle(page: Page) -> None:
    page.wait_for_function(SETTLED, polling=250, timeout=60_000)


def main(wanted: list[str]) -> int:
    addresses = ["home", *PAGES]
    unknown = set(wanted) - set(addresses)
    if unknown:
        print(f"There is no page {', '.join(sorted(unknown))}; there are {', '.join(addresses)}.")
        return 2
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium here to take screenshots with.")
        return 1
    with serve() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for address in [a for a in addresses if a in wanted or not wanted]:
            for variant in VARIANTS:
                print(shoot(browser, base, address, variant).relative_to(ROOT), flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
