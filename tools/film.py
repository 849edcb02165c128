"""A film of a hand on every page, into assets/readme/: `python -m tools.film [address …]`, 54 of them in ten minutes.

The real app in a real browser: the hand moves a little, the page paints its answer, that is one picture of the film.
So a film shows what is computed, at an even pace; how long it takes is measured by bench.live.
"""

import io
import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from app.catalog import PAGES
from tools.chromium import FLAGS, find_chromium
from tools.server import ROOT, serve
from tools.shots import settle

FILMS = ROOT / "assets" / "readme"
WINDOW = (1000, 625)
WIDE = 600  # pixels of a film
EACH = 90  # ms a picture is shown
PICTURES = 32
MOST = 110_000  # bytes of a film; those of the README may have more
ARROW = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]
FIGURE = "[data-testid=live-figure]"
FRAMES = f"() => [...document.querySelectorAll('{FIGURE}')].reduce((n, f) => n + +f.dataset.frames, 0)"
# Some picture has been painted since, and none for a tenth of a second; or nothing came of this move.
ANSWERED = (
    """before => new Promise((done) => {
  const frames = %s, begun = performance.now();
  let last = before, at = begun;
  const look = () => {
    const now = performance.now(), n = frames();
    if (n !== last) [last, at] = [n, now];
    if (now - at > (last === before ? 300 : 100) || now - begun > 1500) done();
    else requestAnimationFrame(look);
  };
  look();
})"""
    % FRAMES
)


@dataclass(frozen=True)
class Take:
    """What the hand does on a page: a handle goes round, a thumb goes to two places of its track, a run is played."""

    by: str = "handle"  # "handle", "handle 2", the name of a slider, "play"
    reach: tuple[float, float] = (0.1, 0.12)  # of a handle: parts of the figure to either side
    ends: tuple[float, float] = (0.95, 0.05)  # of a thumb: parts of its track
    link: str = ""  # what stands in the link


# Of all other pages the first handle goes round.
TAKES = {
    "activations-depth": Take("sigma", ends=(0.5, 0.1)),
    "activations-dead": Take("epoch", ends=(0.03, 1.0)),
    "activations-softmax": Take(reach=(0.05, 0.0)),
    "activations-moments": Take(reach=(0.08, 0.1)),
    "activations-formula": Take("a"),
    "activations-cost": Take("layers"),
    "optimizers": Take(reach=(0.1, 0.3)),
    "optimizers-step": Take(reach=(0.08, 0.3)),
    "optimizers-basins": Take(reach=(0.25, 0.6)),
    "optimizers-sweep": Take(reach=(0.08, 0.4)),
    "optimizers-real": Take("play"),
    "convolution": Take("angle", ends=(0.98, 0.02), link="convolution.kernel=gabor"),
    "convolution-arithmetic": Take(reach=(0.1, 0.5)),
    "convolution-channels": Take("groups", ends=(1.0, 0.0)),
    "convolution-field": Take("layers", ends=(1.0, 0.0)),
    "convolution-network": Take("handle 3", reach=(0.07, 0.12)),
    "convolution-learn": Take("step", ends=(1.0, 0.0)),
    "pooling": Take("kernel", ends=(1.0, 0.0)),
    "pooling-gradient": Take(reach=(0.1, 0.3)),
    "pooling-shift": Take("dx", ends=(1.0, 0.0)),
    "pooling-cascade": Take("layers", ends=(1.0, 0.0)),
    "augmentations": Take("Affine_rotate", ends=(0.45, 0.02)),
}


def film(page: Page, base: str, address: str, take: Take) -> list[Image.Image]:
    """The pictures of one drag; the last leads to the first."""
    page.goto(f"{base}/{address}?present=on{take.link and '&' + take.link}")
    settle(page)
    if take.by == "play":
        return played(page)
    place = handle(page, take) if take.by.startswith("handle") else thumb(page, address, take.by)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    pictures = []
    for x, y in way(page, address, take, x, y):
        before = page.evaluate(FRAMES)
        page.mouse.move(x, y)
        page.evaluate(ANSWERED, before)
        pictures.append(pointed(page, x, y))
    page.mouse.up()
    return pictures


