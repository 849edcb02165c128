"""A film of a hand on every page, a still of each concept: `python -m tools.film [address …]`, into assets/readme/.

The real app in a real browser: the hand moves a little, the page paints its answer, that is one picture of the film.
So a film shows what is computed, at an even pace; how long it takes is measured by bench.live.
"""

import io
import itertools
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import Browser, Locator, Page, ViewportSize, sync_playwright

from app.catalog import CONCEPTS, PAGES
from app.jobs import SPEEDS
from tools.chromium import FLAGS, find_chromium
from tools.pointer import middle, press
from tools.server import ROOT, serve
from tools.shots import VARIANTS, settle, shoot

FILMS = ROOT / "assets" / "readme"
WINDOW: ViewportSize = {"width": 1000, "height": 625}
WIDE = 720  # pixels of a film
EACH = 100  # ms a picture is shown
PICTURES = 26
EDGE = 24  # blank pixels below
MOST = 180_000  # bytes of a film
ARROW = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]
FIGURE = "[data-testid=live-figure]"
FRAMES = f"[...document.querySelectorAll('{FIGURE}')].reduce((n, f) => n + +f.dataset.frames, 0)"
# Some picture has been painted since, and none for a tenth of a second; or nothing came of this move.
ANSWERED = f"""before => new Promise((done) => {{
  const begun = performance.now();
  let last = before, at = begun;
  const look = () => {{
    const now = performance.now(), n = {FRAMES};
    if (n !== last) [last, at] = [n, now];
    if (now - at > (last === before ? 300 : 100) || now - begun > 1500) done();
    else requestAnimationFrame(look);
  }};
  look();
}})"""

# The run has come so far; or it has ended.
GONE = f"""to => new Promise((done) => {{
  const begun = performance.now(), figure = document.querySelector("{FIGURE}");
  const look = () => {{
    if (+figure.dataset.step >= to || performance.now() - begun > 5000) done();
    else requestAnimationFrame(look);
  }};
  look();
}})"""


@dataclass(frozen=True)
class Take:
    """What the hand does on a page: a handle goes round, a thumb goes to two places of its track.

    Where `every` is given a run plays: some of the pictures are taken before the hand moves.
    """

    by: str = "handle"  # "handle", "handle 2", the name of a slider, "bar" (of a playback), "play" (then its bar)
    reach: tuple[float, float] = (0.1, 0.12)  # of a handle: parts of the figure to either side
    ends: tuple[float, ...] = (0.95, 0.05)  # of a thumb: parts of its track
    link: str = ""  # what stands in the link
    beside: str = ""  # another control that is shown, beside the one that is moved
    small: bool = False  # letters as they are without presenter mode, for a stage of several figures
    fold: str = ""  # among the controls, to be opened before
    every: int = 0  # steps of a run between two pictures
    watches: int = 10  # pictures of a run before the hand moves


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
    "optimizers-real": Take("bar", ends=(0.0, 1.0)),
    "convolution": Take("angle", ends=(0.98, 0.02), link="convolution.kernel=gabor"),
    "convolution-arithmetic": Take("bar", ends=(0.0, 1.0)),
    "convolution-channels": Take("groups", ends=(1.0, 0.0), small=True),
    "convolution-field": Take("layers", ends=(1.0, 0.0), small=True),
    "convolution-network": Take("handle 3", reach=(0.07, 0.12)),
    "convolution-learn": Take("bar", ends=(1.0, 0.0)),
    "pooling": Take("kernel", ends=(1.0, 0.0), small=True),
    "pooling-arithmetic": Take("bar", ends=(0.0, 1.0)),
    "pooling-gradient": Take(reach=(0.04, 0.15), link="pooling-gradient.sent=one&pooling-gradient.kernel=7"),
    "pooling-shift": Take("dx", ends=(1.0, 0.0), small=True),
    "pooling-up": Take(link="pooling-up.source=stroke&pooling-up.r=2&pooling-up.k=3&pooling-up.weights=ones"),
    "pooling-cascade": Take("layers", ends=(1.0, 0.0), small=True),
    "augmentations": Take("Affine_rotate", ends=(0.45, 0.02)),
    "augmentations-pipeline": Take("Rotate_limit", ends=(0.45, 0.02), fold="2. Rotate", small=True),
    "augmentations-targets": Take("Rotate_limit", ends=(0.45, 0.02)),
    "augmentations-mixing": Take("lam", link="augmentations-mixing.own=true"),
    "augmentations-label": Take(reach=(0.14, 0.0)),
    "augmentations-views": Take("Affine_rotate", ends=(0.45, 0.02), small=True),
    "augmentations-help": Take("play", ends=(0.02,), link="augmentations-help.steps=0", every=10, watches=18),
    "detection": Take(reach=(0.1, 0.3)),
    "detection-regress": Take("bar", ends=(1.0, 0.0)),
    "detection-nms": Take("t"),
    "detection-ap": Take("bar", ends=(0.0, 0.46), link="detection-ap.step=27"),
    "detection-anchors": Take("handle 4", reach=(0.025, 0.0)),
    "vae": Take(reach=(0.22, 0.35)),
    "vae-between": Take("t", ends=(1.0, 0.0), small=True),
    "vae-inside": Take("o1", small=True),
    "vae-beta": Take("temperature", ends=(1.0, 0.0), small=True),
    "vae-train": Take("play", ends=(0.02,), link="vae-train.steps=0", every=20, watches=18),
    "vae-restore": Take("noise", ends=(0.7, 0.0)),
    "vae-factors": Take("angle", small=True),
    "vae-kl": Take(reach=(0.06, 0.3)),
    "gan": Take("lr_g", ends=(0.8, 0.49), link="gan.steps=0", every=40),
    "gan-pictures": Take(reach=(0.2, 0.3)),
    "gan-round": Take("phase", ends=(1.0, 0.0), small=True),
}


