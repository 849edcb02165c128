"""A visitor's hand and eyes: drags thumbs and handles, and reads what the figures say."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page

from tools.pointer import press

FIGURE = "[data-testid=live-figure]"
NOTE_LABELS = """() => {
  const seen = (window.__labels = []);
  const note = () => {
    const now = document.querySelector("[data-testid=live-figure] .lb-stage")?.getAttribute("aria-label");
    if (now && now !== seen.at(-1)) seen.push(now);
  };
  note();
  new MutationObserver(note).observe(document.body,
    { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });
}"""


class Hand:
    def __init__(self, page: Page) -> None:
        self.page = page

    # --- eyes ---

    def ready(self, live: bool = True) -> None:
        """All figures are painted (and live), and the script rests."""
        self.page.wait_for_selector(FIGURE)
        self.page.wait_for_function(
            """live => [...document.querySelectorAll("[data-testid=live-figure]")]
                       .every((f) => +f.dataset.frames > 0 && (!live || f.dataset.live === "on"))""",
            arg=live,
        )
        self.rest()

    def rest(self) -> None:
        self.page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached")

    def figure(self, name: str | None = None) -> Locator:
        return self.page.locator(f'[data-view="{name}"]' if name else FIGURE).first

    def label(self, name: str | None = None) -> str:
        """What the picture shows, in words."""
        return self.figure(name).locator(".lb-stage").get_attribute("aria-label") or ""

    def frames(self, name: str | None = None) -> int:
        return int(self.figure(name).get_attribute("data-frames") or 0)

    def until_label(self, test: str, name: str | None = None) -> str:
        """Waits until the words of the picture pass `test`, JavaScript over `label`; gives them back."""
        root = f'[data-view="{name}"]' if name else FIGURE
        found = self.page.wait_for_function(
            f"""root => {{
              const label = document.querySelector(root)?.querySelector(".lb-stage")?.getAttribute("aria-label");
              return label && ({test}) && label;
            }}""", arg=root)  # fmt: skip
        return found.json_value()

    def until_frames(self, more_than: int, name: str | None = None) -> None:
        root = f'[data-view="{name}"]' if name else FIGURE
        self.page.wait_for_function(
            "([root, n]) => +document.querySelector(root)?.dataset.frames > n", arg=[root, more_than]
        )

    def until_url(self, part: str) -> None:
        self.page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)

    def url(self) -> str:
        return self.page.evaluate("() => decodeURIComponent(location.search)")

    def watch_labels(self) -> Callable[[], list[str]]:
        """From now on: every wording of the first picture, in order."""
        self.page.evaluate(NOTE_LABELS)
        return lambda: self.page.evaluate("() => window.__labels")

    def sockets(self) -> list[str]:
        return self.page.evaluate("() => performance.getEntriesByType('resource').map((e) => e.name)")

    # --- hand ---

    def inputs(self, key: str) -> Locator:
        return self.page.locator(f".st-key-{key.replace('.', '-')} input[type=range]")

    def thumb(self, key: str, which: int = 0) -> Locator:
        return self.inputs(key).nth(which).locator("xpath=../..")

    def drag(self, place: Locator, dx: float, dy: float = 0, steps: int = 6, release: bool = True) -> None:
        x, y = press(self.page, place)
        self.page.mouse.move(x + dx, y + dy, steps=steps)
        if release:
            self.release()

    def release(self) -> None:
        self.page.mouse.up()

    def wide(self) -> list[Any]:
        """What stands out of the window to the right, though nothing scrolls it."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter((node) => {
                 const box = node.getBoundingClientRect();
                 if (!box.width || !box.height || box.right <= innerWidth + 1) return false;
                 for (let up = node.parentElement; up; up = up.parentElement) {
                   const { overflowX } = getComputedStyle(up);
                   if (overflowX !== "visible" && up.getBoundingClientRect().right <= innerWidth + 1) return false;
                 }
                 return getComputedStyle(node).visibility !== "hidden" && box.left < innerWidth;
               }).map((node) => node.className || node.tagName)""")  # fmt: skip
