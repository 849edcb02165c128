"""Where the browser is. `python -m tools.chromium` gets one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
       "/Applications/Chromium.app/Contents/MacOS/Chromium")  # fmt: skip

# No sandbox (it cannot run as root), no GPU, and nothing asked of the network on the browser's own account.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_PLAYWRIGHTS_OWN = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome, else of Playwright's own, else None."""
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return installed
    for path in MAC:
        if Path(path).exists():
            return path
    # In a process of its own: Playwright's synchronous API must not be started twice in one thread.
    command = [sys.executable, "-c", _PLAYWRIGHTS_OWN]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    own = asked.stdout.strip()
    return own if asked.returncode == 0 and Path(own).exists() else None


def get_chromium() -> str | None:
    """find_chromium(), after an attempt to install one: by apt as root on Debian, else by Playwright."""
    found = find_chromium()
    if found:
        return found
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("There is no Chromium here: installing Debian's.", flush=True)
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-qq", *step], check=False, stdout=subprocess.DEVNULL,
                           env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})  # fmt: skip
        found = find_chromium()
    if not found:
        print("There is no Chromium here: asking Playwright for its own.", flush=True)
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        found = find_chromium()
    return found


if __name__ == "__main__":
    browser = get_chromium()
    print(f"Browser: {browser or 'none could be had, so the browser tests will be skipped'}")