def film(page: Page, base: str, address: str, take: Take) -> list[Image.Image]:
    """The pictures of one drag; the last leads to the first."""
    still = take.by in ("bar", "play") or take.by.startswith("handle")
    hide = "presets,controls" if still else "presets"
    page.goto(f"{base}/{address}?present=on&hide={hide}{take.link and '&' + take.link}")
    if take.every:  # some runs begin by themselves: such a page settles late
        page.locator(".lb-run button").first.wait_for(timeout=60_000)
        page.wait_for_function(f"() => {FRAMES} > 0", timeout=60_000)
    else:
        settle(page)
    if not still:
        bare(page, address, take)
    if take.small:
        page.add_style_tag(content="html { font-size: 16px !important; }")
    if take.fold:
        settle(page)
        page.locator(".st-key-lab-controls details summary").filter(has_text=take.fold).click()
    if not take.every:
        settle(page)
    pictures = list(played(page, take)) if take.every else []
    many = PICTURES - len(pictures)
    if take.by.startswith("handle"):
        x, y = press(page, handle(page, take))
        way = round_about(page, take, x, y, many)
    elif take.by in ("bar", "play"):
        x, y = seize(page)
        way = along(track(page), take.ends, x, y, many)
    else:
        x, y = press(page, thumb(page, address, take.by))
        way = along(page.locator(f".st-key-{address}-{take.by} [role=group] > div").first, take.ends, x, y, many)
    pictures += moved(page, way, 0 if take.by == "play" else take.every)
    page.mouse.up()
    return pictures


def bare(page: Page, address: str, take: Take) -> None:
    """Takes away what is not moved, as the link of an exercise does: the stage gets all the room that it can have."""
    key = f".st-key-{address}-"
    rest = "".join(f":not({key}{name}, :has({key}{name}))" for name in (take.by, take.beside) if name)
    fold = "" if take.fold else ", .st-key-lab-controls [data-testid=stExpander]"
    page.add_style_tag(content=f".st-key-lab-controls [class*='{key[1:]}']{rest}{fold} {{ display: none; }}")


def moved(page: Page, way: Iterable[tuple[float, float]], every: int) -> Iterator[Image.Image]:
    """A picture of each place, as soon as the page has answered; or the run has gone so many steps."""
    for to in way:
        before, at = page.evaluate(FRAMES), stepped(page)
        page.mouse.move(*to)
        page.evaluate(*((GONE, at + every) if every else (ANSWERED, before)))
        yield pointed(page, *to)


def handle(page: Page, take: Take) -> Locator:
    return page.locator(".lb-handle:visible").nth(int(take.by.removeprefix("handle") or 1) - 1)


def thumb(page: Page, address: str, name: str) -> Locator:
    return page.locator(f".st-key-{address}-{name} input[type=range]").first.locator("xpath=../..")


def track(page: Page) -> Locator:
    """Of the bar under a figure that is played."""
    return page.locator(".lb-player input[type=range]").first