def handle(page: Page, take: Take) -> Locator:
    return page.locator(".lb-handle:visible").nth(int(take.by.removeprefix("handle") or 1) - 1)


def thumb(page: Page, address: str, name: str) -> Locator:
    return page.locator(f".st-key-{address}-{name} input[type=range]").first.locator("xpath=../..")


def way(page: Page, address: str, take: Take, x: float, y: float) -> Iterator[tuple[float, float]]:
    """Where the hand goes: out, back, and home again."""
    if take.by.startswith("handle"):
        box = page.locator(FIGURE).first.bounding_box()
        assert box is not None
        for i in range(1, PICTURES + 1):
            turn = 2 * math.pi * i / PICTURES
            yield (x + take.reach[0] * box["width"] * math.sin(turn),
                   y + take.reach[1] * box["height"] * math.sin(2 * turn) / 2)  # fmt: skip
        return
    track = page.locator(f".st-key-{address}-{take.by} [role=group] > div").first.bounding_box()
    assert track is not None
    stops = [x, *(track["x"] + end * track["width"] for end in take.ends), x]
    legs = [abs(to - start) for start, to in itertools.pairwise(stops)]
    for i in range(1, PICTURES + 1):
        gone, leg = sum(legs) * i / PICTURES, 0
        while leg < len(legs) - 1 and gone > legs[leg]:
            gone, leg = gone - legs[leg], leg + 1
        yield stops[leg] + (stops[leg + 1] - stops[leg]) * gone / (legs[leg] or 1), y


def played(page: Page) -> list[Image.Image]:
    """A run, from its start."""
    button = page.locator(".lb-player button").first
    box = button.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    pictures = [pointed(page, x, y)]
    while len(pictures) < PICTURES:
        before = page.evaluate(FRAMES)
        page.evaluate(ANSWERED, before)
        pictures.append(pointed(page, x, y))
    return pictures


def pointed(page: Page, x: float, y: float) -> Image.Image:
    """What stands on the screen, with the arrow that a screenshot leaves out."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shape = [(x + 1.3 * a, y + 1.3 * b) for a, b in ARROW]
    ImageDraw.Draw(picture).polygon(shape, fill="black", outline="white")
    return picture


def save(pictures: list[Image.Image], address: str, most: int = MOST) -> int:
    """As WebP, which browsers play; coarser until it is small enough. Its bytes."""
    small = [p.resize((WIDE, round(WIDE * p.height / p.width)), Image.Resampling.LANCZOS) for p in pictures]
    for quality in (70, 50, 35, 20, 10):
        file = io.BytesIO()
        small[0].save(file, "WEBP", save_all=True, append_images=small[1:], duration=EACH, loop=0, quality=quality,
                      method=4, minimize_size=True, allow_mixed=True)  # fmt: skip
        if file.tell() <= most:
            break
    (FILMS / f"{address}.webp").write_bytes(file.getvalue())
    return file.tell()


def main(wanted: list[str]) -> int:
    base = next((a for a in wanted if a.startswith("http")), "")
    addresses = [a for a in PAGES if a in wanted or not set(wanted) - {base}]
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium here to film with.")
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if base:
            return shot(browser, base, addresses)
        with serve() as base:
            return shot(browser, base, addresses)


def shot(browser: Browser, base: str, addresses: list[str]) -> int:
    for address in addresses:
        page = browser.new_page(viewport=dict(zip(("width", "height"), WINDOW)), locale="en-GB")
        pictures = film(page, base, address, TAKES.get(address, Take()))
        page.close()
        print(f"{address}: {save(pictures, address) / 1000:.0f} kB", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