def seize(page: Page) -> tuple[float, float]:
    """The thumb of that bar, where it stands."""
    box = track(page).bounding_box()
    assert box is not None
    share = track(page).evaluate("(e) => e.value / e.max")
    x, y = box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def round_about(page: Page, take: Take, x: float, y: float, many: int) -> Iterator[tuple[float, float]]:
    """Where a hand on a handle goes: an eight on its side, and home again."""
    box = page.locator(FIGURE).first.bounding_box()
    assert box is not None
    for i in range(1, many + 1):
        turn = 2 * math.pi * i / many
        yield (x + take.reach[0] * box["width"] * math.sin(turn),
               y + take.reach[1] * box["height"] * math.sin(2 * turn) / 2)  # fmt: skip


def along(place: Locator, ends: Iterable[float], x: float, y: float, many: int) -> Iterator[tuple[float, float]]:
    """Where a hand on a thumb goes: to the ends, parts of the track, and home again."""
    box = place.bounding_box()
    assert box is not None
    stops = [x, *(box["x"] + end * box["width"] for end in ends), x]
    legs = [abs(to - start) for start, to in itertools.pairwise(stops)]
    for i in range(1, many + 1):
        gone, leg = sum(legs) * i / many, 0
        while leg < len(legs) - 1 and gone > legs[leg]:
            gone, leg = gone - legs[leg], leg + 1
        yield stops[leg] + (stops[leg + 1] - stops[leg]) * gone / (legs[leg] or 1), y


def played(page: Page, take: Take) -> Iterator[Image.Image]:
    """A run, from its start, as slow as leaves time for a picture at each of its stops."""
    speed = page.locator(".lb-run select")
    if speed.count():
        speed.select_option(f"{max(n for n in SPEEDS if n <= 3 * take.every):g}")
    button = page.locator(".lb-player button").first
    x, y = middle(button)
    if button.inner_text() == "▶":  # it has not begun by itself
        page.mouse.click(x, y)
    for _ in range(take.watches):
        yield pointed(page, x, y)
        page.evaluate(GONE, stepped(page) + take.every)
    if take.by == "play":
        page.mouse.click(x, y)


def stepped(page: Page) -> int:
    """The step that the run of the stage is at."""
    return int(page.locator(FIGURE).first.get_attribute("data-step") or 0)


def pointed(page: Page, x: float, y: float) -> Image.Image:
    """What stands on the screen, with the arrow that a screenshot leaves out."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shape = [(x + 1.3 * a, y + 1.3 * b) for a, b in ARROW]
    ImageDraw.Draw(picture).polygon(shape, fill="black", outline="white")
    return picture


def bottom(picture: Image.Image) -> int:
    """Where it ends; below that it is as blank as its last row."""
    blank = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    seen = ImageChops.difference(picture, blank).getbbox()
    return min(picture.height, (seen or (0, 0, 0, 0))[3] + EDGE)


def save(pictures: list[Image.Image], address: str, most: int = MOST) -> int:
    """As WebP, which browsers play; coarser until it is small enough. Its bytes."""
    low = max(bottom(p) for p in pictures)
    small = [p.crop((0, 0, p.width, low)).resize((WIDE, round(WIDE * low / p.width)), Image.Resampling.LANCZOS)
             for p in pictures]  # fmt: skip
    for quality in (70, 50, 35, 20, 10):
        file = io.BytesIO()
        small[0].save(file, "WEBP", save_all=True, append_images=small[1:], duration=EACH, loop=0, quality=quality,
                      method=4, minimize_size=True, allow_mixed=True)  # fmt: skip
        if file.tell() <= most:
            break
    FILMS.mkdir(exist_ok=True)
    (FILMS / f"{address}.webp").write_bytes(file.getvalue())
    return file.tell()


def still(browser: Browser, base: str, address: str) -> Iterator[int]:
    """The whole page as a visitor first sees it, light and dark."""
    for variant in (v for v in VARIANTS if v.name in ("light", "dark")):
        picture = Image.open(shoot(browser, base, address, variant)).convert("RGB")
        path = FILMS / f"{address}-{variant.name}.webp"
        picture.save(path, "WEBP", quality=80, method=6)
        yield path.stat().st_size


def main(wanted: list[str]) -> int:
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium here to film with.")
        return 1
    first = {concept.pages[0].address for concept in CONCEPTS}
    with serve() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for address in [a for a in PAGES if a in wanted or not wanted]:
            page = browser.new_page(viewport=WINDOW, locale="en-GB")
            sizes = [save(film(page, base, address, TAKES.get(address, Take())), address)]
            page.close()
            sizes += still(browser, base, address) if address in first else ()
            print(address, *(f"{size / 1000:.0f} kB" for size in sizes), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
